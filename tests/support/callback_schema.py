"""The consumer's schema of callbacks, written independently of the service from what consumers accept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, StrictFloat, StrictInt, StrictStr, ValidationError, model_validator

Number = StrictInt | StrictFloat


class Model(BaseModel):
    """Accepts unknown keys, and converts no types."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class Assets(Model):
    source_key: str = ""
    bgm_key: str = ""
    tts_key: str = ""
    mix_key: str = ""
    video_key: str = ""


class DocumentSegment(Model):
    """A segment of the metadata document; only here may a key be null."""

    segment_id: str
    segment_text: str
    translate_context: str
    score: Number | None
    editor_id: Number | None
    issues: list[Any]
    start_point: Number
    end_point: Number
    sub_length: Number
    sub_langth: Number
    seg_id: StrictInt
    seg_txt: str
    start: Number
    end: Number
    length: Number
    editor: Number | None
    trans_txt: str
    assets: Assets
    source_key: str | None
    bgm_key: str | None
    tts_key: str | None
    mix_key: str | None
    video_key: str | None


class MixedSegment(Model):
    index: StrictInt
    bgm_key: str
    tts_key: str
    output_key: str
    bgm_gain: Number
    tts_gain: Number


class SpokenSegment(Model):
    segment_index: StrictInt
    segment_id: str
    translate_context: str
    tts_key: str
    audio_key: str
    mix_key: str
    tts_gain_db: Number | None = None


class Metadata(Model):
    stage: str
    job_id: str
    project_id: str = ""
    target_lang: str = ""
    progress: StrictInt | None = None


class FullMetadata(Metadata):
    project_id: str


class CompletedMetadata(FullMetadata):
    segments_count: StrictInt
    segments: list[DocumentSegment]
    metadata_key: str
    result_key: str
    target_lang: str
    source_lang: str
    input_key: str
    segment_assets_prefix: str

    @model_validator(mode="after")
    def counted(self) -> CompletedMetadata:
        if self.segments_count != len(self.segments):
            raise ValueError("segments_count does not count the segments")
        return self


class MixStarted(Metadata):
    count: StrictInt


class MixCompleted(Metadata):
    segments: list[MixedSegment]


class TtsStarted(Metadata):
    segment_index: StrictInt


class TtsCompleted(Metadata):
    segment: SpokenSegment
    segments: list[SpokenSegment]

    @model_validator(mode="after")
    def has_one_segment(self) -> TtsCompleted:
        if self.segments != [self.segment] or self.segment.audio_key != self.segment.tts_key:
            raise ValueError("segments does not repeat the segment")
        return self


class Body(Model):
    status: Literal["in_progress", "done", "failed"]
    stage_id: str
    stage_status: Literal["processing", "done", "failed"]
    project_id: str = ""
    result_key: StrictStr = ""
    error: str = ""
    error_code: str = ""
    message: str = ""
    metadata: Metadata


ROWS: Mapping[str, tuple[str, str, str, type[Metadata]]] = {
    "downloaded": ("in_progress", "asr", "processing", FullMetadata),
    "stt_completed": ("in_progress", "asr", "done", FullMetadata),
    "mt_prepare": ("in_progress", "mt", "processing", FullMetadata),
    "mt_completed": ("in_progress", "mt", "done", FullMetadata),
    "tts_prepare": ("in_progress", "tts", "processing", FullMetadata),
    "tts_completed": ("in_progress", "tts", "done", FullMetadata),
    "completed": ("done", "mux", "done", CompletedMetadata),
    "segment_mix_started": ("in_progress", "segment_mix", "processing", MixStarted),
    "segment_mix_completed": ("done", "segment_mix", "done", MixCompleted),
    "segment_tts_started": ("in_progress", "segment_tts", "processing", TtsStarted),
    "segment_tts_completed": ("done", "segment_tts", "done", TtsCompleted),
}
"""Status, stage_id, stage_status and metadata by stage."""

FAILING_STAGES = {"asr", "mt", "tts", "mux", "segment_mix", "segment_tts"}
ERROR_CODES = {
    "invalid_message",
    "unsupported_media",
    "unsupported_language",
    "engine_unavailable",
    "storage",
    "quality_check",
    "cancelled",
    "infrastructure",
    "internal",
}


def consumer_fault(body: bytes) -> str | None:
    """Return why the consumer would refuse a body, None if it accepts it."""
    try:
        content = json.loads(body)
        parsed = Body.model_validate(content)
        _require(not _nulls(content), f"null instead of absent: {_nulls(content)}")
        if parsed.metadata.stage == "failed":
            _require_failure(content)
        else:
            _require_row(content)
    except (ValidationError, ValueError) as error:
        return " ".join(str(error).split())
    return None


def _require_failure(content: dict[str, Any]) -> None:
    _require((content["status"], content["stage_status"]) == ("failed", "failed"), "a failure says so twice")
    _require(content["stage_id"] in FAILING_STAGES, "no stage that can fail")
    error = content.get("error", "")
    _require(content.get("error_code") in ERROR_CODES, "no error_code that is documented")
    _require(0 < len(error) <= 1000 and error.isprintable(), "error is not one readable line")


def _require_row(content: dict[str, Any]) -> None:
    stage = content["metadata"]["stage"]
    _require(stage in ROWS, "an unknown metadata.stage")
    status, stage_id, stage_status, kind = ROWS[stage]
    states = (content["status"], content["stage_id"], content["stage_status"])
    _require(states == (status, stage_id, stage_status), f"{stage} does not go with {states}")
    kind.model_validate(content["metadata"])
    _require("error" not in content and "error_code" not in content, "an error without a failure")
    _require(content["metadata"].get("progress") in range(101), "no percentage of progress")
    _require(stage != "completed" or content.get("result_key", "") != "", "completed without its result_key")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _nulls(value: Any, path: str = "") -> list[str]:
    """Return the paths of nulls outside the segments of a document."""
    if value is None:
        return [path]
    if isinstance(value, dict) and "seg_id" not in value:
        return [null for key, inner in value.items() for null in _nulls(inner, f"{path}/{key}")]
    if isinstance(value, list):
        return [null for inner in value for null in _nulls(inner, path)]
    return []
