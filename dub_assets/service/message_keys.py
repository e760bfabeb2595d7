"""Object keys that messages name: which of them may be read, and which written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from dub_assets.core.errors import InputError

_MAX_KEY_BYTES = 1024

_INTERIM = re.compile(r"projects/[^/]+/interim/[^/]+/.+", re.IGNORECASE)
_KEPT = re.compile(r"jobs/.+|projects/[^/]+/interim/[^/]+/(manifests|stems|speech|subtitles)/.+", re.IGNORECASE)
"""What the pipeline writes for itself (``domain.keys.JobKeys``); upper and lower case are one to some file systems."""


def checked_key(name: str, key: str, prefixes: Sequence[str]) -> str:
    """``key``, where it names one object below one of ``prefixes``; raises InputError where it does not."""
    fault = _fault(key, prefixes)
    if fault:
        raise InputError(f"{name} {_shown(key)} {fault}")
    return key


def checked_folder(name: str, folder: str, prefixes: Sequence[str]) -> str:
    """A folder of keys, without the slash it may end with; raises InputError as ``checked_key`` does."""
    plain = folder.removesuffix("/")
    fault = _fault(f"{plain}/x", prefixes)
    if fault:
        raise InputError(f"{name} {_shown(folder)} {fault}")
    return plain


def checked_clip_key(name: str, key: str, prefixes: Sequence[str]) -> str:
    """The key of a clip to write: ``checked_key``, and not one of the pipeline's own objects."""
    return outside_own_objects(name, checked_key(name, key, prefixes))


def checked_result_key(name: str, key: str, prefixes: Sequence[str]) -> str:
    """The key of a result to write: ``checked_clip_key``, and outside every job's interim objects."""
    if _INTERIM.fullmatch(key):
        raise InputError(f"{name} {_shown(key)} lies among the interim objects of a job: name a key outside of them")
    return checked_clip_key(name, key, prefixes)


def outside_own_objects(name: str, key: str) -> str:
    """``key``, where the pipeline keeps nothing for itself; raises InputError where it does."""
    if _KEPT.fullmatch(key):
        raise InputError(f"{name} {_shown(key)} lies where the pipeline keeps its own objects: name another key")
    return key


def _fault(key: str, prefixes: Sequence[str]) -> str | None:
    """What is wrong with a key, or None."""
    faults = {
        "is no plain relative path": any(part in {"", ".", ".."} for part in key.split("/")),
        "has a backslash or a control character": any(
            character == "\\" or unicodedata.category(character) in {"Cc", "Cs"} for character in key
        ),
        f"is longer than {_MAX_KEY_BYTES} bytes": len(key.encode(errors="replace")) > _MAX_KEY_BYTES,
        f"does not lie below {' or '.join(prefixes)}": not key.startswith(tuple(prefixes)),
    }
    return next((fault for fault, found in faults.items() if found), None)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 120 else f"{text[:120]}…")
