"""The one way to edit a job's segments: a run of ``edit_segments_job`` for the job's partition.

The launchpad, ``dub-assets mix`` and ``say``, and messages all start this job. Its run configuration names segments,
texts and gains (``resources/run_config.py``); its assets load and store through the IO manager.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dub_assets.core.keys import segment_name
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.service.segment_request import SegmentMixRequest, SegmentTtsRequest
from dub_assets.stages.segment_mixes.values import GainChange

EDIT_JOB = "edit_segments_job"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRun:
    """The assets that an edit materialises, and their run configuration by asset."""

    job_id: str
    assets: tuple[str, ...]
    config: Mapping[str, Mapping[str, Any]]


def edit_run(
    job: OwnJob, gains: Mapping[int, GainChange], *, texts: Mapping[int, str] | None = None, rebuild: bool
) -> EditRun:
    """Return the run that edits segments of a job.

    Args:
        job: The job that the segments belong to.
        gains: The change of gains of each segment to mix again; an empty change keeps its gains.
        texts: New texts by segment. These segments must be in ``gains`` too.
        rebuild: Whether to bring the video, the metadata document and, if there is one, the report up to date.
    """
    config: dict[str, dict[str, Any]] = {
        "segment_mixes": {"gains": {segment_name(index): _config(change) for index, change in gains.items()}}
    }
    assets = ["segment_mixes"]
    if texts:
        by_name = {segment_name(index): text for index, text in texts.items()}
        config |= {"translation": {"texts": by_name}, "tts_segments": {"segments": list(by_name)}}
        assets = ["translation", "tts_segments", *assets]
    if rebuild:
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
        texts = {request.index: request.text}
        return edit_run(job, {request.index: request.gains}, texts=texts, rebuild=request.rebuild_video)
    if not all(job.owns_mix(request, order) for order in request.segments):
        return None
    gains = {order.index: GainChange.to(order.gains) for order in request.segments}
    return edit_run(job, gains, rebuild=request.rebuild_video)


def _config(change: GainChange) -> dict[str, float]:
    gains = {"bgm_gain": change.background, "tts_gain": change.speech}
    return {name: gain for name, gain in gains.items() if gain is not None}
