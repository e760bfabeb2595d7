"""Commands in processes of their own that wait at gates, so that a test can look at them while they run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from support.waiting import wait_until

COMMAND = [sys.executable, str(Path(__file__).with_name("gated_command.py"))]


class GatedDub:
    """The command line over a home in ``folder``: synthesis of line N waits for gate N."""

    def __init__(self, folder: Path, video: Path) -> None:
        self.folder = folder
        self.gates = folder / "gates"
        self.gates.mkdir()
        self.out = folder / "results"
        paths = {
            "DUB_ASSETS_HOME": str(folder / "home"),
            "DUB_ASSETS_CACHE": str(folder / "cache"),
            "DAGSTER_HOME": str(folder / "dagster"),
        }
        self.environment = {**os.environ, **paths, "GATES": str(self.gates), "TERM": "xterm-256color"}
        self.dub = ["dub", str(video), "--from", "en", "--to", "pt", "--out", str(self.out)]

    def open(self, *gates: int | str) -> None:
        for gate in gates:
            (self.gates / str(gate)).touch()

    def open_all(self) -> None:
        self.open("edit", *range(50))

    def wait_for_gate(self, gate: int | str) -> None:
        wait_until((self.gates / f"{gate}.waiting").exists, f"gate {gate}")

    def add_edit_gate(self) -> None:
        """Make edited videos wait for ``GATES/edit`` before they are written."""
        self.environment["EDITS_WAIT"] = "1"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command with pipes for its output."""
        return start([*COMMAND, *arguments], self.environment)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run([*COMMAND, *arguments], env=self.environment, capture_output=True, text=True, check=False)


def start(command: list[str], environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a process that receives signals, even if the tests run in the background of a script."""
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_restore_signals,  # noqa: PLW1509 - this process has no threads that hold locks
    )


def _restore_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
