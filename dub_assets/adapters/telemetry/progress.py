"""Progress of stages in the log."""

from __future__ import annotations

import logging
import time

_LOG = logging.getLogger(__name__)


class LoggedProgress:
    """Logs a stage's progress at its start and end, and every ``every_s`` seconds between."""

    def __init__(self, *, every_s: float = 10.0) -> None:
        self._every_s = every_s
        self._last: dict[str, float] = {}

    def report(self, stage: str, done: int, total: int) -> None:
        """Log that ``done`` of ``total`` units of ``stage`` are finished."""
        now = time.monotonic()
        if done < total and now - self._last.get(stage, float("-inf")) < self._every_s:
            return
        self._last[stage] = now
        _LOG.info("%s: %d of %d", stage, done, total)
