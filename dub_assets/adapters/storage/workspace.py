"""The workspace: a folder of local files by object key, where stages write media and read that of other stages."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from dub_assets.core.errors import ObjectCorruptError, ObjectMissingError, OutOfSpaceError
from dub_assets.core.files import (
    FileSignature,
    atomic_file,
    disk_errors,
    remove_abandoned,
    sha256_of,
    signature_of,
    temporary_folder,
    write_atomic,
)
from dub_assets.core.media import MediaObject
from dub_assets.core.object_key import HIDDEN_FOLDER, checked_key, checked_prefix, content_type_of
from dub_assets.core.ports import ObjectStore


class LocalWorkspace:
    """Local files at ``root/<key>``, fetched from the store and published to it.

    Files are replaced and never changed in place, because a local store may share them by hard links. Checksums are
    kept by signature (size, mtime, inode), so each process reads an unchanged file once.
    """

    def __init__(self, root: Path, store: ObjectStore) -> None:
        self._root = root.absolute()
        self._store = store
        self._checksums: dict[Path, tuple[FileSignature, str]] = {}
        self._compared: set[MediaObject] = set()

    def new(self, key: str) -> Path:
        """Return the path to write the object ``key`` to. Its folder exists; an older file has been removed."""
        path = self._path(key)
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
        self._checksums.pop(path, None)  # a new file may get the inode, size and time of the one just unlinked
        return path

    def write(self, key: str, content: bytes) -> MediaObject:
        """Write a small file for ``key`` and return the reference to it."""
        write_atomic(self.new(key), content)
        return self.seal(key)

    def adopt(self, key: str) -> MediaObject:
        """Fetch an object that others wrote and return a reference to it. Raises ObjectMissingError.

        If the store has no checksum of it, it is fetched each time, since others may have replaced it.
        """
        stored = self._store.head(key)
        if stored is not None and stored.sha256 is not None:
            media = MediaObject(key=key, size_bytes=stored.size_bytes, sha256=stored.sha256)
            self.open(media)
        else:
            self._store.download(key, self._path(key))
            media = self.seal(key)
            self._compared.add(media)
        return media

    def seal(self, key: str) -> MediaObject:
        """Return the reference (size, sha256) to the file written for ``key``. Raises ObjectMissingError."""
        media = self._local(key)
        if media is None:
            raise ObjectMissingError(f"no file was written for {key} at {self._path(key)}: regenerate it")
        return media

    def copy(self, media: MediaObject, key: str) -> MediaObject:
        """Copy a stored object to another key, here too if its local file is here; return the reference to the copy.

        Raises ObjectMissingError, or ObjectCorruptError if the object is not the one that ``media`` names.
        """
        copied = replace(media, key=key)
        if not self.is_stored(copied):
            self._store.copy(media.key, key)
            if not self.is_stored(copied):
                raise ObjectCorruptError(f"{media.key} in {self._store.description} has changed: regenerate it")
        if self._is_here(media) and not self._is_here(copied):
            with suppress(OSError, OutOfSpaceError), atomic_file(self._path(key)) as part:
                part.hardlink_to(self._path(media.key))  # saves the download; not every file system has links
                self._checksums[self._path(key)] = signature_of(part), media.sha256
        return copied

    def open(self, media: MediaObject) -> Path:
        """Return a local file with this object's content, fetched and verified if it is not here yet.

        Raises ObjectMissingError or ObjectCorruptError.
        """
        path = self._path(media.key)
        if self._is_here(media):
            return path
        with atomic_file(path) as part:
            self._store.download(media.key, part)
            self._verify(media, part)
            self._checksums[path] = signature_of(part), media.sha256
        return path

    def publish(self, media: MediaObject) -> bool:
        """Upload the local file of an object unless the store has it; return whether it was uploaded.

        Raises ObjectMissingError if neither has it, and ObjectCorruptError if the local file has changed.
        """
        if self.is_stored(media):
            return False
        local = self._local(media.key)
        if local is None:
            raise ObjectMissingError(f"{media.key} is neither local nor in {self._store.description}: regenerate it")
        if local != media:
            raise ObjectCorruptError(f"the local file of {media.key} has changed since it was sealed: regenerate it")
        self._store.upload(
            media.key, self._path(media.key), content_type=content_type_of(media.key), sha256=media.sha256
        )
        return True

    def is_stored(self, media: MediaObject) -> bool:
        """Return whether the store has this object. Without a checksum there, the object is downloaded and compared."""
        stored = self._store.head(media.key)
        if stored is None or stored.size_bytes != media.size_bytes:
            return False
        if stored.sha256 is not None or media in self._compared:
            return stored.sha256 in {None, media.sha256}
        with disk_errors(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
        with temporary_folder(self._root) as folder:
            copy = folder / "copy"
            self._store.download(media.key, copy)
            if sha256_of(copy) != media.sha256:
                return False
        self._compared.add(media)
        return True

    @property
    def locks(self) -> Path:
        """Folder of the locks of jobs."""
        return self._root / HIDDEN_FOLDER / "locks"

    def remove_abandoned(self) -> None:
        """Remove the temporary files of killed processes that belong to no job."""
        remove_abandoned(self._root, recursive=False)

    def folder(self, key: str) -> Path:
        """Return the folder of the local file of ``key``, which may end in a slash; it may not exist."""
        return self._root / checked_prefix(key).rpartition("/")[0]

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _local(self, key: str) -> MediaObject | None:
        """Return the reference to the local file, or None if there is none."""
        path = self._path(key)
        try:
            signature = signature_of(path)
            known, sha256 = self._checksums.get(path, (None, ""))
            if known != signature:
                sha256 = sha256_of(path)
                self._checksums[path] = signature, sha256
        except FileNotFoundError:
            return None
        return MediaObject(key=key, size_bytes=signature.size_bytes, sha256=sha256)

    def _is_here(self, media: MediaObject) -> bool:
        """Return whether the local file is this object; its size is compared first, which costs nothing."""
        with suppress(FileNotFoundError):
            return self._path(media.key).stat().st_size == media.size_bytes and self._local(media.key) == media
        return False

    def _verify(self, media: MediaObject, path: Path) -> None:
        """Raise ObjectCorruptError if a fetched file is not this object."""
        size_bytes, sha256 = path.stat().st_size, sha256_of(path)
        if (size_bytes, sha256) != (media.size_bytes, media.sha256):
            raise ObjectCorruptError(
                f"{media.key} in {self._store.description} is not what its manifest says ({size_bytes} bytes instead of"
                f" {media.size_bytes}, sha256 {sha256[:12]} instead of {media.sha256[:12]}): regenerate it"
            )
