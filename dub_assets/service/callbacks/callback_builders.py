"""Callback builders: the callbacks of a run, built from the run's event log alone.

An event log only grows, and callbacks are built from its start. Reading it again gives the same callbacks in the same
order. A retry skips the callbacks that its retry group has stored, by name.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.errors import ObjectCorruptError, ObjectMissingError, PermanentError
from dub_assets.core.request import DubRequest
from dub_assets.resources.tags import EDIT, JOB_ID, PROJECT_ID, REQUEST_KEY, TASK
from dub_assets.service.callbacks.bodies import (
    completed,
    dub_failed,
    message_refused,
    progress,
    segment_mix_failed,
    segment_tts_failed,
)
from dub_assets.service.callbacks.edit_callbacks import EditCallbackBuilder
from dub_assets.service.callbacks.outbox import PendingCallback
from dub_assets.service.callbacks.run_log import RunLog, event_of
from dub_assets.service.callbacks.values import STAGES, Callback, Failure, Json, ProgressStage, Subject, encoded_body
from dub_assets.service.segment_request import SegmentMixRequest, SegmentTtsRequest

RequestT = TypeVar("RequestT")

_OBSERVED = dg.DagsterEventType.ASSET_OBSERVATION
_STAGE_OF_EVENT: Mapping[tuple[dg.DagsterEventType, str], ProgressStage] = {
    (_OBSERVED, "source_video"): "downloaded",
    (dg.DagsterEventType.ASSET_MATERIALIZATION, "transcript"): "stt_completed",
    (dg.DagsterEventType.STEP_START, "translation"): "mt_prepare",
    (dg.DagsterEventType.ASSET_MATERIALIZATION, "translation"): "mt_completed",
    (dg.DagsterEventType.STEP_START, "tts_segments"): "tts_prepare",
    (dg.DagsterEventType.ASSET_MATERIALIZATION, "tts_segments"): "tts_completed",
}
_PROGRESS = {stage for stage, (status, *_) in STAGES.items() if status == "in_progress"}
CALLBACK_STAGE = "callback_stage"
CALLBACK_KEY = "callback_key"
"""The metadata of an observation by which the op of a segment task reports a callback: its stage and its body's key."""

_CALLBACK = "callback"
"""The metadata key under which ops of earlier versions observed the body itself."""


class CallbackBuilder(Protocol):
    """Builds the bodies of one run's callbacks."""

    def stage(self, event: dg.DagsterEvent) -> str | None:
        """Return the stage that an event reports, None if it reports none."""
        ...

    def progress(self, event: dg.DagsterEvent) -> Json:
        """Return the body for an event that reports a stage."""
        ...

    def completed(self, log: RunLog) -> Json:
        """Return the body for a run that succeeded. Raises PermanentError if its result is missing."""
        ...

    def failed(self, failure: Failure, step: str | None) -> Json:
        """Return the body for a run that failed in ``step``, None if no step had started."""
        ...


def new_callbacks(
    log: RunLog, builder: CallbackBuilder, *, stored: Collection[str], is_final: bool
) -> list[PendingCallback]:
    """Return the callbacks of a run whose names are not among ``stored``, in order.

    ``is_final`` says whether the run's outcome, once it is in the log, is to be reported.
    """
    callbacks = list(_progress(log, builder, stored))
    name = outcome_name(log.run.run_id)
    if is_final and log.end is not None and name not in stored:
        body = encoded_body(_outcome(log, builder))
        callbacks.append(PendingCallback(name=name, created_s=log.end.timestamp, body=body))
    return callbacks


def outcome_name(run_id: str) -> str:
    """Return the name of the callback that reports a run's outcome."""
    return f"end of {run_id}"


def _progress(log: RunLog, builder: CallbackBuilder, stored: Collection[str]) -> Iterator[PendingCallback]:
    names = set(stored)
    for entry in log.events:
        event = event_of(entry)
        stage = builder.stage(event)
        if stage is not None and stage not in names:
            names.add(stage)
            yield PendingCallback(name=stage, created_s=entry.timestamp, body=encoded_body(builder.progress(event)))


def _outcome(log: RunLog, builder: CallbackBuilder) -> Json:
    if not log.succeeded:
        return builder.failed(log.failure, log.failed_step)
    try:
        return builder.completed(log)
    except PermanentError as error:
        return builder.failed(Failure.of(error), None)


class FullPipelineBuilder:
    """Builds the callbacks of ``full_pipeline``: six of progress, then the metadata document's segments."""

    def __init__(self, run: dg.DagsterRun, archive: JobArchive) -> None:
        self._run = run
        self._archive = archive

    def stage(self, event: dg.DagsterEvent) -> ProgressStage | None:
        """Return the stage that an event of an asset reports."""
        name = event.step_key if event.is_step_start else event.asset_key and event.asset_key.path[-1]
        return _STAGE_OF_EVENT.get((event.event_type, name or ""))

    def progress(self, event: dg.DagsterEvent) -> Json:
        """Return the body for an event that reports a stage."""
        stage = self.stage(event)
        if stage is None:
            raise ValueError(f"{event.event_type_value} reports no stage")
        return progress(self._subject(), stage).body

    def completed(self, log: RunLog) -> Json:
        """Return the body for a run that succeeded."""
        request = self._archive.load(DubRequest, log.run.tags[REQUEST_KEY])
        document = json.loads(self._archive.store.get(request.metadata_key))
        return completed(request, document).body

    def failed(self, failure: Failure, step: str | None) -> Json:
        """Return the body for a run that failed in ``step``."""
        return dub_failed(self._subject(), failure, step=step).body

    def _subject(self) -> Subject:
        request = _find_request(DubRequest, self._run, self._archive)
        return Subject.of(request) if request else _subject(self._run)


class SegmentTaskBuilder:
    """Builds the callbacks of a segment task, whose op stores their bodies and observes the keys of these.

    The last body is sent once the run has succeeded. ``failure`` builds the callback of a run that failed.
    """

    def __init__(
        self, run: dg.DagsterRun, archive: JobArchive, failure: Callable[[dg.DagsterRun, JobArchive, Failure], Callback]
    ) -> None:
        self._run = run
        self._archive = archive
        self._failure = failure

    def stage(self, event: dg.DagsterEvent) -> str | None:
        """Return the observed stage if it is one of progress."""
        stage = _observed_stage(event)
        return stage if stage in _PROGRESS else None

    def progress(self, event: dg.DagsterEvent) -> Json:
        """Return the body that an event has observed."""
        return self._observed_body(event)

    def completed(self, log: RunLog) -> Json:
        """Return the last observed body. Raises ObjectMissingError if the run observed none at its end."""
        events = [event for event in map(event_of, log.events) if _observed_stage(event) not in {None, *_PROGRESS}]
        if not events:
            raise ObjectMissingError("the run succeeded without saying what it made: look into its log")
        return self._observed_body(events[-1])

    def failed(self, failure: Failure, step: str | None) -> Json:  # noqa: ARG002 - the stage is the task's, not the step's
        """Return the body for a run that failed."""
        return self._failure(self._run, self._archive, failure).body

    def _observed_body(self, event: dg.DagsterEvent) -> Json:
        metadata = _observed(event)
        if CALLBACK_KEY in metadata:
            body: Json = json.loads(self._archive.store.get(metadata[CALLBACK_KEY].value))
            return body
        if _CALLBACK not in metadata:
            raise ValueError(f"{event.event_type_value} observes no callback")
        observed: Json = metadata[_CALLBACK].value
        return observed


def _mix_failure(run: dg.DagsterRun, archive: JobArchive, failure: Failure) -> Callback:
    request = _find_request(SegmentMixRequest, run, archive)
    indices = [segment.index for segment in request.segments] if request else []
    return segment_mix_failed(_subject(run), failure, indices=indices)


def _tts_failure(run: dg.DagsterRun, archive: JobArchive, failure: Failure) -> Callback:
    request = _find_request(SegmentTtsRequest, run, archive)
    return segment_tts_failed(_subject(run), failure, index=request.index if request else None)


def _refusal(run: dg.DagsterRun, archive: JobArchive, failure: Failure) -> Callback:  # noqa: ARG001 - the run has it all
    """Return the failure of a run that an earlier version made of a refused message, from its configuration."""
    configuration: Any = run.run_config
    config = configuration["ops"]["refused_message"]["config"]
    refusal = replace(failure, error_code="invalid_message")
    return message_refused(_subject(run), refusal, task=config.get("task"), segments=config.get("segments", ()))


CALLBACK_BUILDERS: Mapping[str, Callable[[dg.DagsterRun, JobArchive], CallbackBuilder]] = {
    "full_pipeline": FullPipelineBuilder,
    "segment_mix": lambda run, archive: _segment_task_builder(run)(run, archive, _mix_failure),
    "segment_tts": lambda run, archive: _segment_task_builder(run)(run, archive, _tts_failure),
    "refused": lambda run, archive: SegmentTaskBuilder(run, archive, _refusal),
}
"""The callback builder of each task, by the tag ``dub/task`` of its runs."""


def callback_builder_of(run: dg.DagsterRun, archive: JobArchive) -> CallbackBuilder:
    """Return the callback builder of a run's task. Raises KeyError if the task has none."""
    return CALLBACK_BUILDERS[run.tags[TASK]](run, archive)


def _segment_task_builder(run: dg.DagsterRun) -> type[EditCallbackBuilder] | type[SegmentTaskBuilder]:
    """Return the builder for a job's own segments, or for external ones."""
    return EditCallbackBuilder if EDIT in run.tags else SegmentTaskBuilder


def _observed(event: dg.DagsterEvent) -> Mapping[str, Any]:
    """Return the metadata of an observation; none if the event is no observation."""
    data: Any = event.event_specific_data
    return data.asset_observation.metadata if event.event_type == _OBSERVED else {}


def _observed_stage(event: dg.DagsterEvent) -> str | None:
    """Return the stage of the callback that an event has observed, None if it observes none."""
    metadata = _observed(event)
    if CALLBACK_STAGE in metadata:
        return str(metadata[CALLBACK_STAGE].value)
    return metadata[_CALLBACK].value["metadata"]["stage"] if _CALLBACK in metadata else None


def _subject(run: dg.DagsterRun) -> Subject:
    """Return the job that a run's tags name."""
    return Subject(job_id=run.tags[JOB_ID], project_id=run.tags.get(PROJECT_ID))


def _find_request(kind: type[RequestT], run: dg.DagsterRun, archive: JobArchive) -> RequestT | None:
    """Return a run's request; None if it is missing or damaged, so that the run's failure can be reported."""
    try:
        return archive.load(kind, run.tags[REQUEST_KEY])
    except (ObjectMissingError, ObjectCorruptError):
        return None
