"""A time limit for a whole exchange with another server: looking it up, connecting, sending, waiting, reading.

Time limits of sockets start anew with every byte, and looking up a name has none; a server that sends a byte now and
then would hold the caller for ever.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Line:
    """The connection of one exchange, which can be cut from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cut = False
        self._socket: socket.socket | None = None

    def hold(self, connected: socket.socket) -> None:
        """Take note of the connection in use, plain or TLS; TimeoutError where the line is cut: nothing may be sent."""
        twin = socket.socket(fileno=os.dup(connected.fileno()))
        with self._lock:
            before, self._socket = self._socket, twin
        if before is not None:
            before.close()
        if self._cut:
            raise TimeoutError("the line is cut")

    def cut(self) -> None:
        """End the exchange: whoever waits for the other side stops waiting."""
        with self._lock:
            self._cut = True
            if self._socket is not None:
                _shut_down(self._socket)

    def close(self) -> None:
        """Forget the connection."""
        with self._lock:
            twin, self._socket = self._socket, None
        if twin is not None:
            twin.close()


class Exchange(threading.Thread, Generic[Result]):
    """A thread that makes one exchange; daemonic, since a name that is looked up cannot be interrupted."""

    def __init__(self, work: Callable[[Line], Result]) -> None:
        super().__init__(name="exchange", daemon=True)
        self._work = work
        self._line = Line()
        self._result: Result
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do the work; what it returns or raises is the caller's."""
        try:
            self._result = self._work(self._line)
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
            self._error = error
        finally:
            self._line.close()

    def within(self, limit_s: float) -> Result:
        """The work's result, or its error; TimeoutError once the limit has passed, and the line is cut."""
        self.start()
        self.join(limit_s)
        if self.is_alive():
            self._line.cut()
            raise TimeoutError(f"no answer within {limit_s:g} s")
        if self._error is not None:
            raise self._error
        return self._result


def _shut_down(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was quicker
