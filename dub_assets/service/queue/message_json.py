"""Reads the JSON of a message strictly by RFC 8259, out of envelopes of SNS.

Python's parser also accepts NaN, duplicate keys and lone surrogates. Here these are faults. The rest of the message is
still read, so that the refusal names the job.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

Document = dict[str, Any]

_MAX_DEPTH = 32
_MAX_ENVELOPES = 4
_MAX_DIGITS = 300
"""Whole numbers of more digits do not fit into a float, and are slow to parse."""

_SHOWN = 40
"""Characters of a key that are shown."""

_DUPLICATE: Final = object()
"""The value of a duplicate key."""


def read_document(body: str | bytes) -> tuple[Document, str | None]:
    """Return the object in a message's body, empty if none can be read, and what is wrong with it, if anything.

    An object with ``Message`` and without ``job_id`` is an envelope of SNS, whose ``Message`` contains the object.
    """
    fault: str | None = None
    for _ in range(_MAX_ENVELOPES):
        document, found = read_object(body, "the message")
        fault = fault or found
        inner = document.get("Message")
        if not isinstance(inner, str) or "job_id" in document:
            return document, fault
        body = inner
    return {}, f"the message is wrapped in {_MAX_ENVELOPES} envelopes or more"


def read_object(body: str | bytes, name: str) -> tuple[Document, str | None]:
    """Return the object of a JSON document and what is wrong with it, if anything; ``name`` stands for the document.

    Editors and shells of Windows begin a text with a byte order mark, which is skipped.
    """
    try:
        text = body if isinstance(body, str) else body.decode()
        document = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_object, parse_int=_whole)
    except UnicodeDecodeError as error:
        return {}, f"{name} is not UTF-8 at byte {error.start}"
    except json.JSONDecodeError as error:
        return {}, f"{name} is not JSON: {error.msg} at character {error.pos}"
    except RecursionError:
        return {}, f"{name} is nested deeper than {_MAX_DEPTH} levels"
    if not isinstance(document, dict):
        return {}, f"{name} is not a JSON object"
    found = _find_fault(document, _MAX_DEPTH)
    if found is None:
        return document, None
    path, fault = found
    return document, f"{'.'.join(path) or name} {fault}"


def _object(pairs: list[tuple[str, Any]]) -> Document:
    document: Document = {}
    for key, value in pairs:
        document[key] = _DUPLICATE if key in document else value
    return document


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


def _find_fault(value: object, levels: int) -> tuple[tuple[str, ...], str] | None:
    """Return the path to the first fault in a value, and the fault; None if there is none."""
    fault = _own_fault(value, levels)
    if fault:
        return (), fault
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        found = (
            ((), "is no key: it has a lone surrogate") if _has_lone_surrogate(name) else _find_fault(part, levels - 1)
        )
        if found:
            return (str(name)[:_SHOWN], *found[0]), found[1]
    return None


def _own_fault(value: object, levels: int) -> str | None:
    if value is _DUPLICATE:
        return "is there twice"
    if levels == 0:
        return f"is nested deeper than {_MAX_DEPTH} levels"
    if isinstance(value, float) and not math.isfinite(value):
        return "is no finite number, or too large"
    return "has a lone surrogate" if _has_lone_surrogate(value) else None


def _has_lone_surrogate(text: object) -> bool:
    return isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text)
