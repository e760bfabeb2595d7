"""The values of a callback, as docs/callbacks.md describes them, and the bytes that are sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dub_assets.core.errors import DubError, ErrorCode
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
"""Every value of ``metadata.stage`` that consumers know."""

STAGES: Mapping[Stage, tuple[Status, StageId, StageStatus, int]] = {
    "downloaded": ("in_progress", "asr", "processing", 5),
    "stt_completed": ("in_progress", "asr", "done", 40),
    "mt_prepare": ("in_progress", "mt", "processing", 40),
    "mt_completed": ("in_progress", "mt", "done", 50),
    "tts_prepare": ("in_progress", "tts", "processing", 50),
    "tts_completed": ("in_progress", "tts", "done", 85),
    "completed": ("done", "mux", "done", 100),
    "segment_mix_started": ("in_progress", "segment_mix", "processing", 0),
    "segment_mix_completed": ("done", "segment_mix", "done", 100),
    "segment_tts_started": ("in_progress", "segment_tts", "processing", 0),
    "segment_tts_completed": ("done", "segment_tts", "done", 100),
}
"""``status``, ``stage_id``, ``stage_status`` and ``metadata.progress`` of each stage but ``failed``.

The progress of a dub is the percentage of the usual processing time that has passed, on the default engines without a
GPU.
"""

_MAX_ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The job that a callback is about. A segment task may have neither project nor language."""

    job_id: str
    project_id: str | None = None
    target_language: str | None = None

    @classmethod
    def of(cls, request: DubRequest) -> Subject:
        """Return the subject of the callbacks of a full dub."""
        return cls(job_id=request.job_id, project_id=request.project_id, target_language=request.target_language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job or task failed: a line for people, and a code for programs."""

    error: str
    error_code: ErrorCode

    @classmethod
    def of(cls, error: DubError) -> Failure:
        """Return the failure that an error reports."""
        return cls(error=str(error), error_code=error.error_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A callback. ``details`` are further keys of its metadata; a key whose value is None is left out.

    ``failure`` is set for the stage ``failed``; ``failed_in`` is then the ``stage_id``.
    """

    subject: Subject
    stage: Stage
    result_key: str | None = None
    failure: Failure | None = None
    failed_in: StageId = "asr"
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> Json:
        """The body as JSON values."""
        job, failure = self.subject, self.failure
        failed = ("failed", self.failed_in, "failed", None)
        status, stage_id, stage_status, progress = failed if failure else STAGES[self.stage]
        metadata = {
            "stage": self.stage,
            "job_id": job.job_id,
            "project_id": job.project_id,
            "target_lang": job.target_language,
            "progress": progress,
            **self.details,
        }
        return without_none(
            {
                "status": status,
                "stage_id": stage_id,
                "stage_status": stage_status,
                "project_id": job.project_id,
                "result_key": self.result_key,
                "error": readable_line(failure.error) if failure else None,
                "error_code": failure.error_code if failure else None,
                "metadata": without_none(metadata),
            }
        )

    def encoded(self) -> bytes:
        """Return the bytes of the body."""
        return encoded_body(self.body)


def encoded_body(body: Mapping[str, Any]) -> bytes:
    """Return a body as compact UTF-8 JSON, the same bytes in every process.

    A lone surrogate, which JSON can contain and UTF-8 cannot, becomes ``?``, so that every text can be sent.
    """
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", errors="replace")


def webhook_id(origin: str, number: int) -> str:
    """Return the id of a callback, which is the same at each attempt.

    ``origin`` is the id of an outbox entry, ``number`` the position in it. They are hashed because the signed text is
    ``id.timestamp.body``: an id with a full stop would make it ambiguous.
    """
    return f"msg_{hashlib.sha256(f'{origin}/{number}'.encode(errors='replace')).hexdigest()[:32]}"


def readable_line(text: str) -> str:
    """Return a text as one line of 1 to 500 printable characters."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(printable.split()) or "no reason was given; the log of the run says more"
    return line if len(line) <= _MAX_ERROR_LENGTH else line[: _MAX_ERROR_LENGTH - 1].rstrip() + "…"


def without_none(values: Mapping[str, Any]) -> Json:
    """Return the items whose value is not None."""
    return {name: value for name, value in values.items() if value is not None}
