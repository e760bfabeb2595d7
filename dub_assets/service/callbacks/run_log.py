"""A run and what its event log says of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg

_ENDS = {dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_CANCELED}
_TYPES = {
    *_ENDS,
    dg.DagsterEventType.ASSET_OBSERVATION,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_CANCELING,
}
_FROM_OUTSIDE = "This run has been marked as failed from outside the execution context."
_OUR_ERRORS = "dub_assets.core.errors."
_WILL_RETRY = "dagster/will_retry"
_RETRIED_BY = "dagster/auto_retry_run_id"
_FAILURE_REASON = "dagster/failure_reason"
_RETRY_FAILED = "Failed to retry run"
"""Dagster's own words, in an event of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLog:
    """A run with the events that callbacks are made of, in order, none after the first that ends the run.

    Only the first end counts: a run that is cancelled can write two.
    """

    run: dg.DagsterRun
    events: Sequence[dg.EventLogEntry]
    retry_failed: bool = False
    """Whether Dagster tried to repeat the run and could not, as while the code server is down."""

    @classmethod
    def of(cls, run: dg.DagsterRun, instance: dg.DagsterInstance) -> "RunLog":
        """The log of a run as it stands now."""
        log = cls.until_end(run, instance.all_logs(run.run_id, of_type=_TYPES))
        return replace(log, retry_failed=retry_failed(run, instance))

    @classmethod
    def until_end(cls, run: dg.DagsterRun, entries: Sequence[dg.EventLogEntry]) -> "RunLog":
        """The log without what others wrote behind its end."""
        events: list[dg.EventLogEntry] = []
        for entry in entries:
            events.append(entry)
            if event_of(entry).event_type in _ENDS:
                break
        return cls(run=run, events=events)

    @property
    def end(self) -> dg.EventLogEntry | None:
        """The event that ended the run."""
        last = self.events[-1] if self.events else None
        return last if last is not None and event_of(last).event_type in _ENDS else None

    @property
    def succeeded(self) -> bool:
        """Whether the run came to a good end."""
        return self.end is not None and event_of(self.end).event_type == dg.DagsterEventType.RUN_SUCCESS

    @property
    def failed_step(self) -> str | None:
        """The step that failed, or that was at work when the run was ended; None where none had begun."""
        failure = self._step_failure()
        if failure is not None:
            return failure.step_key
        begun = [event_of(entry) for entry in self.events]
        return next((event.step_key for event in reversed(begun) if event.is_step_start), None)

    @property
    def reason(self) -> str:
        """Why the run did not succeed: its step's own words, where it has some."""
        failure = self._step_failure()
        if failure is not None:
            return _words_of(failure)
        end = event_of(self.end) if self.end is not None else None
        canceling = [event_of(entry) for entry in self.events]
        asked = next((event.message for event in canceling if event.event_type_value == "PIPELINE_CANCELING"), None)
        if asked and "maximum runtime" in asked:
            return f"the run took too long: {asked}"
        if end is None or end.event_type == dg.DagsterEventType.RUN_CANCELED:
            return "the run was cancelled"
        if not end.message or _FROM_OUTSIDE in end.message:
            return "the run's process was killed or lost before it was done"
        return f"the run was ended: {end.message}"

    def _step_failure(self) -> dg.DagsterEvent | None:
        return next((event for event in map(event_of, self.events) if event.is_step_failure), None)


def retry_failed(run: dg.DagsterRun, instance: dg.DagsterInstance) -> bool:
    """Whether Dagster's daemon gave up repeating a failed run because the attempt to do so failed.

    It then takes its promise back (``dagster/will_retry: false``), though the reason may have passed by now.
    """
    if run.status != dg.DagsterRunStatus.FAILURE or run.tags.get(_WILL_RETRY) != "false" or _RETRIED_BY in run.tags:
        return False
    if run.tags.get(_FAILURE_REASON) == "STEP_FAILURE" or not instance.run_retries_enabled:
        return False
    entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    return any(event_of(entry).message == _RETRY_FAILED for entry in entries)


def last_event_id(run: dg.DagsterRun, instance: dg.DagsterInstance) -> int | None:
    """What tells the last of the events that callbacks are made of from later ones; None where there is none yet."""
    records = instance.get_records_for_run(run.run_id, of_type=_TYPES, limit=1, ascending=False).records
    return records[0].storage_id if records else None


def event_of(entry: dg.EventLogEntry) -> dg.DagsterEvent:
    """The event of an entry, which has one."""
    return entry.get_dagster_event()


def _words_of(event: dg.DagsterEvent) -> str:
    """What a failed step says: the description of its ``dg.Failure``, else the error that it raised."""
    data: Any = event.event_specific_data
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    error = data.error.cause or data.error
    return f"{event.step_key} failed: {error.message.strip().removeprefix(_OUR_ERRORS)}"
