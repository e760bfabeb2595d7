"""The codec between frozen dataclasses and JSON with a schema version.

A document has the value's fields and ``"schema": "<name>/<version>"``. The name is the class variable ``SCHEMA_NAME``,
or else the class's name; the version is ``SCHEMA_VERSION``, or else 1. Raise the version with every change that old
readers or old documents cannot take. Unknown fields are ignored; missing fields and fields of another type are errors.

Fields may be str, int, float (finite), bool, None, Literal, Fraction, dataclasses, and tuples, frozen sets, mappings
with str keys and unions of these. docs/decisions/0003-codec.md says why this reads with pydantic.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from dub_assets.core.errors import ObjectCorruptError

T = TypeVar("T")
Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def schema_of(kind: type[object]) -> str:
    """Return the ``schema`` of a document of this class: ``"<name>/<version>"``."""
    name = getattr(kind, "SCHEMA_NAME", kind.__name__)
    return f"{name}/{getattr(kind, 'SCHEMA_VERSION', 1)}"


def encode(value: object) -> bytes:
    """Return a value as UTF-8 JSON, the same bytes in every process; ``decode`` returns an equal value.

    Raises TypeError or ValueError if JSON cannot hold the value, if it is not what its class declares, or if it would
    be decoded as another value (two members of a union with the same fields).
    """
    plain = _plain(value)
    if not is_dataclass(value) or not isinstance(plain, dict) or "schema" in plain:
        raise TypeError(f"a stored value is a dataclass without a field named 'schema', not {type(value).__name__}")
    document = {"schema": schema_of(type(value)), **plain}
    content = (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()
    try:
        restored = decode(type(value), content)
    except ObjectCorruptError as error:
        raise TypeError(f"this {type(value).__name__} is not what its class declares: {error}") from error
    if restored != value:
        raise TypeError(f"this {type(value).__name__} would be decoded as another value: tag its unions by a Literal")
    return content


def decode(kind: type[T], content: bytes) -> T:
    """Return the value of a document. Raises ObjectCorruptError, naming the schema or the field that does not fit."""
    try:
        document = json.loads(content, parse_float=_finite, parse_constant=_finite)
    except ValueError as error:
        raise ObjectCorruptError(f"not a JSON document ({_one_line(error)})") from error
    found = document.get("schema") if isinstance(document, dict) else None
    if found != schema_of(kind):
        raise ObjectCorruptError(f"schema {found!r} where {schema_of(kind)!r} is read")
    try:
        return TypeAdapter(kind).validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in (found, *first["loc"]))
        raise ObjectCorruptError(f"{path}: {_one_line(first['msg'])}") from error


def _plain(value: object) -> Json:
    """Return a value in the types of JSON: dataclasses in the order of their fields, sets and mappings sorted."""
    if value is None or isinstance(value, str | int | float):
        return value
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted((_plain(item) for item in value), key=json.dumps)
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def _finite(text: str) -> float:
    """Return a JSON number as a float. Raises ValueError if it is NaN, infinite or too large."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number


def _one_line(message: object) -> str:
    return " ".join(str(message).split())
