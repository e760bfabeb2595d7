"""Runs whose process was lost before it began go back to Dagster's queue.

Dagster's monitoring checks the processes of runs that have started. A run that is STARTING it only fails after
``start_timeout_seconds``, which a busy host may well need.
"""

import dagster as dg
from dagster._core.launcher import WorkerStatus

_MOST_STARTS = 20
"""Starts after which a run that never begins is failed."""


def requeue_lost_starts(instance: dg.DagsterInstance) -> list[str]:
    """Queue the runs again that wait for a process that is gone; their ids are returned."""
    launcher = instance.run_launcher
    if not getattr(launcher, "checks_starting_runs", False):
        return []
    starting = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING]))
    return [run.run_id for run in starting if _is_lost(instance, run) and _requeue(instance, run.run_id)]


def _is_lost(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    return instance.run_launcher.check_run_worker_health(run).status is WorkerStatus.FAILED


def _requeue(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id)
    if run is None or run.status is not dg.DagsterRunStatus.STARTING:
        return False
    starts = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.PIPELINE_ENQUEUED).records
    if len(starts) >= _MOST_STARTS:
        instance.report_run_failed(run, f"The run's process was lost before it began, {len(starts)} times.")
        return False
    instance.report_engine_event("The run's process was lost before it began: the run is queued again.", run)
    instance.report_dagster_event(dg.DagsterEvent.job_enqueue(run), run_id=run_id)
    return True
