"""Callbacks of edits of a job's own segments, built from the events of an asset run and what the run stored.

Ops on external segments observe the bodies of their callbacks instead (``callback_builders.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.errors import ObjectMissingError
from dub_assets.core.keys import JobKeys, job_record_key, segment_name
from dub_assets.core.request import DubRequest
from dub_assets.core.signal.level import decibels
from dub_assets.resources.tags import REQUEST_KEY, TASK
from dub_assets.service.callbacks.bodies import (
    SpokenSegment,
    segment_mix_completed,
    segment_mix_started,
    segment_tts_completed,
    segment_tts_started,
)
from dub_assets.service.callbacks.run_log import RunLog, event_of
from dub_assets.service.callbacks.values import Callback, Failure, Json, Subject
from dub_assets.service.segment_request import SegmentMixKeys, SegmentMixOrder, SegmentMixRequest, SegmentTtsRequest
from dub_assets.stages.segment_mixes.values import SegmentMixes

_FIRST_STEP = {"segment_mix": "segment_mixes", "segment_tts": "translation"}
_STARTED = {"segment_mix": "segment_mix_started", "segment_tts": "segment_tts_started"}

_MIXES = dg.AssetKey("segment_mixes")


class EditCallbackBuilder:
    """Builds the callbacks of a run of ``edit_segments_job`` that a message asked for.

    ``failure`` builds the callback of a run that failed, as for external segments.
    """

    def __init__(
        self, run: dg.DagsterRun, archive: JobArchive, failure: Callable[[dg.DagsterRun, JobArchive, Failure], Callback]
    ) -> None:
        self._run = run
        self._archive = archive
        self._failure = failure
        self._task = run.tags[TASK]

    def stage(self, event: dg.DagsterEvent) -> str | None:
        """Return the stage that an event reports: the task's first step is its start."""
        is_first = event.is_step_start and event.step_key == _FIRST_STEP[self._task]
        return _STARTED[self._task] if is_first and self._edit is not None else None

    def progress(self, event: dg.DagsterEvent) -> Json:
        """Return the body for the start."""
        if self._edit is None:
            raise ValueError(f"{event.event_type_value} reports no stage")
        request, record = self._edit
        if isinstance(request, SegmentTtsRequest):
            return segment_tts_started(edit_subject(request, record), index=request.index).body
        return segment_mix_started(edit_subject(request, record), count=len(request.segments)).body

    def completed(self, log: RunLog) -> Json:
        """Return the body for a run that succeeded. Raises ObjectMissingError if its request is missing."""
        if self._edit is None:
            raise ObjectMissingError(f"the request {self._run.tags[REQUEST_KEY]} or the record of its job is missing")
        request, record = self._edit
        subject = edit_subject(request, record)
        result_key = record.result_key if request.rebuild_video else None
        if isinstance(request, SegmentTtsRequest):
            spoken = own_spoken_segment(request, record, self._speech_gain(log, request, record))
            return segment_tts_completed(subject, spoken, result_key=result_key).body
        keys = [own_mix_keys(record, order) for order in request.segments]
        return segment_mix_completed(subject, keys, result_key=result_key).body

    def failed(self, failure: Failure, step: str | None) -> Json:  # noqa: ARG002  # the task itself is the stage
        """Return the body for a run that did not succeed."""
        return self._failure(self._run, self._archive, failure).body

    @cached_property
    def _edit(self) -> tuple[SegmentMixRequest | SegmentTtsRequest, DubRequest] | None:
        """The request and the job's record; None if one of them is missing, so that a failure is still reported."""
        kind: Any = SegmentTtsRequest if self._task == "segment_tts" else SegmentMixRequest
        request: SegmentMixRequest | SegmentTtsRequest | None = self._archive.find(kind, self._run.tags[REQUEST_KEY])
        record = self._archive.find(DubRequest, job_record_key(request.job_id)) if request else None
        return (request, record) if request and record else None

    def _speech_gain(self, log: RunLog, request: SegmentTtsRequest, record: DubRequest) -> float:
        """Return the gain of the mix: from the log, or as stored if an earlier attempt mixed the segment."""
        for event in map(event_of, log.events):
            if event.is_step_materialization and event.asset_key == _MIXES:
                selected: Any = event.step_materialization_data.materialization.metadata["selected"].value
                return float(selected[segment_name(request.index)]["tts_gain"])
        mixes = self._archive.load(SegmentMixes, JobKeys(request=record).manifest("segment_mixes")).segments
        return next(mix.gains.speech for mix in mixes if mix.index == request.index)


def edit_subject(request: SegmentMixRequest | SegmentTtsRequest, record: DubRequest | None) -> Subject:
    """Return the subject of an edit's callbacks; the job's record, if there is one, completes the request."""
    language = request.target_language if isinstance(request, SegmentTtsRequest) else None
    return Subject(
        job_id=request.job_id,
        project_id=request.project_id or (record.project_id if record else None),
        target_language=language or (record.target_language if record else None),
    )


def own_mix_keys(record: DubRequest, order: SegmentMixOrder) -> SegmentMixKeys:
    """Return the keys and gains of a segment that was mixed in its own job."""
    bgm, tts, mix = (JobKeys(request=record).clip(order.index, part) for part in ("bgm", "tts", "mix"))
    return SegmentMixKeys(index=order.index, bgm_key=bgm, tts_key=tts, mix_key=mix, gains=order.gains)


def own_spoken_segment(request: SegmentTtsRequest, record: DubRequest, speech_gain: float) -> SpokenSegment:
    """Return a segment that was spoken in its own job."""
    keys = JobKeys(request=record)
    return SpokenSegment(
        index=request.index,
        segment_id=request.segment_id,
        text=request.text,
        tts_key=keys.clip(request.index, "tts"),
        mix_key=keys.clip(request.index, "mix"),
        tts_gain_db=round(decibels(speech_gain), 2),
    )
