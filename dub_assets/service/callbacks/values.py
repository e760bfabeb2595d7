"""The callbacks: what the consumer is told about a job, and when. The bodies are the wire contract's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from dub_assets.core.request import DubRequest

Json = dict[str, Any]

Status = Literal["in_progress", "done", "failed"]
StageStatus = Literal["processing", "done", "failed"]
StageId = Literal["asr", "mt", "tts", "mux", "segment_mix", "segment_tts"]
ProgressStage = Literal["downloaded", "stt_completed", "mt_prepare", "mt_completed", "tts_prepare", "tts_completed"]
Stage = Literal[
    ProgressStage,
    "completed",
    "failed",
    "segment_mix_started",
    "segment_mix_completed",
    "segment_tts_started",
    "segment_tts_completed",
]
"""Every value of ``metadata.stage`` that the consumer knows."""

PROGRESS: Mapping[ProgressStage, tuple[StageId, StageStatus]] = {
    "downloaded": ("asr", "processing"),
    "stt_completed": ("asr", "done"),
    "mt_prepare": ("mt", "processing"),
    "mt_completed": ("mt", "done"),
    "tts_prepare": ("tts", "processing"),
    "tts_completed": ("tts", "done"),
}
"""What a full job tells on its way, in this order."""

_STAGE_OF_ASSET: Mapping[str, StageId] = {
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
_STAGE_OF_TASK: Mapping[str, StageId] = {
    "segment_mix": "segment_mix",
    "tts_bgm_mix": "segment_mix",
    "segment_tts": "segment_tts",
}
_MAX_ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The job that a callback is about; a task on segments may know no project and no language."""

    job_id: str
    project_id: str | None = None
    target_language: str | None = None

    @classmethod
    def of(cls, request: DubRequest) -> Subject:
        """The subject of a full job's callbacks."""
        return cls(job_id=request.job_id, project_id=request.project_id, target_language=request.target_language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One callback. ``facts`` stand in its metadata beside what every callback says; None means absent."""

    subject: Subject
    status: Status
    stage_id: StageId
    stage_status: StageStatus
    stage: Stage
    result_key: str | None = None
    error: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> Json:
        """The body, JSON-ready; keys without a value are absent."""
        job = self.subject
        metadata = {
            "stage": self.stage,
            "job_id": job.job_id,
            "project_id": job.project_id,
            "target_lang": job.target_language,
            **self.facts,
        }
        return present(
            {
                "status": self.status,
                "stage_id": self.stage_id,
                "stage_status": self.stage_status,
                "project_id": job.project_id,
                "result_key": self.result_key,
                "error": self.error,
                "metadata": present(metadata),
            }
        )

    def encoded(self) -> bytes:
        """The body's bytes."""
        return encoded_body(self.body)


def progress(subject: Subject, stage: ProgressStage) -> Callback:
    """A full job is on its way: one of the contract's callbacks 1 to 6."""
    stage_id, stage_status = PROGRESS[stage]
    return Callback(subject=subject, status="in_progress", stage_id=stage_id, stage_status=stage_status, stage=stage)


def completed(request: DubRequest, document: Mapping[str, Any]) -> Callback:
    """A full job is done: callback 7, with the segments of its metadata document as they stand there."""
    return Callback(
        subject=Subject.of(request),
        status="done",
        stage_id="mux",
        stage_status="done",
        stage="completed",
        result_key=request.result_key,
        facts={
            "source_lang": document["source_lang"],
            "input_key": request.input_key,
            "result_key": request.result_key,
            "metadata_key": request.metadata_key,
            "segment_assets_prefix": request.segment_prefix,
            "segments_count": len(document["segments"]),
            "segments": document["segments"],
        },
    )


def dub_failed(subject: Subject, error: str, *, asset: str | None) -> Callback:
    """A full job failed in an asset; None: before its first one, or nobody knows where."""
    return failed(subject, error, _STAGE_OF_ASSET.get(asset or "", "asr"))


def failed(subject: Subject, error: str, stage_id: StageId, **facts: Any) -> Callback:
    """A stage failed; ``facts`` tell which part of it."""
    return Callback(
        subject=subject,
        status="failed",
        stage_id=stage_id,
        stage_status="failed",
        stage="failed",
        error=readable_line(error),
        facts=facts,
    )


def message_refused(subject: Subject, error: str, *, task: str | None) -> Callback:
    """A message cannot be worked on; the stage is the first of the task that it asked for, as far as it says."""
    return failed(subject, error, _STAGE_OF_TASK.get((task or "").lower(), "asr"))


def encoded_body(body: Mapping[str, Any]) -> bytes:
    """A body's bytes: compact UTF-8 JSON, the same in every process.

    A lone surrogate (JSON can bring one in, UTF-8 cannot carry it out) becomes ``?``: no text may keep the consumer
    from hearing of a job.
    """
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", errors="replace")


def webhook_id(origin: str, number: int) -> str:
    """The id of a callback, stable over its retries.

    ``origin`` is what the callbacks are counted in (a run's id, or a message's), ``number`` the place there. Both are
    hashed: a full stop, which job ids may have, would let two signed texts read the same.
    """
    return f"msg_{hashlib.sha256(f'{origin}/{number}'.encode(errors='replace')).hexdigest()[:32]}"


def callback_url(template: str, job_id: str) -> str:
    """A message's callback URL with ``{job_id}`` replaced."""
    return template.replace("{job_id}", quote(job_id, safe="", errors="replace"))


def readable_line(text: str) -> str:
    """A text as one line of at most 500 printable characters, never empty."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(printable.split()) or "no reason was given; the log of the run says more"
    return line if len(line) <= _MAX_ERROR_LENGTH else line[: _MAX_ERROR_LENGTH - 1].rstrip() + "…"


def present(values: Mapping[str, Any]) -> Json:
    """The values that are there."""
    return {name: value for name, value in values.items() if value is not None}
