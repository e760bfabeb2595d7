"""Signal handling of the command line.

The first SIGINT, SIGTERM or SIGHUP ends a command in order: steps clean up, and one line says what to do next. A second
signal, or 30 s, ends it at once.

Dagster replaces the handlers of SIGINT and SIGTERM while a run executes. Signals are therefore read from
``signal.set_wakeup_fd``: the interpreter writes to it whatever the handler is, even while the main thread runs C code.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GRACE_S = 30.0
"""Longest time for an orderly end."""
_REPEATED_WITHIN_S = 0.5
"""Signals within this time count as one: `timeout` and closed terminals send theirs twice."""

_ADVICE = {
    "dub": "run the same command again to go on from the last finished stage",
    "mix": "run the same command again; finished stages are kept",
    "say": "run the same command again; finished stages are kept",
    "report": "run the same command again",
    "export": "run the same command again",
    "models": "run the same command again to go on; what was downloaded is kept",
    "cancel": "run the same command again",
    "callbacks": "run the same command again: callbacks keep their ids",
    "submit": "no message was sent; run the same command again",
}


class Interrupted(BaseException):
    """A signal asked the command to end."""


class Interruptions:
    """Context manager that handles signals until its end or ``release``, in the main thread only.

    ``command`` is the name of the command; it selects the advice in the last line.
    """

    def __init__(self, command: str) -> None:
        self._advice = _ADVICE.get(command, "")
        self._received: int | None = None
        self._recorded = threading.Event()
        self._raised = False
        self._before_exit: list[Callable[[], None]] = []
        self._previous: dict[signal.Signals, signal._HANDLER] = {}
        self._ours, self._interpreters = socket.socketpair()
        self._previous_fd = -1
        self._stderr = _copy_of_stderr()

    def __enter__(self) -> Self:
        global _current  # noqa: PLW0603 - signals belong to the process
        _current = self
        self._interpreters.setblocking(False)
        for number in _SIGNALS:
            self._previous[number] = signal.getsignal(number)
            if number != signal.SIGHUP or self._previous[number] is not signal.SIG_IGN:  # nohup
                signal.signal(number, self._interrupt)
        self._previous_fd = signal.set_wakeup_fd(self._interpreters.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._watch, daemon=True, name="interruptions").start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Restore the previous handlers, for a command that has its own."""
        global _current  # noqa: PLW0603
        if not self._previous:
            return
        signal.set_wakeup_fd(self._previous_fd)
        for number, handler in self._previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._previous = {}
        self._interpreters.close()
        if self._stderr >= 0:
            os.close(self._stderr)
        if _current is self:
            _current = None

    @property
    def received(self) -> int | None:
        """The first signal received, or None."""
        return self._received

    def raise_received(self, *, certain: bool = False) -> None:
        """Raise Interrupted if a signal was received, even while Dagster handled signals.

        ``certain``: a signal is known to have been received; wait until it is recorded.
        """
        if certain:
            self._recorded.wait(_REPEATED_WITHIN_S)
        if certain or self._received is not None:
            raise Interrupted

    def advise(self, advice: str) -> None:
        """Replace the advice in the last line, once the command is past the point where the first advice holds."""
        self._advice = advice

    def before_exit(self, restore: Callable[[], None]) -> None:
        """Call ``restore`` before the process ends at once, to restore the terminal."""
        self._before_exit.append(restore)

    def end(self, *, now: bool = False) -> NoReturn:
        """Print what to do next and end the process and its children, with the exit code of the signal."""
        number = self._received or signal.SIGINT
        for restore in self._before_exit:
            restore()
        _kill_children()
        how = "interrupted, ended at once" if now else "interrupted"
        line = f"{how}; {self._advice}\n" if self._advice else f"{how}\n"
        try:
            sys.stdout.flush()
            os.write(self._stderr, line.encode())
        except (OSError, ValueError):
            pass  # the terminal is closed
        os._exit(128 + number)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: raise Interrupted once, or call Dagster's handler while a run executes."""
        self._record(number)
        current = signal.getsignal(signal.SIGINT)
        if number == signal.SIGHUP and callable(current) and current != self._interrupt:
            current(number, frame)
        elif not self._raised:
            self._raised = True
            raise Interrupted

    def _record(self, number: int) -> None:
        self._received = self._received or number
        self._recorded.set()

    def _watch(self) -> None:
        """End the process at once after a second signal, or 30 s after the first."""
        first_s: float | None = None
        while True:
            try:
                numbers = self._ours.recv(64)
            except TimeoutError:
                self.end(now=True)
            if not numbers:
                self._ours.close()
                return
            for number in filter(_SIGNALS.__contains__, numbers):
                self._record(number)
                first_s = first_s or time.monotonic()
                if time.monotonic() - first_s > _REPEATED_WITHIN_S:
                    self.end(now=True)
                self._ours.settimeout(_GRACE_S)


_current: Interruptions | None = None


def current() -> Interruptions | None:
    """Return the handling of signals in this process; None in a program that imports this package."""
    return _current


def release() -> None:
    """Restore the previous handlers of signals, for a command that has its own."""
    if _current is not None:
        _current.release()


def _copy_of_stderr() -> int:
    """Return a descriptor that stays the terminal when descriptor 2 is redirected; -1 if that is closed."""
    try:
        return os.dup(2)
    except OSError:
        return -1


def _kill_children() -> None:
    import psutil  # noqa: PLC0415 - handling begins before anything else is imported

    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
