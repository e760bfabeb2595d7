"""``dub-assets dev``: its UI, its log, its end."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest
import requests
from support.dev_process import DevProcess, running_dev
from support.ports import free_port
from support.waiting import wait_until

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


def test_dev_started_by_a_script_serves_the_ui_and_files_without_idle_log_lines(tmp_path: Path):
    files_port = free_port()
    video = tmp_path / "objects" / "projects" / "p" / "dub.mp4"
    video.parent.mkdir(parents=True)
    video.write_bytes(b"video")
    with running_dev(tmp_path, shell='trap "" INT;', DUB_ASSETS_FILES_PORT=str(files_port)) as dev:
        dev.wait_for("the UI is ready")
        assert _answers(dev.port)
        link = f"http://127.0.0.1:{files_port}/projects/p/dub.mp4"
        wait_until(lambda: _content(link) == b"video", "the file server", pause_s=0.5)
        wait_until(lambda: _ticks(tmp_path) >= 4, "four ticks of the sensors")
        lines = dev.lines
        assert_ends_with_all_processes(dev)
    (ready,) = [line for line in lines if "the UI is ready" in line]
    assert f"http://127.0.0.1:{dev.port}" in ready
    assert str(tmp_path) in ready
    assert not _idle(lines)
    assert len(lines) < 20, lines


def test_dev_prints_errors_as_json_without_idle_log_lines(tmp_path: Path):
    for name, source in MODULES.items():
        (tmp_path / f"{name}.py").write_text(source)
    locations = [argument for name in MODULES for argument in ("-m", name)]
    with running_dev(tmp_path, *locations, LOG_FORMAT="json", PYTHONPATH=str(tmp_path)) as dev:
        dev.wait_for("this location cannot load")
        dev.wait_for("this sensor fails")
        dev.wait_for("Sensor daemon caught an error for sensor failing")
        wait_until(lambda: _ticks(tmp_path) >= 4, "four ticks of the sensors")
        lines = dev.lines
        assert_ends_with_all_processes(dev)
    records = [json.loads(line) for line in lines if line.startswith("{")]
    assert any(record["logger"] == "dagster.daemon.SensorDaemon" and record["level"] == "error" for record in records)
    assert not _idle(lines)


def assert_ends_with_all_processes(dev: DevProcess) -> None:
    children = dev.terminate()
    assert len(children) >= 2
    wait_until(lambda: not any(map(psutil.Process.is_running, children)), "the processes of the UI to end")


def _idle(lines: list[str]) -> list[str]:
    """Return the log lines of ticks that change nothing."""
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


FORMS = {
    "colored": "{time} - dagster.daemon.SensorDaemon - {level} - {text}",
    "json": '{{"event": "{text}", "logger": "dagster.daemon.SensorDaemon", "level": "{level}"}}',
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_only_idle_ticks_are_left_out(form: str):
    def news(level: str, text: str) -> bool:
        return is_news(form.format(time="\x1b[32m2026-01-01 00:00:00 +0000\x1b[0m", level=level, text=text))

    assert not news("INFO", "Checking for new runs for sensor: callbacks_sensor")
    assert not news("info", "Sensor job_queue_sensor skipped: JOB_QUEUE_URL is not set")
    assert news("INFO", "Completed launch of run 1 for job_queue_sensor")
    assert news("ERROR", "Sensor daemon caught an error for sensor callbacks_sensor")
    assert news("WARNING", "Sensor job_queue_sensor skipped: x")


def _ticks(home: Path) -> int:
    """Return the number of ticks that the sensors have had."""
    found = list((home / "dagster").rglob("schedules.db"))
    if not found:
        return 0
    with closing(sqlite3.connect(f"file:{found[0]}?mode=ro", uri=True)) as database, suppress(sqlite3.OperationalError):
        return int(database.execute("SELECT COUNT(*) FROM job_ticks").fetchone()[0])
    return 0
