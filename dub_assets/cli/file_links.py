"""Starts the file server for links in Dagster's UI to files of a local store."""

from __future__ import annotations

import os
import subprocess
import sys

from dub_assets.settings import Settings


def start_file_server(settings: Settings) -> None:
    """Start the server in a process of its own, which ends when this process ends for any reason.

    A bucket needs no server: its links are signed URLs. Port 0 turns the links off.
    """
    port = settings.storage.files_port
    if settings.storage.bucket is not None or port == 0:
        return
    read_end, _ = os.pipe()  # the server ends when the other end closes, which this process keeps open
    command = [sys.executable, "-m", "dub_assets.cli.file_server", str(settings.paths.home / "objects"), str(port)]
    subprocess.Popen(command, stdin=read_end)  # noqa: S603 - this package, by its own interpreter
    os.close(read_end)
