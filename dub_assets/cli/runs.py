"""The last runs of jobs, from Dagster's run storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from dub_assets.service.job_runs import job_of, runs_of

_PAGE = 100

STATES = {
    "waiting": [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED],
    "running": [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING],
    "done": [dg.DagsterRunStatus.SUCCESS],
    "failed": [dg.DagsterRunStatus.FAILURE],
    "cancelled": [dg.DagsterRunStatus.CANCELED],
}
"""The states of jobs that ``jobs --state`` selects, with the statuses of their last runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The last run of a job. Times are Unix seconds; None: the run has not started or ended."""

    run_id: str
    name: str
    status: str
    created_s: float
    started_s: float | None
    ended_s: float | None

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "run_id": self.run_id,
            "name": self.name,
            "status": self.status,
            "created_at": iso_time(self.created_s),
            "started_at": iso_time(self.started_s),
            "ended_at": iso_time(self.ended_s),
        }


def iso_time(at_s: float | None) -> str | None:
    """Return a time as ISO 8601 in UTC."""
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")


def local_time(at_s: float) -> str:
    """Return a time in the local time zone, to the minute."""
    return datetime.fromtimestamp(at_s).astimezone().strftime("%Y-%m-%d %H:%M")


def status_word(status: dg.DagsterRunStatus) -> str:
    """Return a status as it is shown, such as ``not started``."""
    return status.value.lower().replace("_", " ")


def last_runs(instance: dg.DagsterInstance, state: str | None = None) -> Iterator[tuple[str, LastRun]]:
    """Yield each job with its last run, the latest first; only those in a state of ``STATES`` if it is given.

    Runs are read in pages, so the cost grows with the jobs that are taken.
    """
    seen: set[str] = set()
    filters, cursor = dg.RunsFilter(statuses=STATES[state]) if state else None, None
    while page := instance.get_run_records(filters, limit=_PAGE, cursor=cursor):
        for record in page:
            job_id = job_of(record.dagster_run)
            if job_id is None or job_id in seen:
                continue
            seen.add(job_id)
            if state is None or runs_of(instance, job_id, limit=1)[0].storage_id == record.storage_id:
                yield job_id, run_of(record)
        cursor = page[-1].dagster_run.run_id


def stage_states(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    """Return the state of each started step of a run: ``running``, ``done``, ``failed`` or ``skipped``."""
    words = {"IN_PROGRESS": "running", "SUCCESS": "done", "FAILURE": "failed", "SKIPPED": "skipped"}
    stats = instance.get_run_step_stats(run_id)
    return {step.step_key: words[step.status.value] for step in stats if step.status}


def run_of(record: dg.RunRecord) -> LastRun:
    """Return a run as it is shown."""
    run = record.dagster_run
    return LastRun(
        run_id=run.run_id,
        name=run.job_name,
        status=status_word(run.status),
        created_s=record.create_timestamp.timestamp(),
        started_s=record.start_time,
        ended_s=record.end_time,
    )
