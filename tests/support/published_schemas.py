"""Validates messages, callbacks and documents against the files of ``docs/schemas/``, as a consumer would.

The service may add keys later, so the published schemas allow others; here each key has to be documented.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


def fault(value: Any, schema: str) -> str | None:
    """Return why a value does not fit a schema, or None. ``schema`` is a file's name without its suffix."""
    error = next(validator(schema).iter_errors(value), None)
    if error is None:
        return None
    deepest = max([error, *(error.context or ())], key=lambda each: len(each.absolute_path))
    return f"{'/'.join(map(str, deepest.absolute_path))}: {deepest.message[:300]}"


def callback_fault(body: bytes) -> str | None:
    """Return why a callback does not fit the published schema, or None."""
    return fault(json.loads(body), "callback")


@cache
def validator(schema: str) -> Draft7Validator:
    """Return the validator of a schema. What the service sends must have no undocumented key."""
    content = json.loads((SCHEMAS / f"{schema}.json").read_text(encoding="utf-8"))
    Draft7Validator.check_schema(content)
    if not schema.startswith("message."):
        for part in (content, *content.get("definitions", {}).values()):
            if "properties" in part:
                part["additionalProperties"] = False
    return Draft7Validator(content)
