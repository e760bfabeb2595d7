"""A run with the part of its event log that callbacks are built from."""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from dub_assets.resources.step_failure import refusal, step_failure
from dub_assets.service.callbacks.values import Failure

_ENDS = {dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_CANCELED}
_TYPES = {
    *_ENDS,
    dg.DagsterEventType.ASSET_OBSERVATION,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_CANCELING,
}
_OUR_ERRORS = "dub_assets.core.errors."

_FAILED_FROM_OUTSIDE = "This run has been marked as failed from outside the execution context."


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLog:
    """A run and its events in order, up to the first that ends the run: a run that is cancelled can write two."""

    run: dg.DagsterRun
    events: Sequence[dg.EventLogEntry]

    @classmethod
    def of(cls, run: dg.DagsterRun, instance: dg.DagsterInstance) -> "RunLog":
        """Read the log of a run."""
        return cls.until_end(run, instance.all_logs(run.run_id, of_type=_TYPES))

    @classmethod
    def until_end(cls, run: dg.DagsterRun, entries: Sequence[dg.EventLogEntry]) -> "RunLog":
        """Return the log without the entries after the run's end."""
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
        """Whether the run ended successfully."""
        return self.end is not None and event_of(self.end).event_type == dg.DagsterEventType.RUN_SUCCESS

    @property
    def failed_step(self) -> str | None:
        """The step that failed, else the one that started last; None if no step had started."""
        failures = (event_of(entry) for entry in self.events)
        failed = next((event.step_key for event in failures if event.is_step_failure), None)
        newest_first = (event_of(entry) for entry in reversed(self.events))
        return failed or next((event.step_key for event in newest_first if event.is_step_start), None)

    @property
    def failure(self) -> Failure:
        """Why the run did not succeed."""
        events = [event_of(entry) for entry in self.events]
        canceling = next((event.message for event in events if event.event_type_value == "PIPELINE_CANCELING"), None)
        if canceling and "maximum runtime" in canceling:
            return Failure(error=f"the run took too long: {canceling}", error_code="infrastructure")
        end = event_of(self.end) if self.end is not None else None
        if end is None or end.event_type == dg.DagsterEventType.RUN_CANCELED:
            return Failure(error="cancelled", error_code="cancelled")
        failed = next(filter(None, map(step_failure, events)), None)
        if failed is not None:
            line = (
                refusal(events)
                or failed.description
                or f"{failed.step} failed: {failed.error.removeprefix(_OUR_ERRORS)}"
            )
            return Failure(error=line, error_code=failed.error_code)
        if not end.message or _FAILED_FROM_OUTSIDE in end.message:
            line = "the run's process was killed or lost before it was done"
            return Failure(error=line, error_code="infrastructure")
        return Failure(error=f"the run was ended: {end.message}", error_code="infrastructure")


def last_event_id(run: dg.DagsterRun, instance: dg.DagsterInstance) -> int | None:
    """Return the storage id of the last event that callbacks are built from, None if there is none yet."""
    records = instance.get_records_for_run(run.run_id, of_type=_TYPES, limit=1, ascending=False).records
    return records[0].storage_id if records else None


def event_of(entry: dg.EventLogEntry) -> dg.DagsterEvent:
    """Return the event of an entry. Raises if it has none."""
    return entry.get_dagster_event()
