"""``dub-assets dev``: runs Dagster's UI and daemon on the jobs dubbed here, without idle ticks in the log."""

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
from dub_assets.cli import interruptions
from dub_assets.cli.app import NOT_FOR_USERS
from dub_assets.cli.startup import make_ready, startup_log
from dub_assets.cli.terminal import write_line
from dub_assets.resources.storage import StorageResource
from dub_assets.service.dagster_home import dagster_home
from dub_assets.service.readiness import Role, hands_runs_to_workers
from dub_assets.settings import Settings, settings_from

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_IDLE = re.compile(
    r"Checking for new runs for sensor: |Sensor \S+ skipped: |No run requests returned for \S+, skipping"
)
"""What the sensor daemon logs for a tick that changes nothing."""
_SERVING = re.compile(r"Serving dagster-webserver on (http://\S+)")

_CONNECT_WITHIN_S = 60.0
_LAST_LINES_S = 2.0

_TICK_TIMEOUT = {"DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": "300"}
"""Dagster's own timeout of a sensor's tick is a minute, which is too short on a busy host."""


def run_dev(arguments: Sequence[str]) -> int:
    """Run ``dagster dev``, pass signals on to it, and return its exit code."""
    settings = settings_from(os.environ)
    interruptions.release()
    find_ffmpeg(settings.paths.ffmpeg)  # the failure of a code location is shown in the UI only
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
    warnings_off = ",".join(f"ignore:{message}" for message in NOT_FOR_USERS)
    defaults = {"PYTHONWARNINGS": warnings_off, "PYTHONUNBUFFERED": "1", **_TICK_TIMEOUT}
    if port := settings.storage.files_port:
        defaults["DUB_ASSETS_LINKS"] = f"http://127.0.0.1:{port}"
    environment = {**defaults, **os.environ, "DAGSTER_HOME": str(home)}
    process = _start(command, environment, home)
    places = f"Dagster home {home}, objects in {store}"
    reader = threading.Thread(target=_copy_log, args=(process.stdout, places), daemon=True)
    reader.start()
    code = process.wait()
    reader.join(_LAST_LINES_S)  # runs that continue may keep the pipe open
    return 128 - code if code < 0 else code


def start_file_server(settings: Settings) -> None:
    """Start the link server in a process of its own, which ends when this process ends for any reason.

    Port 0 turns the links off.
    """
    port = settings.storage.files_port
    if port == 0:
        return
    read_end, _ = os.pipe()  # the server ends when the other end closes, which this process keeps open
    folder = [] if settings.storage.bucket is not None else [str(settings.paths.home / "objects")]
    command = [sys.executable, "-m", "dub_assets.cli.file_server", str(port), *folder]
    subprocess.Popen(command, stdin=read_end)  # noqa: S603 - this package, by its own interpreter
    os.close(read_end)


def is_news(line: str) -> bool:
    """Return whether a log line is shown: all are, except those of a tick that changes nothing."""
    text = _COLOURS.sub("", line)
    return not ("SensorDaemon" in text and re.search(r"\bINFO\b|\binfo\b", text) and _IDLE.search(text))


def _start(command: Sequence[str], environment: Mapping[str, str], home: Path) -> subprocess.Popen[str]:
    """Start Dagster in a session of its own, so that it receives each signal once, from this process."""
    started: list[subprocess.Popen[str]] = []
    waiting: list[int] = []

    def forward(received: int, _: FrameType | None) -> None:
        number = signal.SIGTERM if received == signal.SIGHUP else received
        if started:
            started[0].send_signal(number)
        else:
            waiting.append(number)

    # A process that a script starts with `&` ignores SIGINT, and so would Dagster, which ends by SIGINT only. A child
    # does not inherit handlers, so a handler here restores the default there.
    for handled in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if handled != signal.SIGHUP or signal.getsignal(handled) is not signal.SIG_IGN:  # nohup
            signal.signal(handled, forward)
    process = subprocess.Popen(  # noqa: S603 - a list of arguments
        command,
        cwd=home,  # Dagster warns about a dagster.yaml in a checkout, which it does not use
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


def _copy_log(log: Iterable[str] | None, places: str) -> None:
    """Print a log without idle ticks, and the address of the UI once it answers."""
    in_colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in log or ():
        if is_news(line):
            with suppress(OSError):  # the terminal is closed
                sys.stdout.write(line if in_colour else _COLOURS.sub("", line))
                sys.stdout.flush()
        if serving := _SERVING.search(_COLOURS.sub("", line)):
            threading.Thread(
                target=_announce_ui, args=(serving[1].rstrip('",'), places, sys.stdout), daemon=True
            ).start()


def _announce_ui(address: str, places: str, stream: TextIO) -> None:
    parts = urlsplit(address)
    until = time.monotonic() + _CONNECT_WITHIN_S
    while time.monotonic() < until:
        try:
            socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 80), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            with suppress(OSError):
                write_line(f"the UI is ready: {address} ({places})", stream)
            return
