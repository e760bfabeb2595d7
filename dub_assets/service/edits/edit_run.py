"""The one way to edit a job's segments: a run of ``edit_segments_job`` for the job's partition.

The launchpad, the commands, the editing page and messages all start this job. Its run configuration names segments,
texts, voices and gains (``resources/run_config.py``); its assets load and store through the IO manager.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dub_assets.core.keys import segment_name
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.service.edits.segment_edits import planned_change
from dub_assets.service.segment_request import SegmentMixRequest, SegmentTtsRequest
from dub_assets.stages.segment_mixes.values import GainChange
from dub_assets.stages.transcript.editing import SegmentEdit

EDIT_JOB = "edit_segments_job"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRun:
    """The assets that an edit materialises, and their run configuration by asset."""

    job_id: str
    assets: tuple[str, ...]
    config: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a person or a message changes of a job's segments, by index.

    ``gains``: segments to mix again; an empty change keeps their gains. ``texts``: new texts; a text that the segment
    has already is not spoken again. ``voices``: voices of single lines, "" for that of the speaker. ``segment_edit``:
    an edit of a segment's place, number or speaker; ``texts`` are then those of the segments after it. ``rebuild``:
    whether to bring the video, the metadata document and, if there is one, the report up to date.
    """

    gains: Mapping[int, GainChange] = field(default_factory=dict)
    texts: Mapping[int, str] = field(default_factory=dict)
    voices: Mapping[int, str] = field(default_factory=dict)
    segment_edit: SegmentEdit | None = None
    rebuild: bool = False


def edit_run(job: OwnJob, edit: Edit) -> EditRun:
    """Return the run that edits segments of a job. Raises InputError if its segments cannot be edited so."""
    change = planned_change(job, edit.segment_edit, edit.texts) if edit.segment_edit else None
    texts = change.texts if change else job.new_texts(edit.texts)
    voices = {**(change.voices if change else {}), **edit.voices}
    gains = {segment_name(index): _config(gain) for index, gain in edit.gains.items()}
    config: dict[str, dict[str, Any]] = {"segment_mixes": {"gains": gains} if gains else {}}
    assets = ["segment_mixes"]
    if change or texts or voices:
        spoken = sorted({*texts, *edit.voices, *(change.spoken if change else ())})
        chosen = {"voices": {segment_name(index): voice for index, voice in voices.items()}} if voices else {}
        config["translation"] = {
            "texts": {segment_name(index): text for index, text in texts.items()},
            **chosen,
            **({"follows_edits": True} if change else {}),
        }
        config["tts_segments"] = {"segments": [segment_name(index) for index in spoken]}
        assets = ["translation", "tts_segments", *assets]
    if edit.segment_edit and change:
        config["transcript"] = {"edits": [_edit_config(edit.segment_edit)]}
        assets = ["transcript", *assets]
    if edit.rebuild:
        assets += ["final_video", "quality", "metadata", *(["report"] if job.has_report else [])]
    return EditRun(job_id=job.keys.request.job_id, assets=tuple(assets), config=config)


def requested_edit(job: OwnJob | None, request: SegmentMixRequest | SegmentTtsRequest) -> EditRun | None:
    """Return the run that does what a message asks for, or None if an external segment is among its segments.

    Raises InputError if the text is in another language than the job.
    """
    if job is None:
        return None
    if isinstance(request, SegmentTtsRequest):
        if not job.owns_speech(request):
            return None
        job.check_language(request)
        gains, texts = {request.index: request.gains}, {request.index: request.text}
        return edit_run(job, Edit(gains=gains, texts=texts, rebuild=request.rebuild_video))
    if not all(job.owns_mix(request, order) for order in request.segments):
        return None
    gains = {order.index: GainChange.to(order.gains) for order in request.segments}
    return edit_run(job, Edit(gains=gains, rebuild=request.rebuild_video))


def _config(change: GainChange) -> dict[str, float]:
    gains = {"bgm_gain": change.background, "tts_gain": change.speech}
    return {name: gain for name, gain in gains.items() if gain is not None}


def _edit_config(edit: SegmentEdit) -> dict[str, Any]:
    """Return an edit of a segment as run configuration."""
    segment = {} if edit.kind == "insert" else {"segment": segment_name(edit.index)}
    speaker = {"speaker": edit.speaker} if edit.speaker else {}
    times = {"start_ms": edit.start_ms, "end_ms": edit.end_ms, "text": edit.text}
    return {"kind": edit.kind, **segment, **{name: value for name, value in times.items() if value}, **speaker}
