"""Local files: atomic writes, checksums, disk errors, and the temporary files that killed processes leave behind.

>>> with atomic_file(Path("results/talk.json")) as partial:
...     partial.write_text("{}")

A writer holds a lock (flock) on its temporary folder. The kernel releases the lock when the process ends, so a
temporary folder without a lock is abandoned. On a file system without locks it is abandoned after a day.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import resource
import shutil
import sqlite3
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from itertools import islice
from pathlib import Path
from uuid import uuid4

from dub_assets.core.errors import ConfigurationError, InputError, OutOfSpaceError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DATABASE_FAULTS = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
_NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EROFS}
_BAD_NAME = {errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP}

_TEMPORARY_NAME = re.compile(r"\.(?:[0-9a-f]{32}\.partial(?:\.\w+)?|render-\w{8})")
"""Names of temporary folders, and of the temporary files and folders of earlier versions."""
_UNLOCKED_NAME = re.compile(r"\.[0-9a-f]{32}\.part")
"""Names of temporary files that earlier versions wrote without a lock."""
_BLOCK_BYTES = 4096
_ABANDONED_AFTER_S = 24 * 3600
"""Age from which a temporary file or folder whose lock cannot be tested is abandoned."""


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


def open_regular(path: Path) -> BufferedReader:
    """Open a file that a user names, for reading. Raises OSError if it is none, such as a pipe, which may never end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer would block
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    number, reason = (errno.EISDIR, "a folder") if stat.S_ISDIR(mode) else (errno.EINVAL, "no regular file")
    raise OSError(number, f"it is {reason}", str(path))


def sha256_of(path: Path) -> str:
    """Return the sha256 (hexadecimal) of a file, read as a stream. Raises OSError if it is no regular file."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_file(target: Path, *, folder: Path | None = None, durable: bool = False) -> Iterator[Path]:
    """Yield a temporary path whose file replaces ``target`` on leaving; after an error ``target`` is unchanged.

    The temporary path has the name of ``target``, and no file is there yet. It lies in a temporary folder in
    ``folder`` (on the same file system), else beside ``target``; missing folders are made. ``durable`` waits until the
    content is on the disk.

    Raises OutOfSpaceError, InputError or ConfigurationError for disk errors, see ``disk_errors``.
    """
    with disk_errors(target):
        for parent in (target.parent, folder or target.parent):
            parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(folder or target.parent) as temporary:
            partial = temporary / target.name
            yield partial
            if durable:
                _sync(partial)
            partial.replace(target)


def write_atomic(target: Path, content: bytes) -> None:
    """Write ``content`` to ``target`` whole or not at all; see ``atomic_file``."""
    with atomic_file(target) as partial:
        partial.write_bytes(content)


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Yield a locked temporary folder below ``parent``, removed on leaving."""
    folder, descriptor = _locked_folder(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
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


def full_disk_of(error: BaseException | None) -> str | None:
    """Return the fault of a full disk that caused an error, also one of a SQLite database; None if there is none."""
    while error is not None:
        if is_disk_full(error):
            return str(error)
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DATABASE_FAULTS:  # the other bits say where
            return f"a database of Dagster cannot be written ({error})"
        error = error.__cause__ or error.__context__
    return None


def disk_full(path: Path, reason: str | None) -> OutOfSpaceError:
    """Return the error for a path that cannot be written because the disk is full."""
    return OutOfSpaceError(f"cannot use {path}: {reason}; free some space or choose another folder")


def require_writable(folder: Path, *, advice: str, size_bytes: int = 0) -> None:
    """Make a folder if it is missing, and check that a file of ``size_bytes`` can be written to it.

    Raises ConfigurationError, which ends with ``advice``.
    """
    try:
        str(folder.absolute()).encode()
    except UnicodeEncodeError as error:
        raise ConfigurationError(f"cannot use {folder} (its name is not UTF-8): {advice}") from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0" * _BLOCK_BYTES)
            file.flush()
        free_bytes = min(shutil.disk_usage(folder).free, _largest_file())
    except OSError as error:
        raise ConfigurationError(f"cannot write to {folder} ({error.strerror}): {advice}") from error
    if free_bytes < size_bytes:
        raise ConfigurationError(
            f"cannot write to {folder} ({free_bytes} bytes can be written, {size_bytes} are needed): {advice}"
        )


def _largest_file() -> int:
    """Return the size in bytes to which this process may write a file."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


def remove_abandoned(folder: Path, *, recursive: bool) -> None:
    """Remove the temporary files in ``folder``, and below it if ``recursive``, that no process writes any more."""
    for parent, folders, names in os.walk(folder) if recursive else islice(os.walk(folder), 1):
        for name in [*folders, *names]:
            path = Path(parent, name)
            with suppress(OSError):  # removed meanwhile, or no permission to remove it
                if _TEMPORARY_NAME.fullmatch(name):
                    _remove_unlocked(path)
                elif _UNLOCKED_NAME.fullmatch(name) and _is_old(path):
                    path.unlink()


def _locked_folder(parent: Path) -> tuple[Path, int]:
    """Return a new temporary folder, and the descriptor that holds its lock."""
    while True:
        folder = parent / f".{uuid4().hex}.partial"
        folder.mkdir()
        with suppress(FileNotFoundError):  # removed as abandoned before it was locked
            descriptor = os.open(folder, os.O_RDONLY)
            with suppress(OSError):  # no locks on this file system
                fcntl.flock(descriptor, fcntl.LOCK_SH)
            if _is_same(descriptor, folder):
                return folder, descriptor
            os.close(descriptor)


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
    return time.time() - path.lstat().st_ctime > _ABANDONED_AFTER_S


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
