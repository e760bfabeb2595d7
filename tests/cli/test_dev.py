"""``dub-assets dev`` as a user and as a service start it: its UI, its log, its end."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests
from support.ports import free_port
from support.waiting import PATIENCE_S, wait_until

from dub_assets.cli.dev import is_news

MODULES = {
    "broken_location": "raise RuntimeError('this location cannot load')\n",
    "failing_sensor": """
import dagster as dg

@dg.job
def nothing():
    pass

@dg.sensor(job=nothing, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=5)
def failing(context):
    raise RuntimeError("this sensor fails")

definitions = dg.Definitions(sensors=[failing])
""",
}
"""Code locations of a user's own, beside that of dub_assets."""


def test_dev_in_the_background_of_a_script_serves_the_ui_is_quiet_and_ends_with_all_its_processes(tmp_path: Path):
    files_port = free_port()
    video = tmp_path / "objects" / "projects" / "p" / "dub.mp4"
    video.parent.mkdir(parents=True)
    video.write_bytes(b"video")
    with _dev(tmp_path, shell='trap "" INT;', DUB_ASSETS_FILES_PORT=str(files_port)) as dev:
        dev.wait_for("the UI is ready")
        assert _answers(dev.port)
        link = f"http://127.0.0.1:{files_port}/projects/p/dub.mp4"
        wait_until(lambda: _content(link) == b"video", "the file server", pause_s=0.5)
        wait_until(lambda: _ticks(tmp_path) >= 6, "six ticks of the sensors")
        lines = dev.lines
        dev.ends_with_all_its_processes()
    (ready,) = [line for line in lines if "the UI is ready" in line]
    assert f"http://127.0.0.1:{dev.port}" in ready
    assert str(tmp_path) in ready
    assert not _idle(lines)
    assert len(lines) < 20, lines


def test_dev_prints_errors_and_no_idle_ticks_as_json(tmp_path: Path):
    for name, source in MODULES.items():
        (tmp_path / f"{name}.py").write_text(source)
    locations = [argument for name in MODULES for argument in ("-m", name)]
    with _dev(tmp_path, *locations, LOG_FORMAT="json", PYTHONPATH=str(tmp_path)) as dev:
        dev.wait_for("this location cannot load")
        dev.wait_for("this sensor fails")
        dev.wait_for("Sensor daemon caught an error for sensor failing")
        wait_until(lambda: _ticks(tmp_path) >= 6, "six ticks of the sensors")
        lines = dev.lines
        dev.ends_with_all_its_processes()
    records = [json.loads(line) for line in lines if line.startswith("{")]
    assert any(record["logger"] == "dagster.daemon.SensorDaemon" and record["level"] == "error" for record in records)
    assert not _idle(lines)


def _idle(lines: list[str]) -> list[str]:
    """Return what the sensor daemon logs of ticks that change nothing."""
    return [line for line in lines if "Checking for new runs" in line or "skipped" in line]


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


def _children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


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


@dataclass(frozen=True, kw_only=True)
class _Dev:
    """A running ``dub-assets dev``."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int

    @property
    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def wait_for(self, text: str) -> None:
        """Wait until a text is printed. Raises AssertionError if the process ends before."""
        wait_until(lambda: text in self.log.read_text() or self.process.poll() is not None, repr(text))
        assert text in self.log.read_text(), self.log.read_text()

    def ends_with_all_its_processes(self) -> None:
        family = _children(self.process)
        assert len(family) >= 2
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)
        wait_until(lambda: not any(map(psutil.Process.is_running, family)), "the processes of the UI to end")


@contextmanager
def _dev(home: Path, *arguments: str, shell: str = "", **variables: str) -> Iterator[_Dev]:
    port = free_port()
    program = Path(sys.executable).with_name("dub-assets")
    command = ["sh", "-c", f'{shell} exec "$0" "$@"', program, "dev", "--port", str(port), *arguments]
    places = {"DUB_ASSETS_HOME": str(home), "DUB_ASSETS_CACHE": str(home / "cache"), "DUB_ASSETS_FILES_PORT": "0"}
    log = home / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=os.environ | places | variables, stdout=output, stderr=output)
    try:
        yield _Dev(process=process, log=log, port=port)
    finally:
        for one in [*_children(process), process]:
            with suppress(psutil.NoSuchProcess):
                one.kill()


def _ticks(home: Path) -> int:
    """How many ticks the sensors have had."""
    found = list((home / "dagster").rglob("schedules.db"))
    if not found:
        return 0
    with closing(sqlite3.connect(f"file:{found[0]}?mode=ro", uri=True)) as database, suppress(sqlite3.OperationalError):
        return int(database.execute("SELECT COUNT(*) FROM job_ticks").fetchone()[0])
    return 0
