"""The last runs of jobs, from Dagster's run storage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from dub_assets.service.job_runs import job_of

_RUNS_READ = 2000


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


def last_runs(instance: dg.DagsterInstance) -> dict[str, LastRun]:
    """Return the last run of each job, the latest first."""
    runs: dict[str, LastRun] = {}
    for record in instance.get_run_records(limit=_RUNS_READ):
        job_id = job_of(record.dagster_run)
        if job_id is not None and job_id not in runs:
            runs[job_id] = run_of(record)
    return runs


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
