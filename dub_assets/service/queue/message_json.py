"""Reads the JSON of a message as RFC 8259 has it, out of the envelopes of SNS, and finds what is wrong with it.

Python's reader is more generous than that: it takes NaN, keys that stand twice and halves of surrogate pairs. What is
wrong does not keep the rest from being read, so that whoever sent the message can be told.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

Document = dict[str, Any]

_MAX_DEPTH = 32
_MAX_ENVELOPES = 4
_MAX_DIGITS = 300
"""Whole numbers of more digits would not fit into any float, and take long to read."""

_SHOWN = 40
"""Characters of a key that are shown."""

_TWICE: Final = object()
"""Stands for the value of a key that stands twice."""


def read_document(body: str | bytes) -> tuple[Document, str | None]:
    """The object that a message's body holds, empty where none can be read, and what is wrong with it or None.

    An object with ``Message`` and without ``job_id`` is an envelope of SNS, whose ``Message`` holds the object.
    """
    fault: str | None = None
    for _ in range(_MAX_ENVELOPES):
        document, found = _read(body)
        fault = fault or found
        inner = document.get("Message")
        if not isinstance(inner, str) or "job_id" in document:
            return document, fault
        body = inner
    return {}, f"the message is wrapped in {_MAX_ENVELOPES} envelopes or more"


def _read(body: str | bytes) -> tuple[Document, str | None]:
    try:
        text = body if isinstance(body, str) else body.decode()
        document = json.loads(text, object_pairs_hook=_object, parse_int=_whole)
    except UnicodeDecodeError as error:
        return {}, f"the message is not UTF-8 at byte {error.start}"
    except json.JSONDecodeError as error:
        return {}, f"the message is not JSON: {error.msg} at character {error.pos}"
    except RecursionError:
        return {}, f"the message is nested deeper than {_MAX_DEPTH} levels"
    if not isinstance(document, dict):
        return {}, "the message is not a JSON object"
    flaw = _flaw(document, _MAX_DEPTH)
    if flaw is None:
        return document, None
    path, fault = flaw
    return document, f"{'.'.join(path) or 'the message'} {fault}"


def _object(pairs: list[tuple[str, Any]]) -> Document:
    document: Document = {}
    for key, value in pairs:
        document[key] = _TWICE if key in document else value
    return document


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


def _flaw(value: object, levels: int) -> tuple[tuple[str, ...], str] | None:
    """Where in a value the first flaw is, and what it is."""
    fault = _own_fault(value, levels)
    if fault:
        return (), fault
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        flaw = ((), "is no key: half of a surrogate pair") if _is_broken(name) else _flaw(part, levels - 1)
        if flaw:
            return (str(name)[:_SHOWN], *flaw[0]), flaw[1]
    return None


def _own_fault(value: object, levels: int) -> str | None:
    if value is _TWICE:
        return "stands there twice"
    if levels == 0:
        return f"is nested deeper than {_MAX_DEPTH} levels"
    if isinstance(value, float) and not math.isfinite(value):
        return "is no finite number, or too large"
    return "has half of a surrogate pair" if _is_broken(value) else None


def _is_broken(text: object) -> bool:
    return isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text)
