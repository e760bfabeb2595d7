"""Runs that are told of as one: a run, and those that Dagster or a person repeated it with."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import dagster as dg

from dub_assets.resources.tags import CALLBACK_URL, JOB_ID, TASK
from dub_assets.service.callbacks.callback_builders import TASKS_TOLD
from dub_assets.service.callbacks.outbox import end_name
from dub_assets.service.callbacks.run_log import RunLog

_ROOT = "dagster/root_run_id"
_WILL_RETRY = "dagster/will_retry"
_RETRIED_BY = "dagster/auto_retry_run_id"
_RETRY_COMES_WITHIN_S = 3600.0
"""A retry that Dagster promised and that did not come by then does not come any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The runs, in the order of their creation; ``origin`` is the id of the first, stamped long ago or not."""

    origin: str
    runs: tuple[dg.DagsterRun, ...]

    @property
    def last(self) -> dg.DagsterRun:
        """The run that goes on."""
        return self.runs[-1]

    @property
    def is_addressed(self) -> bool:
        """Whether the runs say whom to tell of what."""
        tags = self.last.tags
        return JOB_ID in tags and CALLBACK_URL in tags and tags.get(TASK) in TASKS_TOLD

    @property
    def job_id(self) -> str:
        """The job that the runs work on."""
        return self.last.tags[JOB_ID]

    @property
    def url(self) -> str:
        """Where to tell of them."""
        return self.last.tags[CALLBACK_URL]

    @property
    def endpoint(self) -> str:
        """The host that the URL names."""
        return urlsplit(self.url).netloc

    @property
    def channel(self) -> tuple[str, str]:
        """What is told in order: all of one job at one endpoint."""
        return self.job_id, self.endpoint

    def is_fully_reported(self, sealed: Collection[str]) -> bool:
        """Whether there is nothing more to seal: every run's end is, or another run goes on in its place."""
        open_runs = [run for run in self.runs if end_name(run.run_id) not in sealed]
        return self.last not in open_runs and all(_RETRIED_BY in run.tags for run in open_runs)


def chains_of(runs: Iterable[dg.DagsterRun]) -> list[Chain]:
    """The chains of runs that come in the order of their creation; in the order of their first runs."""
    by_origin: dict[str, list[dg.DagsterRun]] = {}
    for run in runs:
        by_origin.setdefault(run.root_run_id or run.tags.get(_ROOT, run.run_id), []).append(run)
    return [Chain(origin=origin, runs=tuple(members)) for origin, members in by_origin.items()]


def end_is_to_be_told(log: RunLog, *, now_s: float, retries_enabled: bool) -> bool:
    """Whether a run's end is the last word on it, for the time being: not while Dagster is going to repeat it.

    Dagster says so in a tag that it writes after the failure, and with another one once the repetition is there.
    """
    run = log.run
    if not run.is_finished or log.end is None or _RETRIED_BY in run.tags:
        return False
    open_still = log.retry_failed or awaits_repetition(run, retries_enabled=retries_enabled)
    return not open_still or now_s - log.end.timestamp > _RETRY_COMES_WITHIN_S


def awaits_repetition(run: dg.DagsterRun, *, retries_enabled: bool) -> bool:
    """Whether a run has failed and Dagster is going to repeat it, or has not yet said that it is not."""
    if run.status != dg.DagsterRunStatus.FAILURE or _RETRIED_BY in run.tags:
        return False
    return run.tags.get(_WILL_RETRY, "true" if retries_enabled else "false") == "true"
