"""A ``dub-assets dev`` in a process of its own, ended with all its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from support.ports import free_port
from support.waiting import PATIENCE_S


@contextmanager
def running_dev(home: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[bytes], Path, int]]:
    """A running ``dub-assets dev``: its process, its log and its port."""
    port = free_port()
    program = Path(sys.executable).with_name("dub-assets")
    places = {"DUB_ASSETS_HOME": str(home), "DUB_ASSETS_CACHE": str(home / "cache"), "DUB_ASSETS_FILES_PORT": "0"}
    log = home / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [program, "dev", "--port", str(port)], env=os.environ | places | variables, stdout=output, stderr=output
        )
    family = []
    try:
        yield process, log, port
        family = children(process)
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
    finally:
        for one in [*family, *children(process), process]:
            with suppress(psutil.NoSuchProcess):
                one.kill()


def children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
