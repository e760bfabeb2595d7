"""Retry groups: a run and its retries, whose callbacks are those of one job to one consumer."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import dagster as dg

from dub_assets.resources.tags import CALLBACK_URL, CALLBACKS, JOB_ID, TASK
from dub_assets.service.callbacks.callback_builders import CALLBACK_BUILDERS, outcome_name
from dub_assets.service.callbacks.dispatcher import QueueKey
from dub_assets.service.callbacks.run_log import RunLog, last_event_id
from dub_assets.service.run_recovery import RETRIED_BY, awaits_retry, retry_failed

_ROOT = "dagster/root_run_id"
_RETRY_STARTS_WITHIN_S = 3600.0
"""A retry that Dagster has announced and that has not started by then is not expected any more."""

_GOING_ON = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_RECENTLY = timedelta(minutes=1)

_RunState = tuple[dg.DagsterRunStatus, Mapping[str, str], int | None]
"""Status, tags and, until the run ends, the last event of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryGroup:
    """Runs in the order of their creation. ``origin`` is the id of the first run.

    The first run may be missing from ``runs``: then its callbacks are delivered.
    """

    origin: str
    runs: tuple[dg.DagsterRun, ...]

    @property
    def latest_run(self) -> dg.DagsterRun:
        """The run that was created last."""
        return self.runs[-1]

    @property
    def has_recipient(self) -> bool:
        """Whether the tags name a job, a callback URL and a task with a callback builder."""
        tags = self.latest_run.tags
        return JOB_ID in tags and CALLBACK_URL in tags and tags.get(TASK) in CALLBACK_BUILDERS

    @property
    def job_id(self) -> str:
        """The job of the runs."""
        return self.latest_run.tags[JOB_ID]

    @property
    def url(self) -> str:
        """The callback URL."""
        return self.latest_run.tags[CALLBACK_URL]

    @property
    def queue_key(self) -> QueueKey:
        """The delivery queue of the callbacks."""
        return self.job_id, urlsplit(self.url).netloc

    def is_fully_reported(self, stored: Collection[str]) -> bool:
        """Return whether every run's outcome is among the ``stored`` names or superseded by a retry."""
        unreported = [run for run in self.runs if outcome_name(run.run_id) not in stored]
        return self.latest_run not in unreported and all(RETRIED_BY in run.tags for run in unreported)


def retry_groups_of(runs: Iterable[dg.DagsterRun]) -> list[RetryGroup]:
    """Return the retry groups of runs in the order of creation, in the order of their first runs."""
    by_origin: dict[str, list[dg.DagsterRun]] = {}
    for run in runs:
        by_origin.setdefault(run.root_run_id or run.tags.get(_ROOT, run.run_id), []).append(run)
    return [RetryGroup(origin=origin, runs=tuple(members)) for origin, members in by_origin.items()]


def outcome_is_final(log: RunLog, instance: dg.DagsterInstance, *, now_s: float) -> bool:
    """Return whether a run has ended and Dagster is not going to retry it.

    Dagster announces a retry by a tag that it writes after the failure, and names the retry by another tag once it has
    created it.
    """
    run = log.run
    if not run.is_finished or log.end is None or RETRIED_BY in run.tags:
        return False
    may_be_retried = awaits_retry(run, retries_enabled=instance.run_retries_enabled) or retry_failed(run, instance)
    return not may_be_retried or now_s - log.end.timestamp > _RETRY_STARTS_WITHIN_S


class PendingRuns:
    """The retry groups of the runs that are tagged ``dub/callbacks: pending``, in the order of their first runs."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._states: dict[str, _RunState] = {}

    def all(self) -> list[RetryGroup]:
        """Return every retry group."""
        return retry_groups_of(self._runs(statuses=[*_GOING_ON, *_ENDED]))

    def changed(self, due: Collection[QueueKey] = ()) -> list[RetryGroup]:
        """Return the groups of the jobs that are ``due`` or have a run that changed since the last call.

        A job is returned completely, because its callbacks are delivered in order. Runs that ended more than a minute
        ago are not compared: there are many while a consumer is down.
        """
        recent = self._runs(statuses=_GOING_ON)
        recent += self._runs(statuses=_ENDED, updated_after=datetime.now(UTC) - _RECENTLY)
        states = {run.run_id: self._state(run) for run in recent}
        changed = [run for run in recent if states[run.run_id] != self._states.get(run.run_id)]
        self._states = states
        jobs = {run.tags[JOB_ID] for run in changed if JOB_ID in run.tags} | {job_id for job_id, _ in due}
        if not jobs:
            return []
        return retry_groups_of(self._runs(statuses=[*_GOING_ON, *_ENDED], tags={JOB_ID: sorted(jobs)}))

    def _runs(self, *, tags: Mapping[str, Any] = MappingProxyType({}), **filters: Any) -> list[dg.DagsterRun]:
        pending = dg.RunsFilter(tags={CALLBACKS: "pending", **tags}, **filters)
        return [record.dagster_run for record in self._instance.get_run_records(filters=pending, ascending=True)]

    def _state(self, run: dg.DagsterRun) -> _RunState:
        return run.status, run.tags, None if run.is_finished else last_event_id(run, self._instance)
