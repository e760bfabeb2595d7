"""Cancellation of jobs: ends every open run of a job, for the command line and for messages.

A cancellation is stored until all its runs have ended. Dagster writes a run's status without a lock, so a run that is
cancelled while it is started can start all the same, and a failed run can be about to be retried: each pass of
``pursue`` ends what has become open again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.errors import InputError
from dub_assets.core.keys import CANCELLATIONS, cancellation_key, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.resources.tags import PROJECT_ID
from dub_assets.service.job_runs import runs_of
from dub_assets.service.run_recovery import awaits_retry

_log = logging.getLogger(__name__)

_ENDS_BY_ITSELF_S = 4.0
"""How long a run that was interrupted is left alone. A second signal would interrupt its cleaning up."""

_PURSUED_S = 15.0
"""For how long an ended run may still become open: Dagster's daemon may be about to start or to queue it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """A message's request to cancel a job; ``project_id`` None: of the project that the job id belongs to."""

    job_id: str
    project_id: str | None
    callback_url: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """A stored request to end runs.

    ``origins`` are the ids of the first run of each retry group. Runs that are requested later are not among them.
    """

    job_id: str
    origins: tuple[str, ...]
    requested_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRuns:
    """The runs of a job that may be cancelled, the latest first."""

    runs: tuple[dg.DagsterRun, ...]
    open: tuple[dg.DagsterRun, ...]


class Cancellations:
    """The cancellations of a Dagster instance and a store."""

    def __init__(self, instance: dg.DagsterInstance, archive: JobArchive) -> None:
        self._instance = instance
        self._archive = archive

    def find(self, job_id: str) -> JobRuns:
        """Return the runs of a job, of whichever projects. Raises InputError if there is no such job."""
        runs, owner = self._runs(job_id)
        if not runs and owner is None:
            raise InputError(f"there is no job {job_id!r}: nothing was cancelled")
        return self._job_runs(runs)

    def find_in_project(self, job_id: str, project_id: str | None) -> JobRuns:
        """Return the runs of a project's job; None: of the project that the job id belongs to.

        A job id belongs to the project that had it dubbed first. Raises InputError if there is no such job, or if
        ``project_id`` is None and several projects use the id for external segments.
        """
        runs, owner = self._runs(job_id)
        users = {run.tags.get(PROJECT_ID, owner) for run in runs} - {None}
        if project_id is None and owner is None and len(users) > 1:
            raise InputError(f"{len(users)} projects use the job_id {job_id!r}: name the project by project_id")
        project_id = project_id or owner or next(iter(users), None)
        runs = [run for run in runs if run.tags.get(PROJECT_ID, owner) == project_id]
        if not runs and (owner is None or project_id != owner):
            where = f" in project {project_id!r}" if project_id is not None else ""
            raise InputError(f"there is no job {job_id!r}{where}: nothing was cancelled")
        return self._job_runs(runs)

    def _runs(self, job_id: str) -> tuple[list[dg.DagsterRun], str | None]:
        """Return the runs of a job, and the project that it belongs to, None if it was never dubbed."""
        record = self._archive.find(DubRequest, job_record_key(job_id))
        runs = [record.dagster_run for record in runs_of(self._instance, job_id)]
        return runs, record.project_id if record else None

    def _job_runs(self, runs: list[dg.DagsterRun]) -> JobRuns:
        return JobRuns(runs=tuple(runs), open=tuple(run for run in runs if self._is_open(run)))

    def begin(self, job_id: str, runs: JobRuns) -> None:
        """Store a cancellation of the open runs, and end those that can be ended now."""
        origins = tuple(sorted({_origin(run) for run in runs.open}))
        cancellation = Cancellation(job_id=job_id, origins=origins, requested_s=time.time())
        self._archive.save(cancellation_key(job_id), cancellation)
        self._end(runs.open)

    def pursue(self, job_id: str | None = None) -> None:
        """End the runs of all stored cancellations, or of one job's, that are open; forget those that have ended."""
        keys = [cancellation_key(job_id)] if job_id else [item.key for item in self._archive.store.list(CANCELLATIONS)]
        for key in keys:
            cancellation = self._archive.find(Cancellation, key)
            if cancellation is None:
                continue
            age_s = time.time() - cancellation.requested_s
            records = runs_of(self._instance, cancellation.job_id)
            runs = [record.dagster_run for record in records if _origin(record.dagster_run) in cancellation.origins]
            still_open = [run for run in runs if self._is_open(run)]
            self._end(run for run in still_open if age_s > _ENDS_BY_ITSELF_S or not _is_ending(run))
            if not still_open and age_s > _PURSUED_S:
                self._archive.store.delete([key])

    def _is_open(self, run: dg.DagsterRun) -> bool:
        return not run.is_finished or awaits_retry(run, retries_enabled=self._instance.run_retries_enabled)

    def _end(self, runs: Iterable[dg.DagsterRun]) -> None:
        for run in runs:
            try:
                self._end_run(run)
            except Exception:  # noqa: BLE001  # whatever the launcher raises: the next pass tries again
                _log.exception("run %s cannot be cancelled now", run.run_id)

    def _end_run(self, run: dg.DagsterRun) -> None:
        """End a run. One that has failed and awaits its retry is left alone: the retry is ended once it is created."""
        if run.is_finished:
            return
        if run.status is dg.DagsterRunStatus.NOT_STARTED:  # the coordinator does not know it yet
            self._instance.report_run_canceled(run, "The run was cancelled before it was queued.")
        else:
            self._instance.run_coordinator.cancel_run(run.run_id)


def _is_ending(run: dg.DagsterRun) -> bool:
    return run.status is dg.DagsterRunStatus.CANCELING


def _origin(run: dg.DagsterRun) -> str:
    return run.root_run_id or run.run_id
