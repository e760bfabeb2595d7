"""The lock of a job: one process at a time works on a job's objects.

The kernel releases the lock when its process ends, however it ends. The lock file names the process that holds it, and
stays: only the lock counts, not the file. A process that holds the lock may take it again, as a run within a run does.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from dub_assets.core.errors import InputError
from dub_assets.core.files import disk_errors

_POLL_S = 0.2
_MAX_NAME = 200


@contextmanager
def job_lock(
    folders: Sequence[Path],
    job_id: str,
    *,
    waits: Callable[[str], None],
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """Hold the lock of a job in each of ``folders`` inside the block, and wait while another process holds one.

    ``waits`` is called once before waiting, with one line that names the other process. ``cancelled`` is asked while
    waiting. Raises InputError if it ends the wait.
    """
    with ExitStack() as held:
        for folder in folders:
            file = folder / f"{job_id}.lock"
            with disk_errors(file):
                folder.mkdir(parents=True, exist_ok=True)
                lock = FileLock(file, thread_local=False, is_singleton=True, poll_interval=_POLL_S)
                held.enter_context(_acquired(lock, file, job_id, waits=waits, cancelled=cancelled))
                file.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")
        yield


def _acquired(
    lock: FileLock, file: Path, job_id: str, *, waits: Callable[[str], None], cancelled: Callable[[], bool]
) -> AbstractContextManager[object]:
    """Acquire a lock, and return a context that releases it."""
    with suppress(Timeout):
        return lock.acquire(blocking=False)
    waits(f"job {job_id} is in use by {_holder(file)}: waiting until that ends")
    try:
        return lock.acquire(cancel_check=cancelled)
    except Timeout as error:
        raise InputError(f"job {job_id} is still in use by {_holder(file)}: run it again later") from error


def _holder(file: Path) -> str:
    """Return the process that a lock file names. Its holder may not have written it yet."""
    return file.read_text(encoding="utf-8", errors="replace")[:_MAX_NAME] or "another process"
