"""Object keys that messages name: which of them may be read, and which written."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dub_assets.core.errors import InputError
from dub_assets.core.object_key import key_fault

_INTERIM = re.compile(r"projects/[^/]+/interim/[^/]+/.+", re.IGNORECASE)
_KEPT = re.compile(
    r"jobs/.+|.+\.report\.html|projects/[^/]+/interim/[^/]+/(manifests|stems|speech|subtitles)/.+", re.IGNORECASE
)
"""What the pipeline writes for itself (``core/keys.py``). Some file systems do not distinguish case."""


def checked_read_key(name: str, key: str, prefixes: Sequence[str]) -> str:
    """Return ``key`` if it names an object below one of ``prefixes``. Raises InputError otherwise."""
    fault = _fault(key, prefixes)
    if fault:
        raise InputError(f"{name} {_shown(key)} {fault}")
    return key


def checked_folder(name: str, folder: str, prefixes: Sequence[str]) -> str:
    """Return a folder of keys, without the slash at its end. Raises InputError like ``checked_read_key``."""
    plain = folder.removesuffix("/")
    fault = _fault(f"{plain}/x", prefixes)
    if fault:
        raise InputError(f"{name} {_shown(folder)} {fault}")
    return plain


def checked_clip_key(name: str, key: str, prefixes: Sequence[str]) -> str:
    """Return the key of a clip to write. Raises InputError also for keys of the pipeline's own objects."""
    return outside_own_objects(name, checked_read_key(name, key, prefixes))


def checked_result_key(name: str, key: str, prefixes: Sequence[str]) -> str:
    """Return the key of a result to write. Raises InputError also for keys among the interim objects of any job."""
    if _INTERIM.fullmatch(key):
        raise InputError(f"{name} {_shown(key)} lies among the interim objects of a job: name a key outside of them")
    return checked_clip_key(name, key, prefixes)


def outside_own_objects(name: str, key: str) -> str:
    """Return ``key`` if it is not one of the pipeline's own objects. Raises InputError otherwise."""
    if _KEPT.fullmatch(key):
        raise InputError(f"{name} {_shown(key)} lies where the pipeline keeps its own objects: name another key")
    return key


def _fault(key: str, prefixes: Sequence[str]) -> str | None:
    outside = None if key.startswith(tuple(prefixes)) else f"does not lie below {' or '.join(prefixes)}"
    return key_fault(key) or outside


def _shown(text: str) -> str:
    return repr(text if len(text) <= 120 else f"{text[:120]}…")
