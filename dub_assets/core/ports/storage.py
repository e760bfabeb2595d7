"""Protocols of storage: the object store, and the workspace of local files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from dub_assets.core.media import MediaObject, StoredObject


class ObjectStore(Protocol):
    """Objects by key. Keys are relative POSIX paths (``core/object_key.py``)."""

    @property
    def description(self) -> str:
        """The folder or bucket, for messages."""
        ...

    def head(self, key: str) -> StoredObject | None:
        """Return size and checksum of an object, None if it does not exist."""
        ...

    def get(self, key: str) -> bytes:
        """Return the content of a small object. Raises ObjectMissingError."""
        ...

    def put(self, key: str, content: bytes, content_type: str) -> None:
        """Write a small object atomically."""
        ...

    def create(self, key: str, content: bytes, content_type: str) -> bool:
        """Write a small object atomically if there is none yet; return whether it was written."""
        ...

    def copy(self, source: str, key: str) -> None:
        """Copy an object with its checksum to another key, within the store. Raises ObjectMissingError."""
        ...

    def download(self, key: str, target: Path) -> None:
        """Download an object to a file atomically. Raises ObjectMissingError."""
        ...

    def upload(self, key: str, source: Path, *, content_type: str, sha256: str) -> None:
        """Upload a file as an object atomically, and store its checksum."""
        ...

    def list(self, prefix: str, *, recursive: bool = True) -> Iterator[StoredObject]:
        """Yield every object whose key begins with ``prefix``, sorted by key, without checksums.

        If not ``recursive``, keys with a slash after the prefix are left out, and their folders are not read.
        """
        ...

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; missing ones are ignored."""
        ...

    def link(self, key: str) -> str | None:
        """Return the lasting URL at which the link server opens the object, None if there is no such server.

        It holds no signature, so it may be stored.
        """
        ...


class Workspace(Protocol):
    """Local files by object key: stages write their media here and read that of other stages."""

    def new(self, key: str) -> Path:
        """Return the path to write the object ``key`` to. Its folder exists; an older file has been removed."""
        ...

    def adopt(self, key: str) -> MediaObject:
        """Fetch an object that others wrote and return a reference to it. Raises ObjectMissingError."""
        ...

    def seal(self, key: str) -> MediaObject:
        """Return the reference (size, sha256) to the file written for ``key``."""
        ...

    def write(self, key: str, content: bytes) -> MediaObject:
        """Write a small file for ``key`` and return the reference to it."""
        ...

    def copy(self, media: MediaObject, key: str) -> MediaObject:
        """Copy a stored object to another key and return the reference to the copy.

        Raises ObjectMissingError or ObjectCorruptError.
        """
        ...

    def open(self, media: MediaObject) -> Path:
        """Return a local file with this object's content, fetched and verified if it is not here yet.

        Raises ObjectMissingError or ObjectCorruptError.
        """
        ...
