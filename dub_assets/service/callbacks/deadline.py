"""One deadline for a whole exchange: looking up a name, connecting, sending and reading.

The time limits of sockets apply to each operation: a server that sends a byte now and then never exceeds them. So each
operation gets what is left of the deadline. A name lookup takes no time limit at all and runs in a thread.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Deadline:
    """A point in time, ``limit_s`` seconds from now."""

    def __init__(self, limit_s: float) -> None:
        self._end_s = time.monotonic() + limit_s

    def remaining_s(self) -> float:
        """Return the time that is left, above 0. Raises TimeoutError if none is left."""
        remaining_s = self._end_s - time.monotonic()
        if remaining_s <= 0:
            raise TimeoutError("the deadline has passed")
        return remaining_s


class DeadlineSocket:
    """A connected socket, plain or TLS, whose operations end with a deadline; it has what ``http.client`` uses.

    Every operation raises TimeoutError when the deadline has passed.
    """

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send all of the data."""
        unsent = memoryview(data)
        while unsent:
            self._socket.settimeout(self._deadline.remaining_s())
            unsent = unsent[self._socket.send(unsent) :]

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 - http.client asks for "rb" only
        """Return a binary reader of what the server sends."""
        return io.BufferedReader(_DeadlineReader(self._socket, self._deadline))

    def close(self) -> None:
        """Close the socket once its readers are closed."""
        self._socket.close()


class _DeadlineReader(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline
        self._file = connected.makefile("rb", buffering=0)  # keeps the socket open until this is closed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._deadline.remaining_s())
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


class DeadlineThread(threading.Thread, Generic[Result]):
    """A daemon thread for a call that cannot be interrupted; the caller stops waiting at the deadline."""

    def __init__(self, function: Callable[[], Result]) -> None:
        super().__init__(name="lookup", daemon=True)
        self._function = function
        self._result: Result
        self._error: BaseException | None = None

    def run(self) -> None:
        """Call the function; its result or error is that of ``result``."""
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._error = error

    def result(self, deadline: Deadline) -> Result:
        """Start the call and return its result, or raise its error. Raises TimeoutError at the deadline."""
        self.start()
        self.join(deadline.remaining_s())
        if self.is_alive():
            raise TimeoutError("the deadline has passed")
        if self._error is not None:
            raise self._error
        return self._result
