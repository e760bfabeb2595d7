"""An object store in a local folder: an object's key is its path below the folder."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from dub_assets.core.errors import ObjectMissingError, OutOfSpaceError
from dub_assets.core.files import (
    ABANDONED_AFTER_S,
    FileSignature,
    atomic_file,
    disk_errors,
    sha256_of,
    signature_of,
)
from dub_assets.core.media import StoredObject
from dub_assets.core.object_key import HIDDEN_FOLDER, checked_key, checked_prefix, is_key

_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""Errors of a hard link after which a copy may succeed."""


class LocalObjectStore:
    """Objects as files below ``root``.

    A checksum is remembered under ``root/.dub_assets/sha256/<key>`` together with the file's signature (size, time of
    change, inode) and computed anew where that does not fit: ``head`` tells the truth also about files that were
    copied, restored or edited by others.

    Files below ``shared`` (the workspace) are hard-linked in and out rather than copied. That is safe because the
    workspace only ever replaces files and never rewrites one in place; files from anywhere else are copied.

    ``address`` is the URL at which ``dub-assets dev`` serves the files; None if nothing does.
    """

    def __init__(self, root: Path, *, shared: Path | None = None, address: str | None = None) -> None:
        self._root = root.absolute()
        self._address = address
        self._shared = shared.absolute() if shared else None
        self._parts = self._root / HIDDEN_FOLDER / "parts"

    @property
    def description(self) -> str:
        """The folder."""
        return str(self._root)

    def head(self, key: str) -> StoredObject | None:
        """Size and checksum of an object, or None; reads the file where its checksum is not known yet."""
        path = self._path(key)
        with disk_errors(path), suppress(FileNotFoundError, NotADirectoryError):
            signature = signature_of(path)
            if path.is_file():
                sha256 = self._checksum(key, path, signature)
                return StoredObject(key=key, size_bytes=signature.size_bytes, sha256=sha256)
        return None

    def get(self, key: str) -> bytes:
        """A small object's content. Raises ObjectMissingError."""
        path = self._path(key)
        with disk_errors(path):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                raise self._missing(key) from error

    def put(self, key: str, content: bytes, content_type: str) -> None:  # noqa: ARG002 - a file has no content type
        """Write a small object, whole or not at all."""
        with atomic_file(self._path(key), folder=self._parts, durable=True, lock=False) as part:
            part.write_bytes(content)
            self._remember(key, signature_of(part), hashlib.sha256(content).hexdigest())

    def download(self, key: str, target: Path) -> None:
        """Write an object's content to a file, whole or not at all. Raises ObjectMissingError."""
        path = self._path(key)
        if not path.is_file():
            raise self._missing(key)
        with atomic_file(target, lock=False) as part:
            _place(path, part, link=self._is_shared(target))

    def upload(
        self,
        key: str,
        source: Path,
        *,
        content_type: str,  # noqa: ARG002 - a file has no content type
        sha256: str,
    ) -> None:
        """Write a file's content as an object, whole or not at all, its checksum beside it."""
        with atomic_file(self._path(key), folder=self._parts, durable=True, lock=False) as part:
            _place(source, part, link=self._is_shared(source))
            self._remember(key, signature_of(part), sha256)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key begins with ``prefix``, sorted by key, without checksums."""
        found = []
        for key, path in _files_below(self._root, checked_prefix(prefix)):
            with suppress(FileNotFoundError):  # deleted while we looked
                if is_key(key):
                    found.append(StoredObject(key=key, size_bytes=path.stat().st_size, sha256=None))
        return iter(sorted(found, key=lambda stored: stored.key))

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects, and what writers that were killed left over a day ago; absent ones are no error."""
        for key in keys:
            for path in (self._path(key), self._note(key)):
                with disk_errors(path), suppress(FileNotFoundError, NotADirectoryError):
                    if not path.is_dir():
                        path.unlink()
        for _, leftover in _files_below(self._parts, ""):
            with suppress(FileNotFoundError):
                if time.time() - leftover.stat().st_mtime > ABANDONED_AFTER_S:
                    leftover.unlink()

    def link(self, key: str, *, expires_s: int) -> str | None:  # noqa: ARG002 - a file's address does not expire
        """Return the URL at which ``dub-assets dev`` serves the object, or None if it does not."""
        path = quote(checked_key(key))
        return f"{self._address}/{path}" if self._address else None

    def path_of(self, key: str) -> Path:
        """Return the path of an object's file."""
        return self._path(key)

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _note(self, key: str) -> Path:
        return self._root / HIDDEN_FOLDER / "sha256" / key

    def _is_shared(self, path: Path) -> bool:
        return self._shared is not None and path.absolute().is_relative_to(self._shared)

    def _missing(self, key: str) -> ObjectMissingError:
        return ObjectMissingError(f"there is no object {key} in {self.description}: make it again")

    def _checksum(self, key: str, path: Path, signature: FileSignature) -> str:
        """The checksum remembered for this very file, else computed and remembered."""
        with suppress(FileNotFoundError, NotADirectoryError):
            sha256, _, noted = self._note(key).read_text(encoding="utf-8").partition(" ")
            if noted == _as_text(signature):
                return sha256
        sha256 = sha256_of(path)
        with suppress(OutOfSpaceError):  # a folder that can only be read is still a store to read from
            self._remember(key, signature, sha256)
        return sha256

    def _remember(self, key: str, signature: FileSignature, sha256: str) -> None:
        """Note a file's checksum. Before the file takes its name: a note that does not fit is no harm."""
        with atomic_file(self._note(key), folder=self._parts, lock=False) as part:
            part.write_text(f"{sha256} {_as_text(signature)}", encoding="utf-8")


def _as_text(signature: FileSignature) -> str:
    return f"{signature.size_bytes} {signature.mtime_ns} {signature.inode}"


def _place(source: Path, target: Path, *, link: bool) -> None:
    """Make ``target`` (which must not exist) a hard link to ``source`` where asked and possible, else a copy."""
    if link:
        try:
            target.hardlink_to(source)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
        else:
            return
    shutil.copyfile(source, target)


def _files_below(root: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """Every file below ``root`` whose relative POSIX path begins with ``prefix``, with that path, in no order."""
    for folder, subfolders, names in os.walk(root / prefix.rpartition("/")[0], onerror=_unless_gone):
        here = Path(folder)
        if here == root and HIDDEN_FOLDER in subfolders:
            subfolders.remove(HIDDEN_FOLDER)
        for name in names:
            path = here / name
            relative = path.relative_to(root).as_posix()
            if relative.startswith(prefix):
                yield relative, path


def _unless_gone(error: OSError) -> None:
    """Let a walk go on where a folder is not there (any more); everything else would make it silently short."""
    if error.errno not in {errno.ENOENT, errno.ENOTDIR}:
        raise error
