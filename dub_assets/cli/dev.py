"""``dub-assets dev``: Dagster's UI and daemon on the jobs dubbed here, and what is news of their log."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TextIO
from urllib.parse import urlsplit

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.cli.file_links import start_file_server
from dub_assets.cli.instance import dagster_home
from dub_assets.cli.startup import make_ready, startup_log
from dub_assets.cli.terminal import write_line
from dub_assets.resources.storage import StorageResource
from dub_assets.service.readiness import Role, hands_runs_to_workers
from dub_assets.settings import Settings

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_IDLE = re.compile(
    r"Checking for new runs for sensor: |Sensor \S+ skipped: |No run requests returned for \S+, skipping"
)
"""What the sensor daemon logs of each tick that changes nothing."""
_SERVING = re.compile(r"Serving dagster-webserver on (http://\S+)")

_CONNECT_WITHIN_S = 60.0
_LAST_LINES_S = 2.0

_PATIENCE = {"DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": "300"}
"""Dagster gives a tick of a sensor a minute, which is too little on a busy host."""


def run_dev(settings: Settings, arguments: Sequence[str], *, warnings_off: str) -> int:
    """Run ``dagster dev`` until it ends; return its exit code. Signals are passed on to it."""
    find_ffmpeg(settings.paths.ffmpeg)  # a code location that fails would only show in the UI
    home = dagster_home(settings.paths.home)
    if settings.queue.url is not None:
        dagster_yaml = home / "dagster.yaml"
        runs_jobs = not hands_runs_to_workers(dagster_yaml)
        with startup_log(settings):
            make_ready(settings, Role(takes_messages=True, runs_jobs=runs_jobs, dagster_yaml=dagster_yaml))
    start_file_server(settings)
    store = StorageResource.of(settings).archive.store.description
    options = ["-m", "dub_assets.definitions", "--log-format", settings.logs.format]
    command = [sys.executable, "-m", "dagster", "dev", *options, *arguments]
    defaults = {"PYTHONWARNINGS": warnings_off, "PYTHONUNBUFFERED": "1", **_PATIENCE}
    environment = {**defaults, **os.environ, "DAGSTER_HOME": str(home)}
    process = _start(command, environment, home)
    shown = f"Dagster home {home}, objects in {store}"
    reader = threading.Thread(target=_show, args=(process.stdout, shown), daemon=True)
    reader.start()
    code = process.wait()
    reader.join(_LAST_LINES_S)  # runs that go on may keep the pipe open
    return 128 - code if code < 0 else code


def is_news(line: str) -> bool:
    """Return False for what a sensor logs of a tick that changes nothing; everything else is news."""
    text = _COLOURS.sub("", line)
    return not ("SensorDaemon" in text and re.search(r"\bINFO\b|\binfo\b", text) and _IDLE.search(text))


def _start(command: Sequence[str], environment: Mapping[str, str], home: Path) -> subprocess.Popen[str]:
    """Start Dagster in a session of its own: it receives each signal once, from here."""
    started: list[subprocess.Popen[str]] = []
    waiting: list[int] = []

    def forward(received: int, _: FrameType | None) -> None:
        number = signal.SIGTERM if received == signal.SIGHUP else received
        if started:
            started[0].send_signal(number)
        else:
            waiting.append(number)

    # A script's `&` has Ctrl-C ignored, and Dagster treats SIGTERM as it does Ctrl-C: it would never end. A handler
    # here is the default there.
    for handled in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if handled != signal.SIGHUP or signal.getsignal(handled) is not signal.SIG_IGN:  # nohup
            signal.signal(handled, forward)
    process = subprocess.Popen(  # noqa: S603 - a list of arguments
        command,
        cwd=home,  # Dagster warns of a checkout's dagster.yaml, which is not the one it takes
        env=dict(environment),
        stdout=subprocess.PIPE,
        text=True,
        errors="backslashreplace",
        start_new_session=True,
    )
    started.append(process)
    for number in waiting:
        process.send_signal(number)
    return process


def _show(log: Iterable[str] | None, shown: str) -> None:
    """Print what is news of a log, and the address of the UI once it answers."""
    in_colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in log or ():
        if is_news(line):
            with suppress(OSError):  # the terminal is closed
                sys.stdout.write(line if in_colour else _COLOURS.sub("", line))
                sys.stdout.flush()
        if serving := _SERVING.search(_COLOURS.sub("", line)):
            threading.Thread(target=_say_ready, args=(serving[1].rstrip('",'), shown, sys.stdout), daemon=True).start()


def _say_ready(address: str, shown: str, stream: TextIO) -> None:
    parts = urlsplit(address)
    until = time.monotonic() + _CONNECT_WITHIN_S
    while time.monotonic() < until:
        try:
            socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 80), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            with suppress(OSError):
                write_line(f"the UI is ready: {address} ({shown})", stream)
            return
