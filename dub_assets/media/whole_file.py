"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from dub_assets.domain.errors import OutOfSpaceError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A path beside ``target``, with its suffix, that becomes ``target`` on leaving; after an error nothing is left.

    Raises OutOfSpaceError where the disk is full or the folder cannot be written.
    """
    partial = target.with_name(f".{uuid4().hex}.partial{target.suffix}")
    try:
        partial.touch()
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


def cannot_write(target: Path, error: OSError) -> OutOfSpaceError:
    """What to tell where ``target`` cannot be written."""
    return OutOfSpaceError(f"cannot write {target} ({error.strerror}): free some space or choose another folder")
