"""The UI as a service keeps it: started in the background, ended by SIGTERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests
from ports import free_port
from waiting import PATIENCE_S, wait_until


@pytest.mark.parametrize("shell", ["", 'trap "" INT;'], ids=["from a terminal", "in the background of a script"])
def test_dev_serves_the_ui_and_ends_with_all_its_processes(tmp_path: Path, shell: str):
    port = free_port()
    program = Path(sys.executable).with_name("dub-assets")
    command = ["sh", "-c", f'{shell} exec "$0" "$@"', program, "dev", "--port", str(port)]
    environment = os.environ | {"DUB_ASSETS_HOME": str(tmp_path), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        wait_until(lambda: process.poll() is not None or _answers(port), "the UI", pause_s=0.5)
        assert process.poll() is None, log.read_text()
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 2
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
        wait_until(lambda: not any(map(psutil.Process.is_running, family)), "the processes of the UI to end")
    finally:
        for one in [*_children(process), process]:
            one.kill()


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/server_info", timeout=5).ok
    except requests.ConnectionError:
        return False


def _children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
