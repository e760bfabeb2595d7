"""What is told of the runs of each task, from their events to the contract's bodies. A new task adds a line below."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.errors import ObjectCorruptError, ObjectMissingError
from dub_assets.core.request import DubRequest
from dub_assets.resources.tags import JOB_ID, PROJECT_ID, REQUEST_KEY, TASK
from dub_assets.service.callbacks.outbox import CallbackBuilder, Json
from dub_assets.service.callbacks.run_log import RunLog, event_of
from dub_assets.service.callbacks.segment_callback import segment_mix_failed, segment_tts_failed
from dub_assets.service.callbacks.values import (
    Callback,
    ProgressStage,
    Subject,
    completed,
    dub_failed,
    message_refused,
    progress,
)
from dub_assets.service.segment_request import SegmentMixRequest, SegmentTtsRequest

Kind = TypeVar("Kind")

_OBSERVED = dg.DagsterEventType.ASSET_OBSERVATION
_STAGES: Mapping[tuple[dg.DagsterEventType, str], ProgressStage] = {
    (_OBSERVED, "source_video"): "downloaded",
    (dg.DagsterEventType.ASSET_MATERIALIZATION, "transcript"): "stt_completed",
    (dg.DagsterEventType.STEP_START, "translation"): "mt_prepare",
    (dg.DagsterEventType.ASSET_MATERIALIZATION, "translation"): "mt_completed",
    (dg.DagsterEventType.STEP_START, "tts_segments"): "tts_prepare",
    (dg.DagsterEventType.ASSET_MATERIALIZATION, "tts_segments"): "tts_completed",
}
_CALLBACK = "callback"
"""Where the observations of other tasks have their callback's body."""


class FullPipelineTeller:
    """``full_pipeline``: six stages on the way, then the metadata document."""

    def __init__(self, run: dg.DagsterRun, archive: JobArchive) -> None:
        self._run = run
        self._archive = archive

    def stage(self, event: dg.DagsterEvent) -> str | None:
        """The stage on the way that an event stands for."""
        return _stage(event)

    def progress(self, event: dg.DagsterEvent) -> Json:
        """The body for an event that stands for a stage."""
        stage = _stage(event)
        if stage is None:
            raise ValueError(f"{event.event_type_value} stands for no stage")
        return progress(self._subject(), stage).body

    def completed(self, log: RunLog) -> Json:
        """The body for a run that succeeded, with the segments of the metadata document."""
        request = _request(DubRequest, log.run, self._archive)
        document = json.loads(self._archive.store.get(request.metadata_key))
        return completed(request, document).body

    def failed(self, error: str, step: str | None) -> Json:
        """The body for a run that did not."""
        return dub_failed(self._subject(), error, asset=step).body

    def _subject(self) -> Subject:
        request = _found_request(DubRequest, self._run, self._archive)
        return Subject.of(request) if request else _subject(self._run)


class SegmentTeller:
    """A task on segments: its runs observe the bodies of their callbacks, at their start and at their end.

    The last is told once the run has succeeded. ``failure`` makes the body of one that did not.
    """

    def __init__(
        self, run: dg.DagsterRun, archive: JobArchive, failure: Callable[[dg.DagsterRun, JobArchive, str], Callback]
    ) -> None:
        self._run = run
        self._archive = archive
        self._failure = failure

    def stage(self, event: dg.DagsterEvent) -> str | None:
        """The stage on the way that an event stands for."""
        body = _observed_body(event)
        return body["metadata"]["stage"] if body and body["status"] == "in_progress" else None

    def progress(self, event: dg.DagsterEvent) -> Json:
        """The body that an event carries."""
        body = _observed_body(event)
        if body is None:
            raise ValueError(f"{event.event_type_value} carries no callback")
        return body

    def completed(self, log: RunLog) -> Json:
        """The body that was observed last. Raises ObjectMissingError where the run observed none at its end."""
        bodies = [body for body in map(_observed_body, map(event_of, log.events)) if body and body["status"] == "done"]
        if not bodies:
            raise ObjectMissingError("the run succeeded without saying what it made: look into its log")
        return bodies[-1]

    def failed(self, error: str, step: str | None) -> Json:  # noqa: ARG002 - the task itself is the stage
        """The body for a run that did not succeed."""
        return self._failure(self._run, self._archive, error).body


def _mix_failure(run: dg.DagsterRun, archive: JobArchive, error: str) -> Callback:
    request = _found_request(SegmentMixRequest, run, archive)
    indices = [segment.index for segment in request.segments] if request else []
    return segment_mix_failed(_subject(run), error, indices=indices)


def _tts_failure(run: dg.DagsterRun, archive: JobArchive, error: str) -> Callback:
    request = _found_request(SegmentTtsRequest, run, archive)
    if request is None:
        return message_refused(_subject(run), error, task="segment_tts")
    return segment_tts_failed(_subject(run), error, index=request.index)


def _refusal(run: dg.DagsterRun, archive: JobArchive, error: str) -> Callback:  # noqa: ARG001 - all is in the run
    """The failure of a run that only says why its message is refused; its configuration has what could be read."""
    configuration: Any = run.run_config
    known = configuration["ops"]["refused_message"]["config"]
    task, segments = known.get("task"), known.get("segments", ())
    if task == "segment_mix" and segments:
        return segment_mix_failed(_subject(run), error, indices=segments)
    if task == "segment_tts" and segments:
        return segment_tts_failed(_subject(run), error, index=segments[0])
    return message_refused(_subject(run), error, task=task)


_TELLERS: Mapping[str, Callable[[dg.DagsterRun, JobArchive], CallbackBuilder]] = {
    "full_pipeline": FullPipelineTeller,
    "segment_mix": lambda run, archive: SegmentTeller(run, archive, _mix_failure),
    "segment_tts": lambda run, archive: SegmentTeller(run, archive, _tts_failure),
    "refused": lambda run, archive: SegmentTeller(run, archive, _refusal),
}


TASKS_TOLD = frozenset(_TELLERS)
"""The tasks whose runs can be told of."""


def callback_builder_of(run: dg.DagsterRun, archive: JobArchive) -> CallbackBuilder:
    """Who tells of a run: its task's teller."""
    return _TELLERS[run.tags[TASK]](run, archive)


def _stage(event: dg.DagsterEvent) -> ProgressStage | None:
    name = event.step_key if event.is_step_start else event.asset_key and event.asset_key.path[-1]
    return _STAGES.get((event.event_type, name or ""))


def _observed_body(event: dg.DagsterEvent) -> Json | None:
    """The callback's body that an observation carries."""
    if event.event_type != _OBSERVED:
        return None
    data: Any = event.event_specific_data
    value = data.asset_observation.metadata.get(_CALLBACK)
    return value.value if value is not None else None


def _subject(run: dg.DagsterRun) -> Subject:
    """The job, as far as the run's tags tell."""
    return Subject(job_id=run.tags[JOB_ID], project_id=run.tags.get(PROJECT_ID))


def _request(kind: type[Kind], run: dg.DagsterRun, archive: JobArchive) -> Kind:
    return archive.load(kind, run.tags[REQUEST_KEY])


def _found_request(kind: type[Kind], run: dg.DagsterRun, archive: JobArchive) -> Kind | None:
    """The run's request; None where it is lost, which is why the run fails and no reason to say nothing of it."""
    try:
        return _request(kind, run, archive)
    except (ObjectMissingError, ObjectCorruptError):
        return None
