"""An object store in a local folder, where an object's key is its path."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from dub_assets.core.errors import ObjectMissingError, OutOfSpaceError
from dub_assets.core.files import (
    FileSignature,
    atomic_file,
    disk_errors,
    remove_abandoned,
    sha256_of,
    signature_of,
    temporary_folder,
)
from dub_assets.core.media import StoredObject
from dub_assets.core.object_key import HIDDEN_FOLDER, checked_key, checked_prefix, is_key, link_to

_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""Errors of a hard link after which a copy may succeed."""


class LocalObjectStore:
    """Objects as files below ``root``.

    Checksums are stored under ``root/.dub_assets/sha256/<key>`` with the file's signature (size, mtime, inode) and
    computed again if the signature differs. So ``head`` is correct for files that others copied, restored or edited.

    Files below ``shared`` (the workspace) are hard-linked instead of copied. This is safe because the workspace
    replaces files and never changes one in place.

    ``address`` is the URL of the link server; None if nothing serves the files.
    """

    def __init__(self, root: Path, *, shared: Path | None = None, address: str | None = None) -> None:
        self._root = root.absolute()
        self._address = address
        self._shared = shared.absolute() if shared else None
        self._parts = self._root / HIDDEN_FOLDER / "parts"

    @property
    def description(self) -> str:
        """Path of the folder."""
        return str(self._root)

    def head(self, key: str) -> StoredObject | None:
        """Return size and checksum of an object, or None; reads the file if its checksum is not stored."""
        path = self._path(key)
        with disk_errors(path), suppress(FileNotFoundError, NotADirectoryError):
            signature = signature_of(path)
            if path.is_file():
                sha256 = self._checksum(key, path, signature)
                return StoredObject(key=key, size_bytes=signature.size_bytes, sha256=sha256)
        return None

    def get(self, key: str) -> bytes:
        """Return the content of a small object. Raises ObjectMissingError."""
        path = self._path(key)
        with disk_errors(path):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                raise self._missing(key) from error

    def put(self, key: str, content: bytes, content_type: str) -> None:  # noqa: ARG002 - a file has no content type
        """Write a small object atomically."""
        with atomic_file(self._path(key), folder=self._parts, durable=True) as part:
            part.write_bytes(content)
            self._store_checksum(key, signature_of(part), hashlib.sha256(content).hexdigest())

    def create(self, key: str, content: bytes, content_type: str) -> bool:  # noqa: ARG002 - a file has no content type
        """Write a small object atomically if there is none yet; return whether it was written."""
        path = self._path(key)
        with disk_errors(path):
            for folder in (path.parent, self._parts):
                folder.mkdir(parents=True, exist_ok=True)
            with temporary_folder(self._parts) as temporary:
                part = temporary / path.name
                part.write_bytes(content)
                try:
                    path.hardlink_to(part)
                except FileExistsError:
                    return False
        return True

    def copy(self, source: str, key: str) -> None:
        """Make an object a hard link to another one: files of the store are replaced and never changed in place."""
        path, target = self._path(source), self._path(key)
        if not path.is_file():
            raise self._missing(source)
        with atomic_file(target, folder=self._parts, durable=True) as part:
            _place(path, part, link=True)
            signature = signature_of(part)
            self._store_checksum(key, signature, self._checksum(source, part, signature))

    def download(self, key: str, target: Path) -> None:
        """Download an object to a file atomically. Raises ObjectMissingError."""
        path = self._path(key)
        if not path.is_file():
            raise self._missing(key)
        with atomic_file(target) as part:
            _place(path, part, link=self._is_shared(target))

    def upload(
        self,
        key: str,
        source: Path,
        *,
        content_type: str,  # noqa: ARG002 - a file has no content type
        sha256: str,
    ) -> None:
        """Upload a file as an object atomically, and store its checksum."""
        with atomic_file(self._path(key), folder=self._parts, durable=True) as part:
            _place(source, part, link=self._is_shared(source))
            self._store_checksum(key, signature_of(part), sha256)

    def list(self, prefix: str, *, recursive: bool = True) -> Iterator[StoredObject]:
        """Return every object whose key begins with ``prefix``, sorted by key, without checksums."""
        objects = []
        for key, path in _files_below(self._root, checked_prefix(prefix), recursive=recursive):
            with suppress(FileNotFoundError):  # deleted meanwhile
                if is_key(key):
                    objects.append(StoredObject(key=key, size_bytes=path.stat().st_size, sha256=None))
        return iter(sorted(objects, key=lambda stored: stored.key))

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects, and the temporary files of killed writers; missing ones are ignored."""
        for key in keys:
            for path in (self._path(key), self._checksum_path(key)):
                with disk_errors(path), suppress(FileNotFoundError, NotADirectoryError):
                    if not path.is_dir():
                        path.unlink()
        self.remove_abandoned()

    def link(self, key: str) -> str | None:
        """Return the URL at which the link server serves the object, or None without one."""
        return link_to(self._address, key)

    @property
    def locks(self) -> Path:
        """Folder of the locks of jobs."""
        return self._root / HIDDEN_FOLDER / "locks"

    def remove_abandoned(self) -> None:
        """Remove the temporary files of killed writers."""
        remove_abandoned(self._parts, recursive=False)

    def path_of(self, key: str) -> Path:
        """Return the path of an object's file."""
        return self._path(key)

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _checksum_path(self, key: str) -> Path:
        return self._root / HIDDEN_FOLDER / "sha256" / key

    def _is_shared(self, path: Path) -> bool:
        return self._shared is not None and path.absolute().is_relative_to(self._shared)

    def _missing(self, key: str) -> ObjectMissingError:
        return ObjectMissingError(f"there is no object {key} in {self.description}: regenerate it")

    def _checksum(self, key: str, path: Path, signature: FileSignature) -> str:
        """Return the stored checksum of a file with this signature, else compute and store it."""
        with suppress(FileNotFoundError, NotADirectoryError):
            sha256, _, signature_text = self._checksum_path(key).read_text(encoding="utf-8").partition(" ")
            if signature_text == _as_text(signature):
                return sha256
        sha256 = sha256_of(path)
        with suppress(OutOfSpaceError):  # a read-only folder can still be read
            self._store_checksum(key, signature, sha256)
        return sha256

    def _store_checksum(self, key: str, signature: FileSignature, sha256: str) -> None:
        """Store a file's checksum before the file gets its name. A checksum of another signature is ignored."""
        with atomic_file(self._checksum_path(key), folder=self._parts) as part:
            part.write_text(f"{sha256} {_as_text(signature)}", encoding="utf-8")


def _as_text(signature: FileSignature) -> str:
    return f"{signature.size_bytes} {signature.mtime_ns} {signature.inode}"


def _place(source: Path, target: Path, *, link: bool) -> None:
    """Make ``target``, which must not exist, a hard link to ``source`` if ``link`` and possible, else a copy."""
    if link:
        try:
            target.hardlink_to(source)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
        else:
            return
    shutil.copyfile(source, target)


def _files_below(root: Path, prefix: str, *, recursive: bool) -> Iterator[tuple[str, Path]]:
    """Yield relative POSIX path and path of every file below ``root`` whose relative path begins with ``prefix``."""
    for folder, subfolders, names in os.walk(root / prefix.rpartition("/")[0], onerror=_unless_gone):
        here = Path(folder)
        if here == root and HIDDEN_FOLDER in subfolders:
            subfolders.remove(HIDDEN_FOLDER)
        if not recursive:
            subfolders.clear()
        for name in names:
            path = here / name
            relative = path.relative_to(root).as_posix()
            if relative.startswith(prefix):
                yield relative, path


def _unless_gone(error: OSError) -> None:
    """Ignore missing folders in a walk. Any other error is raised: ignoring it would make the list incomplete."""
    if error.errno not in {errno.ENOENT, errno.ENOTDIR}:
        raise error
