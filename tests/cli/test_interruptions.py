"""Signals to commands: an orderly end, one line that says what to do next, the signal's exit code."""

from __future__ import annotations

import fcntl
import signal
import sys
import termios
import time

import psutil
import pytest
from support.command_line import CommandLine
from support.gated_dub import GatedDub, start
from support.waiting import PATIENCE_S, wait_until

CONTINUES = "interrupted; run the same command again to go on from the last finished stage"
EDIT_CONTINUES = "interrupted; run the same command again; finished stages are kept"


def assert_ends_in_order(gated: GatedDub, number: signal.Signals) -> None:
    """Start a dub, send it a signal while it synthesises, and check how it ends."""
    process = gated.start(*gated.dub)
    gated.wait_for_gate(0)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    gated.open_all()  # lines in flight are finished
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 128 + number
    assert errors.splitlines()[-1] == CONTINUES
    assert "Traceback" not in errors
    assert "Dagster" not in errors
    assert output == ""
    assert not list(gated.out.iterdir())
    wait_until(lambda: not any(child.is_running() for child in children), "the children to end")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_a_dub_in_order(gated: GatedDub, number: signal.Signals):
    assert_ends_in_order(gated, number)


def test_a_terminated_dub_continues_from_the_last_finished_stage(gated: GatedDub):
    assert_ends_in_order(gated, signal.SIGTERM)
    again = gated.run(*gated.dub)
    assert again.returncode == 0, again.stderr
    assert "translation: 2 lines" not in again.stderr


def test_an_interrupted_mix_leaves_the_results_and_works_when_run_again(gated_edit: tuple[GatedDub, str]):
    gated, job = gated_edit
    before = next(gated.out.glob("*.mp4")).read_bytes()
    arguments = ["mix", job, "1", "--bgm-gain", "0.2", "--rebuild"]
    process = gated.start(*arguments)
    gated.wait_for_gate("edit")
    process.send_signal(signal.SIGINT)
    gated.open_all()
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, output) == (128 + signal.SIGINT, ""), errors
    assert errors.splitlines()[-1] == EDIT_CONTINUES
    assert next(gated.out.glob("*.mp4")).read_bytes() == before
    again = gated.run(*arguments)
    assert again.returncode == 0, again.stderr
    assert next(gated.out.glob("*.mp4")).read_bytes() != before


def test_an_interrupted_say_works_when_run_again(gated_edit: tuple[GatedDub, str]):
    gated, job = gated_edit
    arguments = ["say", job, "1", "Boa noite.", "--rebuild"]
    process = gated.start(*arguments)
    gated.wait_for_gate(0)
    process.send_signal(signal.SIGTERM)
    gated.open_all()
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, output) == (128 + signal.SIGTERM, ""), errors
    assert errors.splitlines()[-1] == EDIT_CONTINUES
    again = gated.run(*arguments)
    assert again.returncode == 0, again.stderr
    assert "0001" in again.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_submit_that_is_interrupted_before_it_sends_says_so(number: signal.Signals):
    process = start([sys.executable, "-m", "dub_assets.cli", "submit", "-"])
    process.stdin.write("{")
    process.stdin.flush()
    wait_until(lambda: not _unread_bytes(process.stdin.fileno()), "the message to be read")
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 128 + number, errors
    assert errors.splitlines() == ["interrupted; no message was sent; run the same command again"]


def _unread_bytes(pipe: int) -> int:
    """Return how many bytes of a pipe its reader has not read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4), sys.byteorder)


def test_a_second_ctrl_c_ends_at_once_and_restores_the_terminal(gated: GatedDub, open_screen):
    screen = open_screen(gated, *gated.dub)  # its gates stay closed
    gated.wait_for_gate(0)
    screen.press_ctrl_c()
    time.sleep(1.0)  # two requests, not one that is sent twice
    screen.press_ctrl_c()
    assert screen.end() == 130
    assert "interrupted, ended at once" in screen.text
    assert not screen.cursor_is_hidden


def test_closing_the_terminal_ends_the_dub(gated: GatedDub, open_screen):
    screen = open_screen(gated, *gated.dub)
    gated.wait_for_gate(0)
    screen.hang_up()
    gated.open_all()
    assert screen.process.wait(PATIENCE_S) == 129


@pytest.mark.parametrize(
    ("module", "number"),
    [
        ("typer", signal.SIGINT),
        ("numpy", signal.SIGTERM),
        ("dagster", signal.SIGINT),
        ("dub_assets.definitions", signal.SIGTERM),
    ],
)
def test_a_signal_during_imports_prints_one_line(run: CommandLine, module: str, number: signal.Signals):
    """The process signals itself when the import of a module begins."""
    program = (
        "import os, sys, importlib.abc\n"
        "class Signalling(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}:\n"
        "            sys.meta_path.remove(self)\n"
        f"            os.kill(os.getpid(), {int(number)})\n"
        "from dub_assets.cli import main\n"
        "sys.meta_path.insert(0, Signalling())\n"
        "main()\n"
    )
    process = start([sys.executable, "-c", program, "dub", run.video, "--from", "en", "--to", "pt"])
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, output) == (128 + number, ""), errors
    assert errors.splitlines() == [CONTINUES]
