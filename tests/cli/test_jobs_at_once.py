"""Commands and runs that work on one job at the same time: the second waits for the first."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from support.gated_dub import GatedDub, start
from support.waiting import PATIENCE_S

pytestmark = pytest.mark.media


def line_of(process: subprocess.Popen[str], text: str) -> str:
    """Return the first line with ``text`` that a process writes to standard error."""
    read = []
    for line in process.stderr:
        read.append(line)
        if text in line:
            return line
    raise AssertionError("".join(read))


def test_dubs_of_a_video_wait_for_the_first_until_they_are_interrupted_or_it_is_killed(gated: GatedDub):
    first = gated.start(*gated.dub)
    gated.wait_for_gate(0)
    waiting = [gated.start(*gated.dub) for _ in range(2)]
    for process in waiting:
        assert f"is in use by process {first.pid} on " in line_of(process, "waiting until that ends")
    interrupted, second = waiting
    interrupted.send_signal(signal.SIGTERM)
    _, errors = interrupted.communicate(timeout=PATIENCE_S)
    assert interrupted.returncode == 128 + signal.SIGTERM
    assert errors == "interrupted; run the same command again to go on from the last finished stage\n"
    first.kill()
    first.communicate()
    gated.open_all()
    output, errors = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 0, errors
    assert "translation: 2 lines" not in errors
    assert ".mp4" in output


def test_an_edit_and_a_run_of_the_ui_wait_for_an_edit(gated_edit: tuple[GatedDub, str]):
    gated, job = gated_edit
    first = gated.start("mix", job, "1", "--bgm-gain", "0.2", "--rebuild")
    gated.wait_for_gate("edit")
    second = gated.start("mix", job, "0", "--bgm-gain", "0.3", "--rebuild")
    assert f"is in use by process {first.pid} on " in line_of(second, "waiting until that ends")
    command = ["-m", "dagster", "asset", "materialize", "--select", "report", "--partition", job]
    ui_run = start([sys.executable, *command, "-m", "dub_assets.definitions"], gated.environment)
    assert "is in use by process" in line_of(ui_run, "waiting until that ends")
    gated.open_all()
    for process in (first, second, ui_run):
        _, errors = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, errors
