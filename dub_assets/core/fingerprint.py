"""Fingerprints: a hash of everything that can change a product."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from fractions import Fraction


def fingerprint(product: str, **made_from: object) -> str:
    """Return the sha256 (hexadecimal) of a product's name and of every input that can change it.

    Inputs are plain values, sequences, mappings, sets, and frozen dataclasses of these, without their fields that are
    not compared. Raises TypeError for other types, which have no stable form. The name of a keyword, of a dataclass and
    of a field is part of the hash: renaming one regenerates the products of all jobs.
    """
    canonical = json.dumps([product, _plain(made_from)], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Fraction):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {
            "type": type(value).__name__,
            **{field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.compare},
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, AbstractSet):
        return sorted(json.dumps(_plain(item), sort_keys=True) for item in value)
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    raise TypeError(f"no stable form for a fingerprint: {type(value).__name__}")
