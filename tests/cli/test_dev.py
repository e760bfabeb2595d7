"""The UI as a service keeps it: started in the background, ended by SIGTERM."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest
import requests
from dev_process import children, running_dev
from ports import free_port
from waiting import PATIENCE_S, wait_until

from dub_assets.cli.dev import is_news


@pytest.mark.parametrize("shell", ["", 'trap "" INT;'], ids=["from a terminal", "in the background of a script"])
def test_dev_serves_the_ui_and_ends_with_all_its_processes(tmp_path: Path, shell: str):
    port = free_port()
    program = Path(sys.executable).with_name("dub-assets")
    command = ["sh", "-c", f'{shell} exec "$0" "$@"', program, "dev", "--port", str(port)]
    files_port = free_port()
    environment = os.environ | {
        "DUB_ASSETS_HOME": str(tmp_path),
        "DUB_ASSETS_CACHE": str(tmp_path / "cache"),
        "DUB_ASSETS_FILES_PORT": str(files_port),
    }
    video = tmp_path / "objects" / "projects" / "p" / "dub.mp4"
    video.parent.mkdir(parents=True)
    video.write_bytes(b"video")
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        wait_until(lambda: process.poll() is not None or _answers(port), "the UI", pause_s=0.5)
        assert process.poll() is None, log.read_text()
        link = f"http://127.0.0.1:{files_port}/projects/p/dub.mp4"
        wait_until(lambda: _content(link) == b"video", "the file server", pause_s=0.5)
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 2
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
        wait_until(lambda: not any(map(psutil.Process.is_running, family)), "the processes of the UI to end")
    finally:
        for one in [*children(process), process]:
            one.kill()


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/server_info", timeout=5).ok
    except requests.ConnectionError:
        return False


def _content(url: str) -> bytes | None:
    try:
        return requests.get(url, timeout=5).content
    except requests.ConnectionError:
        return None


def test_dev_is_quiet_when_idle_and_says_where_the_ui_is(tmp_path: Path):
    with running_dev(tmp_path) as (process, log, port):
        wait_until(lambda: "the UI is ready" in log.read_text() or process.poll() is not None, "the UI")
        wait_until(lambda: _ticks(tmp_path) >= 6, "six ticks of the sensors")
        lines = log.read_text().splitlines()
    (ready,) = [line for line in lines if "the UI is ready" in line]
    assert f"http://127.0.0.1:{port}" in ready
    assert str(tmp_path) in ready
    assert not [line for line in lines if "Checking for new runs" in line or "skipped" in line]
    assert len(lines) < 20, lines


FORMS = {
    "colored": "{time} - dagster.daemon.SensorDaemon - {level} - {text}",
    "json": '{{"event": "{text}", "logger": "dagster.daemon.SensorDaemon", "level": "{level}"}}',
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_only_ticks_that_change_nothing_are_left_out(form: str):
    def news(level: str, text: str) -> bool:
        return is_news(form.format(time="\x1b[32m2026-01-01 00:00:00 +0000\x1b[0m", level=level, text=text))

    assert not news("INFO", "Checking for new runs for sensor: callbacks_sensor")
    assert not news("info", "Sensor job_queue_sensor skipped: JOB_QUEUE_URL is not set")
    assert news("INFO", "Completed launch of run 1 for job_queue_sensor")
    assert news("ERROR", "Sensor daemon caught an error for sensor callbacks_sensor")
    assert news("WARNING", "Sensor job_queue_sensor skipped: x")


def _ticks(home: Path) -> int:
    """How many ticks the sensors have had."""
    found = list((home / "dagster").rglob("schedules.db"))
    if not found:
        return 0
    with closing(sqlite3.connect(f"file:{found[0]}?mode=ro", uri=True)) as database, suppress(sqlite3.OperationalError):
        return int(database.execute("SELECT COUNT(*) FROM job_ticks").fetchone()[0])
    return 0
