"""The editing page of a job, served by ``dub-assets edit`` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running_editor(job: str, home: Path) -> Iterator[str]:
    """Yield the address of the page of a job whose folders lie in ``home``; end the process at the end.

    Its voice is espeak-ng's, which needs no model, and lines are not read back.
    """
    places = {"DUB_ASSETS_HOME": "home", "DUB_ASSETS_CACHE": "cache", "DAGSTER_HOME": "dagster"}
    engines = {"SYNTHESIS_ENGINE": "espeak-ng", "CHECK_SPEECH": "false"}
    environment = {**os.environ, **engines, **{name: str(home / folder) for name, folder in places.items()}}
    command = [sys.executable, "-m", "dub_assets.cli", "edit", job, "--no-browser"]
    process = subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        (address,) = re.findall(r"http://127\.0\.0\.1:\d+/\?token=\S+", line)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)
        process.stdout.close()
