"""The callbacks of tasks on single segments: new mixes, new speech."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dub_assets.service.callbacks.values import Callback, Subject, failed, message_refused, present
from dub_assets.service.pending_messages import RefusedMessage
from dub_assets.service.segment_request import SegmentMixKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenSegment:
    """A segment that a ``segment_tts`` task spoke anew; ``tts_gain_db`` is minus infinity for silence."""

    index: int
    text: str
    tts_key: str
    mix_key: str
    tts_gain_db: float


def segment_mix_started(subject: Subject, *, count: int) -> Callback:
    """``count`` segments are about to be mixed."""
    return Callback(
        subject=subject,
        status="in_progress",
        stage_id="segment_mix",
        stage_status="processing",
        stage="segment_mix_started",
        facts={"count": count},
    )


def segment_mix_completed(
    subject: Subject, segments: Sequence[SegmentMixKeys], *, result_key: str | None = None
) -> Callback:
    """The segments are mixed; ``result_key`` where the video has been brought up to date too."""
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
    return Callback(
        subject=subject,
        status="done",
        stage_id="segment_mix",
        stage_status="done",
        stage="segment_mix_completed",
        result_key=result_key,
        facts={"segments": mixed},
    )


def segment_mix_failed(subject: Subject, error: str, *, indices: Sequence[int]) -> Callback:
    """Mixing these segments failed."""
    return failed(subject, error, "segment_mix", segments=[{"index": index} for index in indices])


def segment_tts_started(subject: Subject, *, index: int) -> Callback:
    """A segment is about to be spoken anew."""
    return Callback(
        subject=subject,
        status="in_progress",
        stage_id="segment_tts",
        stage_status="processing",
        stage="segment_tts_started",
        facts={"segment_index": index},
    )


def segment_tts_completed(subject: Subject, segment: SpokenSegment, *, result_key: str | None = None) -> Callback:
    """A segment is spoken and mixed anew; ``result_key`` where the video has been brought up to date too."""
    spoken = {
        "segment_index": segment.index,
        "segment_id": str(segment.index),
        "translate_context": segment.text,
        "tts_key": segment.tts_key,
        "mix_key": segment.mix_key,
        "tts_gain_db": segment.tts_gain_db if math.isfinite(segment.tts_gain_db) else None,
    }
    return Callback(
        subject=subject,
        status="done",
        stage_id="segment_tts",
        stage_status="done",
        stage="segment_tts_completed",
        result_key=result_key,
        facts={"segment": present(spoken)},
    )


def refused(message: RefusedMessage) -> Callback:
    """Return the ``failed`` callback of a refused message. Raises ValueError if the message names no job."""
    if message.job_id is None:
        raise ValueError(f"message {message.message_id} names no job")
    subject = Subject(job_id=message.job_id, project_id=message.project_id)
    if message.task == "segment_mix" and message.segments:
        return segment_mix_failed(subject, message.reason, indices=message.segments)
    if message.task == "segment_tts" and message.segments:
        return segment_tts_failed(subject, message.reason, index=message.segments[0])
    return message_refused(subject, message.reason, task=message.task)


def segment_tts_failed(subject: Subject, error: str, *, index: int) -> Callback:
    """Speaking a segment anew failed."""
    return failed(subject, error, "segment_tts", segment_index=index)
