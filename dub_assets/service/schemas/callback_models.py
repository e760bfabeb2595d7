"""The callbacks as their consumer sees them; docs/callbacks.md is generated from these models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt

from dub_assets.core.errors import ErrorCode
from dub_assets.service.callbacks.values import ProgressStage, StageId
from dub_assets.service.schemas.document_models import DocumentSegment, Sent


class CallbackMetadata(Sent):
    """Metadata of every callback."""

    job_id: str
    """Identifies the job."""
    project_id: str = ""
    """Identifies the project; absent if the message named none."""
    target_lang: str = ""
    """Language of the dub; absent if the task does not know it."""
    progress: Annotated[int, Field(ge=0, le=100)] = 0
    """Percentage of the [progress](#progress); absent if the job or task has failed."""


class CallbackBody(Sent):
    """Keys of every callback. Keys without a value are absent."""

    project_id: str = ""
    """Identifies the project; absent if the message named none."""
    message: str = ""
    """A remark for people; not sent at present."""


class ProgressMetadata(CallbackMetadata):
    """Metadata of a callback on a whole dub's way."""

    stage: ProgressStage
    """Point that the job has reached."""


class Progress(CallbackBody):
    """`full_pipeline`: a stage of a dub begins or ends. Six callbacks, in the order of `metadata.stage`."""

    status: Literal["in_progress"]
    """State of the job."""
    stage_id: Literal["asr", "mt", "tts"]
    """Stage of the job: recognition, translation or synthesis."""
    stage_status: Literal["processing", "done"]
    """State of the stage."""
    metadata: ProgressMetadata
    """What the callback is about."""


class CompletedMetadata(CallbackMetadata):
    """Metadata of a finished dub."""

    stage: Literal["completed"]
    """Point that the job has reached."""
    segments_count: NonNegativeInt
    """Number of `segments`."""
    segments: list[DocumentSegment]
    """The segments, as in the metadata document."""
    metadata_key: str
    """Object key of the metadata document."""
    result_key: str
    """Object key of the result video."""
    source_lang: str
    """Language of the original, detected or given."""
    input_key: str
    """Object key of the original video."""
    segment_assets_prefix: str
    """Folder of the segments' objects."""


class Completed(CallbackBody):
    """`full_pipeline`: the dub is finished."""

    status: Literal["done"]
    """State of the job."""
    stage_id: Literal["mux"]
    """Stage of the job."""
    stage_status: Literal["done"]
    """State of the stage."""
    result_key: str
    """Object key of the result video."""
    metadata: CompletedMetadata
    """What the callback is about."""


class MixStartedMetadata(CallbackMetadata):
    """Metadata of a mix that begins."""

    stage: Literal["segment_mix_started"]
    """Point that the task has reached."""
    count: NonNegativeInt
    """Number of segments to mix."""


class MixStarted(CallbackBody):
    """`segment_mix`: the segments are about to be mixed."""

    status: Literal["in_progress"]
    """State of the task."""
    stage_id: Literal["segment_mix"]
    """Stage of the task."""
    stage_status: Literal["processing"]
    """State of the stage."""
    metadata: MixStartedMetadata
    """What the callback is about."""


class MixedSegment(Sent):
    """A mixed segment."""

    index: NonNegativeInt
    """Index of the segment."""
    bgm_key: str
    """Object key of the background."""
    tts_key: str
    """Object key of the speech."""
    output_key: str
    """Object key of the mix."""
    bgm_gain: float
    """Linear gain of the background."""
    tts_gain: float
    """Linear gain of the speech."""


class MixCompletedMetadata(CallbackMetadata):
    """Metadata of finished mixes."""

    stage: Literal["segment_mix_completed"]
    """Point that the task has reached."""
    segments: list[MixedSegment]
    """The mixed segments, in the message's order."""


class MixCompleted(CallbackBody):
    """`segment_mix`: the mixes are stored."""

    status: Literal["done"]
    """State of the task."""
    stage_id: Literal["segment_mix"]
    """Stage of the task."""
    stage_status: Literal["done"]
    """State of the stage."""
    result_key: str = ""
    """Object key of the rebuilt video; absent without `rebuild_video`."""
    metadata: MixCompletedMetadata
    """What the callback is about."""


class SpeechStartedMetadata(CallbackMetadata):
    """Metadata of a synthesis that begins."""

    stage: Literal["segment_tts_started"]
    """Point that the task has reached."""
    segment_index: NonNegativeInt
    """Index of the segment."""


class SpeechStarted(CallbackBody):
    """`segment_tts`: the segment is about to be synthesised."""

    status: Literal["in_progress"]
    """State of the task."""
    stage_id: Literal["segment_tts"]
    """Stage of the task."""
    stage_status: Literal["processing"]
    """State of the stage."""
    metadata: SpeechStartedMetadata
    """What the callback is about."""


class SpokenSegment(Sent):
    """A segment with new speech."""

    segment_index: NonNegativeInt
    """Index of the segment."""
    segment_id: str
    """The segment's id as the message gave it, else its index as text."""
    translate_context: str
    """Text that was spoken."""
    tts_key: str
    """Object key of the new speech."""
    audio_key: str
    """The same as `tts_key`."""
    mix_key: str
    """Object key of the new mix."""
    tts_gain_db: float = 0.0
    """Gain of the speech in the mix, in dB; absent for silence."""


class SpeechCompletedMetadata(CallbackMetadata):
    """Metadata of finished speech."""

    stage: Literal["segment_tts_completed"]
    """Point that the task has reached."""
    segment: SpokenSegment
    """The segment with its new speech and mix."""
    segments: list[SpokenSegment]
    """A list with the same object."""


class SpeechCompleted(CallbackBody):
    """`segment_tts`: the new speech and its mix are stored."""

    status: Literal["done"]
    """State of the task."""
    stage_id: Literal["segment_tts"]
    """Stage of the task."""
    stage_status: Literal["done"]
    """State of the stage."""
    result_key: str = ""
    """Object key of the rebuilt video; absent without `rebuild_video`."""
    metadata: SpeechCompletedMetadata
    """What the callback is about."""


class FailedSegment(Sent):
    """A segment of a `segment_mix` task that failed."""

    index: NonNegativeInt
    """Index of the segment."""


class FailedMetadata(CallbackMetadata):
    """Metadata of a failure."""

    stage: Literal["failed"]
    """The job or task has failed."""
    segment_index: NonNegativeInt = 0
    """Index of the segment of a `segment_tts` task."""
    segments: list[FailedSegment] = Field(default_factory=list)
    """Segments of a `segment_mix` task."""


class Failed(CallbackBody):
    """Any task: it failed or its message was refused. No callback of the task follows."""

    status: Literal["failed"]
    """State of the job or task."""
    stage_id: StageId
    """Stage that failed; the first stage of the task if it failed before any."""
    stage_status: Literal["failed"]
    """State of the stage."""
    error: Annotated[str, Field(min_length=1, max_length=500)]
    """Why it failed, in one line."""
    error_code: ErrorCode
    """Why it failed, for programs: one of the [codes](#error-codes)."""
    metadata: FailedMetadata
    """What the callback is about."""


CALLBACKS: tuple[type[CallbackBody], ...] = (
    Progress,
    Completed,
    MixStarted,
    MixCompleted,
    SpeechStarted,
    SpeechCompleted,
    Failed,
)
"""Every callback, in the order of the tasks."""
