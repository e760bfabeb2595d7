"""Files that appear whole or not at all, and removing what killed processes left of them.

A writer holds a lock (flock) on its temporary file or folder. The kernel releases it when the process ends, however it
ends, so a temporary file without a lock is abandoned. Where the file system knows no locks, age decides.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from uuid import uuid4

from dub_assets.core.errors import OutOfSpaceError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_HELD = re.compile(r"\.(?:[0-9a-f]{32}\.partial(?:\.\w+)?|render-\w{8})")
"""Names of temporary files and folders that their writers lock."""
_UNHELD = re.compile(r"\.[0-9a-f]{32}\.part")
"""Names of temporary files of the object stores, which nobody locks: they may be hard links."""
_ABANDONED_S = 24 * 3600


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A path beside ``target``, with its suffix, that becomes ``target`` on leaving; after an error nothing is left.

    Raises OutOfSpaceError where the disk is full or the folder cannot be written.
    """
    partial = target.with_name(f".{uuid4().hex}.partial{target.suffix}")
    try:
        lock = _locked(partial)
    except OSError as error:
        raise cannot_write(target, error) from error
    try:
        yield partial
        partial.replace(target)
    except OSError as error:
        if error.errno in _FULL or error.filename2 is not None:
            raise cannot_write(target, error) from error
        raise
    finally:
        partial.unlink(missing_ok=True)
        os.close(lock)


@contextmanager
def render_folder(parent: Path) -> Iterator[Path]:
    """A temporary folder below ``parent``, removed on leaving."""
    with tempfile.TemporaryDirectory(dir=parent, prefix=".render-") as name:
        lock = _locked(Path(name))
        try:
            yield Path(name)
        finally:
            os.close(lock)


def remove_abandoned(folder: Path, *, below: bool) -> None:
    """Remove the temporary files in ``folder``, or also ``below`` it, that no process writes any more."""
    for parent, folders, names in os.walk(folder) if below else islice(os.walk(folder), 1):
        for name in [*folders, *names]:
            with suppress(OSError):  # removed meanwhile, or not ours to remove
                if _HELD.fullmatch(name):
                    _remove_unlocked(Path(parent, name))
                elif _UNHELD.fullmatch(name) and _is_old(Path(parent, name)):
                    Path(parent, name).unlink()


def cannot_write(target: Path, error: OSError) -> OutOfSpaceError:
    """What to tell where ``target`` cannot be written."""
    return OutOfSpaceError(f"cannot write {target} ({error.strerror}): free some space or choose another folder")


def _locked(path: Path) -> int:
    """Return a descriptor that holds a folder, or a file, which is made if it is not there."""
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    while True:
        descriptor = os.open(path, flags, 0o666)
        with suppress(OSError):  # no locks on this file system
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        if _is_same(descriptor, path):
            return descriptor
        os.close(descriptor)  # taken for abandoned between opening and locking


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
        pass  # a process writes it
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
    """Whether a file has not changed for a day; a hard link has its source's time of modification."""
    return time.time() - path.lstat().st_ctime > _ABANDONED_S
