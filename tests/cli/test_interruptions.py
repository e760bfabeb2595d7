"""Signals at usual and unusual times: an orderly end, one line that says what to do next, the signal's exit code."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import termios
import time

import psutil
import pytest
from support.terminal_screen import Screen
from support.waiting import PATIENCE_S, wait_until
from test_terminal import COMMAND, Dub, dub, screens, video  # noqa: F401 - fixtures

AGAIN = "interrupted; run the same command again to go on from the last finished stage"


def hearing() -> None:
    """What a process begins with here: a test in the background of a script would have its children ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def started(dub: Dub, *command: str) -> subprocess.Popen[str]:  # noqa: F811
    return subprocess.Popen(
        command or [*COMMAND, *dub.arguments],
        env=dub.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hearing,  # noqa: PLW1509 - nothing here has threads that hold locks
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_dub_ends_in_order_and_says_what_to_do_next(dub: Dub, number: signal.Signals):  # noqa: F811
    run = started(dub)
    dub.wait_for_gate(0)
    children = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(number)
    dub.open_all()  # lines in flight are finished
    out, errors = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 128 + number
    assert errors.splitlines()[-1] == AGAIN
    assert "Traceback" not in errors
    assert "Dagster" not in errors
    assert out == ""
    assert not list(dub.out.iterdir())
    wait_until(lambda: not any(child.is_running() for child in children), "the children to end")


EDIT_AGAIN = "interrupted; run the same command again; finished stages are kept"


def test_an_interrupted_mix_leaves_the_results_and_works_when_run_again(dub: Dub):  # noqa: F811
    job = dub.finish()
    before = next(dub.out.glob("*.mp4")).read_bytes()
    command = [*COMMAND, "mix", job, "1", "--bgm-gain", "0.2", "--rebuild"]
    run = started(dub, *command)
    dub.wait_for_gate("picture")
    run.send_signal(signal.SIGINT)
    dub.open_all()
    out, errors = run.communicate(timeout=PATIENCE_S)
    assert (run.returncode, out) == (128 + signal.SIGINT, ""), errors
    assert errors.splitlines()[-1] == EDIT_AGAIN
    assert next(dub.out.glob("*.mp4")).read_bytes() == before
    again = started(dub, *command)
    out, errors = again.communicate(timeout=PATIENCE_S)
    assert again.returncode == 0, errors
    assert next(dub.out.glob("*.mp4")).read_bytes() != before


def test_an_interrupted_say_works_when_run_again(dub: Dub):  # noqa: F811
    job = dub.finish()
    command = [*COMMAND, "say", job, "1", "Boa noite.", "--rebuild"]
    run = started(dub, *command)
    dub.wait_for_gate(0)
    run.send_signal(signal.SIGTERM)
    dub.open_all()
    out, errors = run.communicate(timeout=PATIENCE_S)
    assert (run.returncode, out) == (128 + signal.SIGTERM, ""), errors
    assert errors.splitlines()[-1] == EDIT_AGAIN
    again = started(dub, *command)
    out, errors = again.communicate(timeout=PATIENCE_S)
    assert again.returncode == 0, errors
    assert "0001" in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_submit_that_is_interrupted_before_it_sends_says_so(number: signal.Signals):
    run = subprocess.Popen(
        [sys.executable, "-m", "dub_assets.cli", "submit", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hearing,  # noqa: PLW1509 - nothing here has threads that hold locks
    )
    run.stdin.write("{")
    run.stdin.flush()
    wait_until(lambda: not _unread_bytes(run.stdin.fileno()), "the message to be read")
    run.send_signal(number)
    _, errors = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 128 + number, errors
    assert errors.splitlines() == ["interrupted; no message was sent; run the same command again"]


def _unread_bytes(pipe: int) -> int:
    """Return how many bytes of a pipe its reader has not read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4), sys.byteorder)


def test_a_dub_that_was_interrupted_goes_on(dub: Dub):  # noqa: F811
    run = started(dub)
    dub.wait_for_gate(0)
    run.send_signal(signal.SIGTERM)
    dub.open_all()
    run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 143
    again = started(dub)
    _, errors = again.communicate(timeout=PATIENCE_S)
    assert again.returncode == 0, errors
    assert "translation: 2 lines" not in errors


def test_a_second_ctrl_c_ends_at_once_and_gives_the_terminal_back(dub: Dub, screens: list[Screen]):  # noqa: F811
    screen = Screen([*COMMAND, *dub.arguments], dub.environment, columns=100)  # its lines are never finished
    screens.append(screen)
    dub.wait_for_gate(0)
    screen.press_ctrl_c()
    time.sleep(1.0)  # two requests, not one sent twice
    screen.press_ctrl_c()
    assert screen.end() == 130
    assert "interrupted, ended at once" in screen.text
    assert not screen.cursor_is_hidden


def test_a_closed_terminal_ends_the_dub(dub: Dub, screens: list[Screen]):  # noqa: F811
    screen = Screen([*COMMAND, *dub.arguments], dub.environment, columns=100)
    screens.append(screen)
    dub.wait_for_gate(0)
    screen.hang_up()
    dub.open_all()
    assert screen.process.wait(PATIENCE_S) == 129


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["typer", "numpy", "dagster", "dub_assets.definitions"])
def test_a_signal_during_imports_is_one_line(dub: Dub, module: str, number: signal.Signals):  # noqa: F811
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
    run = started(dub, sys.executable, "-c", program, *dub.arguments)
    out, errors = run.communicate(timeout=PATIENCE_S)
    assert (run.returncode, out) == (128 + number, ""), errors
    assert errors.splitlines() == [AGAIN]
