"""Local files: atomic writes, checksums, disk errors, and the temporary files that killed processes leave behind.

>>> with atomic_file(Path("results/talk.json")) as partial:
...     partial.write_text("{}")

A writer holds a lock (flock) on its temporary file or folder. The kernel releases the lock when the process ends, so a
temporary file without a lock is abandoned. On a file system without locks, and for files written without one, a
temporary file is abandoned after a day.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import uuid4

from dub_assets.core.errors import ConfigurationError, InputError, OutOfSpaceError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EROFS}
_BAD_NAME = {errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}

_LOCKED_NAME = re.compile(r"\.(?:[0-9a-f]{32}\.partial(?:\.\w+)?|render-\w{8})")
_UNLOCKED_NAME = re.compile(r"\.[0-9a-f]{32}\.part")
ABANDONED_AFTER_S = 24 * 3600
"""Age from which a temporary file without a lock is abandoned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSignature:
    """A file's state as far as it is known without reading the file; a changed file has another signature."""

    size_bytes: int
    mtime_ns: int
    inode: int


def signature_of(path: Path) -> FileSignature:
    """Return a file's signature. Raises FileNotFoundError."""
    status = path.stat()
    return FileSignature(size_bytes=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino)


def sha256_of(path: Path) -> str:
    """Return the sha256 (hexadecimal) of a file, read as a stream."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_file(
    target: Path, *, folder: Path | None = None, durable: bool = False, lock: bool = True
) -> Iterator[Path]:
    """Yield a temporary path whose file replaces ``target`` on leaving; after an error ``target`` is unchanged.

    The temporary path has the suffix of ``target`` and is an empty, locked file. With ``lock=False`` it does not exist
    yet, for writers that replace the file or make it a hard link. It lies in ``folder`` (on the same file system), else
    beside ``target``; missing folders are made. ``durable`` waits until the content is on the disk.

    Raises OutOfSpaceError, InputError or ConfigurationError for disk errors, see ``disk_errors``.
    """
    suffix = f".partial{target.suffix}" if lock else ".part"
    partial = (folder or target.parent) / f".{uuid4().hex}{suffix}"
    descriptor = None
    with disk_errors(target):
        for parent in (target.parent, partial.parent):
            parent.mkdir(parents=True, exist_ok=True)
        try:
            if lock:
                descriptor = _lock(partial)
            yield partial
            if durable:
                _sync(partial)
            partial.replace(target)
        finally:
            # Needed after success too: renaming a hard link over another link of the same file leaves both.
            partial.unlink(missing_ok=True)
            if descriptor is not None:
                os.close(descriptor)


def write_atomic(target: Path, content: bytes) -> None:
    """Write ``content`` to ``target`` whole or not at all; see ``atomic_file``."""
    with atomic_file(target) as partial:
        partial.write_bytes(content)


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Yield a locked temporary folder below ``parent``, removed on leaving."""
    with tempfile.TemporaryDirectory(dir=parent, prefix=".render-") as name:
        descriptor = _lock(Path(name))
        try:
            yield Path(name)
        finally:
            os.close(descriptor)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn disk errors into errors of dub_assets: no space, no access, an unusable name. Other errors pass."""
    try:
        yield
    except OSError as error:
        reason = f"cannot use {path}: {error.strerror}"
        if is_disk_full(error):
            raise disk_full(path, error.strerror) from error
        if error.errno in _NO_ACCESS:
            # The file that cannot be accessed may be a source instead of the target.
            raise OutOfSpaceError(
                f"cannot use {error.filename or path}: {error.strerror}; give access to it or choose another one"
            ) from error
        if error.errno in _BAD_NAME:
            raise InputError(f"{reason}; choose a shorter name, or one that no file or folder has") from error
        if error.errno == errno.EXDEV:
            raise ConfigurationError(f"{reason}; the store's folder must be one file system") from error
        raise


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error says that a disk, a quota or a file is full."""
    return isinstance(error, OSError) and error.errno in _NO_SPACE


def disk_full(path: Path, reason: str | None) -> OutOfSpaceError:
    """Return the error for a path that cannot be written because the disk is full."""
    return OutOfSpaceError(f"cannot use {path}: {reason}; free some space or choose another folder")


def require_writable(folder: Path, *, advice: str) -> None:
    """Make a folder if it is missing, and check that a file can be written to it.

    Raises ConfigurationError, which ends with ``advice``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigurationError(f"cannot write to {folder} ({error.strerror}): {advice}") from error


def remove_abandoned(folder: Path, *, recursive: bool) -> None:
    """Remove the temporary files in ``folder``, and below it if ``recursive``, that no process writes any more."""
    for parent, folders, names in os.walk(folder) if recursive else islice(os.walk(folder), 1):
        for name in [*folders, *names]:
            path = Path(parent, name)
            with suppress(OSError):  # removed meanwhile, or no permission to remove it
                if _LOCKED_NAME.fullmatch(name):
                    _remove_unlocked(path)
                elif _UNLOCKED_NAME.fullmatch(name) and _is_old(path):
                    path.unlink()


def _lock(path: Path) -> int:
    """Lock a folder, or a file that is made if missing, and return the descriptor that holds the lock."""
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    while True:
        descriptor = os.open(path, flags, 0o666)
        with suppress(OSError):  # no locks on this file system
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        if _is_same(descriptor, path):
            return descriptor
        os.close(descriptor)  # removed as abandoned between opening and locking


def _is_same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _remove_unlocked(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(path)
    except BlockingIOError:
        pass  # a live process writes it
    except OSError:  # no locks on this file system
        if _is_old(path):
            _remove(path)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_old(path: Path) -> bool:
    """Return whether a file has not changed for a day. A hard link has its source's mtime, so the ctime counts."""
    return time.time() - path.lstat().st_ctime > ABANDONED_AFTER_S


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
