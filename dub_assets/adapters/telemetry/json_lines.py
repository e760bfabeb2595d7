"""Logs as JSON lines, with the field names of Dagster's ``--log-format json``."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """Formats time, level, logger and message of a record, and the fields that ``facts`` returns for it.

    Only the type of an error is logged: the messages of other libraries may quote the text of a line. For the same
    reason no other attribute of a record is logged.
    """

    def __init__(self, facts: Callable[[logging.LogRecord], Mapping[str, str]] = lambda _: {}) -> None:
        super().__init__()
        self._facts = facts

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of JSON."""
        line: dict[str, str] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        kind = record.exc_info[0] if record.exc_info else None
        error = {"error": kind.__name__} if kind else {}
        return json.dumps(line | error | dict(self._facts(record)), ensure_ascii=False)
