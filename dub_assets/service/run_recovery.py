"""Recovery of runs that Dagster has lost track of: retries that it announced, and starts whose process died."""

from collections.abc import Iterable

import dagster as dg

from dub_assets.adapters.dagster_private import WorkerStatus

_RETRY_OVERDUE_S = 60.0
"""Dagster's daemon creates a retry within a few seconds."""

_FAILED_RETRY_AGAIN_S = 20.0
"""Pause before a retry that could not be created is tried again, for an hour (``outcome_is_final``)."""

_MAX_STARTS = 20
_OVERDUE = "The retry of this run is overdue: its failure is reported again, so that Dagster retries it."

# Tags and messages of Dagster
RETRIED_BY = "dagster/auto_retry_run_id"
_WILL_RETRY = "dagster/will_retry"
_STRATEGY = "dagster/retry_strategy"
_FAILURE_REASON = "dagster/failure_reason"
_RETRY_FAILED = "Failed to retry run"


def awaits_retry(run: dg.DagsterRun, *, retries_enabled: bool) -> bool:
    """Return whether a run has failed and Dagster will retry it, or has not decided yet."""
    if run.status != dg.DagsterRunStatus.FAILURE or RETRIED_BY in run.tags:
        return False
    return run.tags.get(_WILL_RETRY, "true" if retries_enabled else "false") == "true"


def retry_failed(run: dg.DagsterRun, instance: dg.DagsterInstance) -> bool:
    """Return whether Dagster's daemon tried to retry a failed run and could not, for example without the code server.

    The daemon then sets ``dagster/will_retry`` to ``false``, though the cause may have passed by now.
    """
    if run.status != dg.DagsterRunStatus.FAILURE or run.tags.get(_WILL_RETRY) != "false" or RETRIED_BY in run.tags:
        return False
    if run.tags.get(_FAILURE_REASON) == "STEP_FAILURE" or not instance.run_retries_enabled:
        return False
    entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    return any(entry.get_dagster_event().message == _RETRY_FAILED for entry in entries)


def renotify_failures(instance: dg.DagsterInstance, runs: Iterable[dg.DagsterRun], *, now_s: float) -> None:
    """Report failures again whose retries are overdue, so that Dagster's daemon handles them again.

    The daemon reads a failure from the event log, then the run. It skips a run whose status is written between the two,
    though the run is tagged to be retried. If it cannot create the retry, for example while the code server is down, it
    removes that tag. Another failure in the log makes it try again; it retries no run twice.
    """
    retries_enabled = instance.run_retries_enabled
    for run in runs:
        could_not_retry = retry_failed(run, instance)
        if not could_not_retry and not awaits_retry(run, retries_enabled=retries_enabled):
            continue
        failures = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        pause_s = _FAILED_RETRY_AGAIN_S if could_not_retry else _RETRY_OVERDUE_S
        if failures and now_s - failures[-1].timestamp > pause_s:
            if could_not_retry:  # no step may be left to retry alone; unchanged products are kept in any case
                instance.add_run_tags(run.run_id, {_STRATEGY: "ALL_STEPS"})
            instance.report_run_failed(run, _OVERDUE)


def requeue_lost_starts(instance: dg.DagsterInstance) -> list[str]:
    """Put starting runs whose process is lost back into Dagster's queue, and return their ids.

    Dagster's monitoring checks the processes of started runs only. A starting run fails after
    ``start_timeout_seconds``, which has to be long because of busy hosts.
    """
    launcher = instance.run_launcher
    if not getattr(launcher, "checks_starting_runs", False):
        return []
    starting = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING]))
    return [run.run_id for run in starting if _is_lost(instance, run) and _requeue(instance, run.run_id)]


def _is_lost(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    return instance.run_launcher.check_run_worker_health(run).status is WorkerStatus.FAILED


def _requeue(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Queue a run again, or fail it after too many starts. Return whether it is queued."""
    run = instance.get_run_by_id(run_id)
    if run is None or run.status is not dg.DagsterRunStatus.STARTING:
        return False
    starts = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.PIPELINE_ENQUEUED).records
    if len(starts) >= _MAX_STARTS:
        instance.report_run_failed(run, f"The run's process was lost before it began, {len(starts)} times.")
        return False
    instance.report_engine_event("The run's process was lost before it began: the run is queued again.", run)
    instance.report_dagster_event(dg.DagsterEvent.job_enqueue(run), run_id=run_id)
    return True
