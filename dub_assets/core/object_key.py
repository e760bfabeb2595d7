"""Object keys that every store accepts, and the content type of a key."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

from dub_assets.core.containers import CONTAINERS
from dub_assets.core.errors import InputError

HIDDEN_FOLDER = ".dub_assets"
"""Folder of a local store's own files, which no object key may begin with."""

MAX_KEY_BYTES = 1024
"""Limit of S3, in UTF-8."""

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt; charset=utf-8",
} | {suffix: mime for container in CONTAINERS for suffix, mime in container.content_types.items()}
"""MIME types by suffix."""


def checked_key(key: str) -> str:
    """Return the key if every store accepts it. Raises InputError otherwise.

    A key is a relative POSIX path without empty, ``.`` or ``..`` parts, backslashes and control characters.
    """
    fault = key_fault(key)
    if fault:
        raise InputError(f"the object key {key!r} {fault}: use a plain relative path such as 'inputs/talk.mp4'")
    return key


def is_key(key: str) -> bool:
    """Return whether every store accepts the key."""
    return key_fault(key) is None


def checked_prefix(prefix: str) -> str:
    """Return the prefix if a key can begin with it. Raises InputError otherwise. Every key begins with ""."""
    folder, slash, _ = prefix.rpartition("/")
    if slash:
        checked_key(folder)
    return prefix


def content_type_of(key: str) -> str:
    """Return the content type of a key by its suffix, ``application/octet-stream`` for an unknown one."""
    return CONTENT_TYPES.get(PurePosixPath(key).suffix.lower(), "application/octet-stream")


def link_to(address: str | None, key: str) -> str | None:
    """Return the URL of an object on the link server at ``address``; None if there is no address."""
    path = quote(checked_key(key))
    return f"{address.rstrip('/')}/{path}" if address else None


def key_fault(key: str) -> str | None:
    """Return what is wrong with a key, None if it is usable."""
    parts = key.split("/")
    faults = {
        "is empty": not key,
        "is absolute": key.startswith("/"),
        "has an empty, '.' or '..' part": any(part in {"", ".", ".."} for part in parts),
        "has a backslash or a control character": any(
            character == "\\" or unicodedata.category(character) in {"Cc", "Cs"} for character in key
        ),
        f"lies under {HIDDEN_FOLDER}, which is kept for the store itself": parts[0].casefold() == HIDDEN_FOLDER,
        f"is longer than {MAX_KEY_BYTES} bytes": len(key.encode(errors="replace")) > MAX_KEY_BYTES,
    }
    return next((fault for fault, found in faults.items() if found), None)
