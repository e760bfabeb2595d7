"""Logs for machines: one JSON object a line, with the names that Dagster's own ``--log-format json`` uses."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """Writes time, level, logger and message of a record, and what ``facts`` knows of it.

    Of an error no more than its type: what other libraries say may quote the text that they were given. Whatever else a
    record carries stays out for the same reason.
    """

    def __init__(self, facts: Callable[[logging.LogRecord], Mapping[str, str]] = lambda _: {}) -> None:
        super().__init__()
        self._facts = facts

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, str] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        kind = record.exc_info[0] if record.exc_info else None
        error = {"error": kind.__name__} if kind else {}
        return json.dumps(line | error | dict(self._facts(record)), ensure_ascii=False)
