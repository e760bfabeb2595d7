"""The callbacks of each task: one function a row of the tables in docs/callbacks.md."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dub_assets.core.request import DubRequest
from dub_assets.service.callbacks.values import Callback, Failure, ProgressStage, StageId, Subject, without_none
from dub_assets.service.segment_request import SegmentMixKeys

STAGE_OF_STEP: Mapping[str, StageId] = {
    "stems": "asr",
    "transcript": "asr",
    "translation": "mt",
    "tts_segments": "tts",
    "segment_mixes": "mux",
    "final_video": "mux",
    "quality": "mux",
    "quality_checks": "mux",
    "metadata": "mux",
    "report": "mux",
}
"""The stage that fails with a step of ``dub_job``; a test checks that every step is listed."""

FIRST_STAGE: Mapping[str, StageId] = {
    "full_pipeline": "asr",
    "segment_mix": "segment_mix",
    "segment_tts": "segment_tts",
    "cancel": "asr",
}
"""The first stage of a task: the one that fails if a message is refused or a run fails before its first step."""

_STAGE_WITHOUT_TASK: StageId = "asr"
"""The stage that fails with a message whose task cannot be read: consumers expect one of the stages that they know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenSegment:
    """A segment that a ``segment_tts`` task has spoken; ``tts_gain_db`` is minus infinity for silence.

    ``segment_id`` is the consumer's own id; None: the index as text.
    """

    index: int
    segment_id: str | None = None
    text: str
    tts_key: str
    mix_key: str
    tts_gain_db: float


# ----------------------------------------------------------------------------------------------------- full_pipeline


def progress(subject: Subject, stage: ProgressStage) -> Callback:
    """Return one of the callbacks 1 to 6."""
    return Callback(subject=subject, stage=stage)


def completed(request: DubRequest, document: Mapping[str, Any]) -> Callback:
    """Return callback 7, with the segments of the job's metadata document."""
    details = {
        "source_lang": document["source_lang"],
        "input_key": request.input_key,
        "result_key": request.result_key,
        "metadata_key": request.metadata_key,
        "segment_assets_prefix": request.segment_prefix,
        "segments_count": len(document["segments"]),
        "segments": document["segments"],
    }
    return Callback(subject=Subject.of(request), stage="completed", result_key=request.result_key, details=details)


def dub_failed(subject: Subject, failure: Failure, *, step: str | None) -> Callback:
    """Return the callback of a dub that failed in ``step``, None if no step had started.

    Raises KeyError if ``STAGE_OF_STEP`` does not list the step.
    """
    stage_id = FIRST_STAGE["full_pipeline"] if step is None else STAGE_OF_STEP[step]
    return _failed(subject, failure, stage_id)


# ----------------------------------------------------------------------------------------------------- segment tasks


def segment_mix_started(subject: Subject, *, count: int) -> Callback:
    """Return the callback before ``count`` segments are mixed."""
    return Callback(subject=subject, stage="segment_mix_started", details={"count": count})


def segment_mix_completed(
    subject: Subject, segments: Sequence[SegmentMixKeys], *, result_key: str | None = None
) -> Callback:
    """Return the callback after the segments are mixed; ``result_key`` is that of the rebuilt video, if any."""
    mixed = [
        {
            "index": segment.index,
            "bgm_key": segment.bgm_key,
            "tts_key": segment.tts_key,
            "output_key": segment.mix_key,
            "bgm_gain": segment.gains.background,
            "tts_gain": segment.gains.speech,
        }
        for segment in segments
    ]
    details = {"segments": mixed}
    return Callback(subject=subject, stage="segment_mix_completed", result_key=result_key, details=details)


def segment_mix_failed(subject: Subject, failure: Failure, *, indices: Sequence[int]) -> Callback:
    """Return the callback of a ``segment_mix`` task that failed."""
    return _failed(subject, failure, "segment_mix", segments=[{"index": index} for index in indices])


def segment_tts_started(subject: Subject, *, index: int) -> Callback:
    """Return the callback before a segment is spoken."""
    return Callback(subject=subject, stage="segment_tts_started", details={"segment_index": index})


def segment_tts_completed(subject: Subject, segment: SpokenSegment, *, result_key: str | None = None) -> Callback:
    """Return the callback after a segment is spoken and mixed; ``result_key`` as in ``segment_mix_completed``."""
    values = {
        "segment_index": segment.index,
        "segment_id": segment.segment_id or str(segment.index),
        "translate_context": segment.text,
        "tts_key": segment.tts_key,
        "audio_key": segment.tts_key,
        "mix_key": segment.mix_key,
        "tts_gain_db": segment.tts_gain_db if math.isfinite(segment.tts_gain_db) else None,
    }
    spoken = without_none(values)
    details = {"segment": spoken, "segments": [spoken]}
    return Callback(subject=subject, stage="segment_tts_completed", result_key=result_key, details=details)


def segment_tts_failed(subject: Subject, failure: Failure, *, index: int | None) -> Callback:
    """Return the callback of a ``segment_tts`` task that failed; ``index`` is None if its request cannot be read."""
    return _failed(subject, failure, "segment_tts", segment_index=index)


# -------------------------------------------------------------------------------------------------- refused messages


def message_refused(subject: Subject, failure: Failure, *, task: str | None, segments: Sequence[int] = ()) -> Callback:
    """Return the callback of a refused message; ``task`` is None if the message names no task that is known.

    Raises KeyError if ``FIRST_STAGE`` does not list the task.
    """
    if task == "segment_mix" and segments:
        return segment_mix_failed(subject, failure, indices=segments)
    if task == "segment_tts" and segments:
        return segment_tts_failed(subject, failure, index=segments[0])
    return _failed(subject, failure, _STAGE_WITHOUT_TASK if task is None else FIRST_STAGE[task])


def _failed(subject: Subject, failure: Failure, stage_id: StageId, **details: Any) -> Callback:
    return Callback(subject=subject, stage="failed", failure=failure, failed_in=stage_id, details=details)
