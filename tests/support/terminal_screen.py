"""A process on a pseudo-terminal, and the content of its screen, from a terminal emulator."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence

import pyte
from support.waiting import PATIENCE_S, wait_until

_ROWS = 60
"""Enough for the output of a command whose paths are wrapped."""


class Screen:
    """A process whose standard streams are a terminal of ``columns`` by 60."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], *, columns: int) -> None:
        self._master, slave = pty.openpty()
        self._screen = pyte.Screen(columns, _ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self.raw = b""
        self._resize(slave, columns)
        self.process = subprocess.Popen(
            command, env=_without_size(environment), stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - nothing here has threads that hold locks
        )  # fmt: skip
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def lines(self) -> list[str]:
        """The lines on the screen that are not empty."""
        with self._lock:
            return [line.rstrip() for line in self._screen.display if line.strip()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def cursor_is_hidden(self) -> bool:
        with self._lock:
            return bool(self._screen.cursor.hidden)

    def wait_for(self, *patterns: str) -> list[str]:
        """Wait until the screen has a line for each pattern; return its lines at that moment.

        Raises AssertionError if the process ends before.
        """
        shown: list[str] = []

        def shows_all() -> bool:
            shown[:] = self.lines
            return all(any(re.search(pattern, line) for line in shown) for pattern in patterns)

        try:
            wait_until(lambda: shows_all() or self.process.poll() is not None, f"{patterns} on the screen")
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.text}") from error
        if self.process.poll() is not None:
            self._reader.join(PATIENCE_S)
            assert shows_all(), self.text
        return shown

    def press_ctrl_c(self) -> None:
        os.write(self._master, b"\x03")

    def resize(self, columns: int) -> None:
        with self._lock:
            self._screen.resize(columns=columns)
        self._resize(self._master, columns)

    def end(self) -> int:
        """Wait for the end of the process and its output; return its exit code."""
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return code

    def close(self) -> None:
        """Kill the process with its children, if it has not ended."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)

    def hang_up(self) -> None:
        """Close the terminal, as closing its window does."""
        os.close(self._master)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the process has ended
                return
            if not data:
                return
            with self._lock:
                self.raw += data
                self._stream.feed(data)

    @staticmethod
    def _resize(descriptor: int, columns: int) -> None:
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))


def _without_size(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the size of the tests' own terminal, which Readline leaves in it."""
    return {name: value for name, value in environment.items() if name not in {"COLUMNS", "LINES"}}


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
