"""Storage: objects by key, and local files by object key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from dub_assets.core.media import MediaObject, StoredObject


class ObjectStore(Protocol):
    """Objects by key. Keys are POSIX-like paths; the same keys in every store."""

    @property
    def description(self) -> str:
        """Where the objects are, for people: a folder or a bucket."""
        ...

    def head(self, key: str) -> StoredObject | None:
        """Size and checksum of an object, or None where there is none."""
        ...

    def get(self, key: str) -> bytes:
        """A small object's content. Raises ObjectMissingError."""
        ...

    def put(self, key: str, content: bytes, content_type: str) -> None:
        """Write a small object, whole or not at all."""
        ...

    def download(self, key: str, target: Path) -> None:
        """Write an object's content to a file, whole or not at all. Raises ObjectMissingError."""
        ...

    def upload(self, key: str, source: Path, *, content_type: str, sha256: str) -> None:
        """Write a file's content as an object, whole or not at all, its checksum beside it."""
        ...

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key begins with ``prefix``, sorted by key; a listing knows no checksums."""
        ...

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; those that are not there are no error."""
        ...

    def link(self, key: str, *, expires_s: int) -> str | None:
        """A URL at which a person can open the object for a while, or None."""
        ...


class Workspace(Protocol):
    """Local files by object key: where the stages write their media, and read that of the others."""

    def new(self, key: str) -> Path:
        """A path to write the object ``key`` to; its folder exists, an older file there has been unlinked."""
        ...

    def adopt(self, key: str) -> MediaObject:
        """A reference to an object of the store that others wrote, fetched here. Raises ObjectMissingError."""
        ...

    def seal(self, key: str) -> MediaObject:
        """The reference (size, sha256) to the file written for ``key``."""
        ...

    def write(self, key: str, content: bytes) -> MediaObject:
        """Write a small file for ``key`` and return the reference to it."""
        ...

    def open(self, media: MediaObject) -> Path:
        """A local file with this object's content, fetched and verified where it is not here yet.

        Raises ObjectMissingError or ObjectCorruptError.
        """
        ...
