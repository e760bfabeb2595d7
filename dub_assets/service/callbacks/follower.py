"""The follower: a thread that delivers the callbacks of changes between the ticks of the sensors."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)

_INTERVAL_S = 0.5
_FOLLOWS_S = 30.0
"""For how long the thread goes on without another tick: Dagster ticks a sensor every 5 s, on a busy host every 20 s.

A code server that was replaced gets no ticks, so it soon leaves the delivery to the new one.
"""


class Follower:
    """Calls a function twice a second for as long as it is extended."""

    def __init__(self, deliver: Callable[[], None]) -> None:
        self._deliver = deliver
        self._until_s = 0.0
        self._thread: threading.Thread | None = None

    def extend(self) -> None:
        """Go on for another 30 s."""
        self._until_s = time.monotonic() + _FOLLOWS_S
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._follow, name="callbacks of changes", daemon=True)
            self._thread.start()

    def _follow(self) -> None:
        """Deliver until the time is over. An error ends the thread; the next tick starts another one."""
        while time.monotonic() < self._until_s:
            try:
                self._deliver()
            except Exception:  # noqa: BLE001 - the database may be away; the ticks report errors that last
                _log.exception("callbacks wait for the next tick")
                return
            time.sleep(_INTERVAL_S)
