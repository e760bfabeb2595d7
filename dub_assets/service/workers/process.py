"""``python -m dub_assets.service.workers.process RUN_ID ARGUMENTS``: the process of one run.

A run has at most one process at a time. A second one, started because the first was taken for lost, exits at once.
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from dub_assets.adapters.dagster_private import (
    ExecuteRunArgs,
    capture_interrupts,
    execute_run,
)

LOCKS = "runs"
"""Folder of the Dagster home with the locks of runs; a killed process leaves its lock."""


def main(run_id: str, packed: str) -> int:
    """Execute a run; return the process's exit code."""
    arguments = dg.deserialize_value(packed, ExecuteRunArgs)
    if arguments.instance_ref is None:
        raise ValueError("the arguments name no Dagster instance")
    with (
        capture_interrupts(),
        dg.DagsterInstance.from_ref(arguments.instance_ref) as instance,
        only_process(run_id, Path(instance.root_directory) / LOCKS) as is_only,
    ):
        if not is_only:
            return 0
        return execute_run(run_id, instance, _ignored)


@contextmanager
def only_process(run_id: str, folder: Path) -> Iterator[bool]:
    """Hold the lock of a run; False if another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{run_id}.lock"
    with file.open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            file.unlink(missing_ok=True)


def _ignored(_: dg.DagsterEvent) -> None:
    """Ignore an event: it is in the run's log, and nothing reads this process's output."""


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
