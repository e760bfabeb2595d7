"""Starts the file server beside Dagster's UI, so that its links to files of a local store open."""

from __future__ import annotations

import os
import subprocess
import sys

from dub_assets.settings import Settings


def start_file_server(settings: Settings) -> None:
    """Start the server in a process of its own, which ends with this one, however this one ends.

    A bucket needs no server: its links are signed URLs. Port 0 turns the links off.
    """
    port = settings.storage.files_port
    if settings.storage.bucket is not None or port == 0:
        return
    read_end, _ = os.pipe()  # the other end closes with this process, which ends the server
    command = [sys.executable, "-m", "dub_assets.cli.file_server", str(settings.paths.home / "objects"), str(port)]
    subprocess.Popen(command, stdin=read_end)  # noqa: S603 - this package, by its own interpreter
    os.close(read_end)
