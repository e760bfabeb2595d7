"""A ``dub-assets dev`` in a process of its own, ended with all its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from support.ports import free_port
from support.waiting import PATIENCE_S, wait_until


@dataclass(frozen=True, kw_only=True)
class DevProcess:
    """A running ``dub-assets dev``."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int

    @property
    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def wait_for(self, text: str) -> None:
        """Wait until the log has a text. Raises AssertionError if the process ends before."""
        wait_until(lambda: text in self.log.read_text() or self.process.poll() is not None, repr(text))
        assert text in self.log.read_text(), self.log.read_text()

    def children(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def terminate(self) -> list[psutil.Process]:
        """End the process by SIGTERM, wait for its end, and return the children that it had."""
        children = self.children()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)
        return children


@contextmanager
def running_dev(home: Path, *arguments: str, shell: str = "", **variables: str) -> Iterator[DevProcess]:
    """Run ``dub-assets dev`` with a home, from a shell that first runs the commands ``shell``."""
    port = free_port()
    program = Path(sys.executable).with_name("dub-assets")
    command = ["sh", "-c", f'{shell} exec "$0" "$@"', program, "dev", "--port", str(port), *arguments]
    paths = {"DUB_ASSETS_HOME": str(home), "DUB_ASSETS_CACHE": str(home / "cache"), "DUB_ASSETS_FILES_PORT": "0"}
    log = home / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=os.environ | paths | variables, stdout=output, stderr=output)
    dev = DevProcess(process=process, log=log, port=port)
    remaining: list[psutil.Process] = []
    try:
        yield dev
        if process.poll() is None:
            remaining = dev.terminate()
    finally:
        for child in [*remaining, *dev.children(), process]:
            with suppress(psutil.NoSuchProcess):
                child.kill()
