"""The launcher of one machine: a process a run, as Dagster's own, and an eye on whether that process still lives."""

from __future__ import annotations

import time

import dagster as dg
import psutil
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

_NAMELESS_S = 60
"""How long a run may have begun without naming its process; it does so within a moment."""


class LocalRunLauncher(DefaultRunLauncher):
    """Dagster's launcher, but that a run whose process is gone is found out, whatever went with it.

    The stock launcher leaves that to the code server that started the process. Where both die, with the machine or one
    after the other, the run would be STARTED for ever. Here a run that has begun is asked for the process that it named
    in its log; it has to be there, and to have been there when it was named: another may have got its number since.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Dagster's monitoring may ask."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the process of a run that has begun is still there."""
        if not _is_of_this_machine(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING, "its code server is on another machine")
        named = self._named_process(run.run_id)
        if named is None:
            return self._nameless(run.run_id)
        pid, named_s = named
        if _lives(pid, named_s):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"its process {pid} is gone: it was killed or lost")

    def _named_process(self, run_id: str) -> tuple[int, float] | None:
        """The process that a run named last, and when (Unix time); None where it has named none."""
        named = None
        for entry in self._instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            pid = entry.get_dagster_event().engine_event_data.metadata.get("pid")
            if pid is not None:
                named = int(str(pid.value)), entry.timestamp
        return named

    def _nameless(self, run_id: str) -> CheckRunHealthResult:
        record = self._instance.get_run_record_by_id(run_id)
        begun_s = record.start_time if record else None
        if begun_s is None or time.time() - begun_s < _NAMELESS_S:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "it has not named its process yet")
        return CheckRunHealthResult(WorkerStatus.FAILED, "it has begun and never named its process")


def _is_of_this_machine(run: dg.DagsterRun) -> bool:
    """Whether a run was started here: by the command line, or by a code server that Dagster reaches here."""
    told = run.tags.get(GRPC_INFO_TAG, "")
    return not told or any(here in told for here in ('"socket"', '"localhost"', '"127.0.0.1"'))


def _lives(pid: int, named_s: float) -> bool:
    try:
        process = psutil.Process(pid)
        return process.create_time() <= named_s + 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
