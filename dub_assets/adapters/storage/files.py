"""Files on disk: written whole or not at all, told apart by signature and checksum, errors in plain words."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dub_assets.adapters.storage.object_key import HIDDEN_FOLDER
from dub_assets.core.errors import ConfigurationError, InputError, OutOfSpaceError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EROFS}
_BAD_NAME = {errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What tells two states of a file apart without reading it."""

    size_bytes: int
    mtime_ns: int
    inode: int


def signature_of(path: Path) -> Signature:
    """The signature of the file as it is now. Raises FileNotFoundError."""
    status = path.stat()
    return Signature(size_bytes=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino)


def sha256_of(path: Path) -> str:
    """The sha256 of a file's content (hexadecimal), read as a stream."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Report a full, closed or unsuitable disk as errors of dub_assets; other errors pass."""
    try:
        yield
    except OSError as error:
        reason = f"cannot use {path}: {error.strerror}"
        if error.errno in _NO_SPACE:
            raise OutOfSpaceError(f"{reason}; free some space or choose another folder") from error
        if error.errno in _NO_ACCESS:
            # Not always the target's fault: a source that may not be read ends here too.
            raise OutOfSpaceError(
                f"cannot use {error.filename or path}: {error.strerror}; give access to it or choose another one"
            ) from error
        if error.errno in _BAD_NAME:
            raise InputError(f"{reason}; a shorter name, or one that no file or folder has, would do") from error
        if error.errno == errno.EXDEV:
            raise ConfigurationError(f"{reason}; the store's folder must be one file system") from error
        raise


@contextmanager
def replacing(target: Path, *, folder: Path | None = None, durable: bool = True) -> Iterator[Path]:
    """A path to write to; the file written there takes ``target``'s place on leaving, whole, or not at all.

    The path lies in ``folder`` (on the same file system), else beside ``target``. ``durable`` files are on the disk
    before they are seen under their name.
    """
    part = (folder or target.parent) / f".{uuid.uuid4().hex}.part"
    with disk_errors(target):
        for parent in (target.parent, part.parent):
            parent.mkdir(parents=True, exist_ok=True)
        try:
            yield part
            if durable:
                _sync(part)
            part.replace(target)
        finally:
            # Also after a success: renaming one hard link over another of the same file leaves both.
            part.unlink(missing_ok=True)


def place(source: Path, target: Path, *, link: bool) -> None:
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


def files_below(root: Path, prefix: str) -> Iterator[tuple[str, Path]]:
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


def _sync(path: Path) -> None:
    """Wait until a file's content is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
