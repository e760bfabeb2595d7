"""The jobs on single segments: new mixes, new speech. Each is one op that is told where its request lies."""

from collections.abc import Sequence

import dagster as dg
from pydantic import Field

from dub_assets.core.errors import InputError
from dub_assets.core.keys import segment_name
from dub_assets.core.signal.level import decibels
from dub_assets.resources.job_context import JobResources, dagster_failures
from dub_assets.service.callbacks.segment_callback import (
    SpokenSegment,
    segment_mix_completed,
    segment_mix_started,
    segment_tts_completed,
    segment_tts_started,
)
from dub_assets.service.callbacks.values import Callback, Subject
from dub_assets.service.edits.external_segments import ExternalSegments
from dub_assets.service.edits.job_editor import JobEditor
from dub_assets.service.segment_request import SegmentMixKeys, SegmentMixOrder, SegmentMixRequest, SegmentTtsRequest
from dub_assets.stages.segment_mixes.values import GainChange


class SegmentTask(dg.Config):
    """What to do, by the object that says it."""

    request_key: str = Field(
        description=(
            "Key of the request in the store, such as jobs/requests/{message id}.json. The queue's sensor and the "
            "command line write it; giving an old one does again what it asked for."
        )
    )


@dg.op(
    description="Mixes segments with new gains: a job's own through its manifests, others from the sounds they name.",
)
def segment_mix(context: dg.OpExecutionContext, job_resources: JobResources, config: SegmentTask) -> None:
    """Mix what the request names and, where it says so, bring the job's video up to date."""
    with dagster_failures():
        request = job_resources.storage.archive.load(SegmentMixRequest, config.request_key)
        editor = JobEditor.of(context, job_resources, request.job_id, request.project_id)
        foreign = ExternalSegments(job_resources=job_resources, editor=editor)
        own = [order for order in request.segments if editor and _is_own(editor, request, order)]
        keys = foreign.mix_keys(request, [order for order in request.segments if order not in own])
        _check_rebuild(request.rebuild_video, request.job_id, [segment.index for segment in keys])
        subject = _subject(request, editor)
        _tell(context, segment_mix_started(subject, count=len(request.segments)))
        foreign.mix(keys)
        if editor and own:
            editor.mix({order.index: GainChange.to(order.gains) for order in own})
            keys += [_own_keys(editor, order) for order in own]
        result_key = editor.rebuild() if editor and request.rebuild_video else None
        done = {segment.index: segment for segment in keys}
        in_order = [done[order.index] for order in request.segments]
        _tell(context, segment_mix_completed(subject, in_order, result_key=result_key))


@dg.op(
    description="Speaks a new text for one segment, then mixes it: of a job through its manifests, of others as named.",
)
def segment_tts(context: dg.OpExecutionContext, job_resources: JobResources, config: SegmentTask) -> None:
    """Speak the request's text, which in a job of ours outlasts later runs, and bring the video up to date if asked."""
    with dagster_failures():
        request = job_resources.storage.archive.load(SegmentTtsRequest, config.request_key)
        editor = JobEditor.of(context, job_resources, request.job_id, request.project_id)
        subject = _subject(request, editor, language=request.target_language)
        clips = {"bgm": request.bgm_key, "tts": request.tts_key, "mix": request.mix_key}
        if editor and editor.owns(request.index, [request.segment_prefix], clips):
            _check_language(request, editor)
            _tell(context, segment_tts_started(subject, index=request.index))
            spoken = _say(request, editor)
        else:
            _check_rebuild(request.rebuild_video, request.job_id, [request.index])
            foreign = ExternalSegments(job_resources=job_resources, editor=editor)
            keys = foreign.tts_keys(request)
            _tell(context, segment_tts_started(subject, index=request.index))
            spoken = foreign.say(request, keys, subject.target_language or job_resources.target_language)
        result_key = editor.rebuild() if editor and request.rebuild_video else None
        _tell(context, segment_tts_completed(subject, spoken, result_key=result_key))


@dg.job(description="New mixes of some segments, as a message of the task `segment_mix` asks for.")
def segment_mix_job() -> None:
    """One op."""
    segment_mix()


@dg.job(description="New text for one segment, as a message of the task `segment_tts` asks for.")
def segment_tts_job() -> None:
    """One op."""
    segment_tts()


def _is_own(editor: JobEditor, request: SegmentMixRequest, order: SegmentMixOrder) -> bool:
    clips = {"bgm": order.bgm_key, "tts": order.tts_key, "mix": order.mix_key}
    return editor.owns(order.index, [request.intermediate_prefix, request.output_prefix], clips)


def _own_keys(editor: JobEditor, order: SegmentMixOrder) -> SegmentMixKeys:
    bgm, tts, mix = (editor.job.ctx.keys.clip(order.index, part) for part in ("bgm", "tts", "mix"))
    return SegmentMixKeys(index=order.index, bgm_key=bgm, tts_key=tts, mix_key=mix, gains=order.gains)


def _say(request: SegmentTtsRequest, editor: JobEditor) -> SpokenSegment:
    editor.say({request.index: request.text})
    mixed = editor.mix({request.index: request.gains})[request.index]
    return SpokenSegment(
        index=request.index,
        text=request.text,
        tts_key=editor.job.ctx.keys.clip(request.index, "tts"),
        mix_key=editor.job.ctx.keys.clip(request.index, "mix"),
        tts_gain_db=round(decibels(mixed.gains.speech), 2),
    )


def _check_language(request: SegmentTtsRequest, editor: JobEditor) -> None:
    language = editor.job.request.target_language
    if request.target_language not in {None, language}:
        raise InputError(
            f"job {request.job_id} is dubbed into {language!r}, the text is said to be {request.target_language!r}:"
            " send it in the job's language"
        )


def _check_rebuild(wanted: bool, job_id: str, others: Sequence[int]) -> None:
    if wanted and others:
        named = ", ".join(map(segment_name, others))
        raise InputError(
            f"rebuild_video is for a job's own segments, and segment {named} is none of {job_id}'s: leave out its keys,"
            " or rebuild_video"
        )


def _subject(
    request: SegmentMixRequest | SegmentTtsRequest, editor: JobEditor | None, *, language: str | None = None
) -> Subject:
    """The request's job, with what its record knows beside."""
    record = editor.job.request if editor else None
    return Subject(
        job_id=request.job_id,
        project_id=request.project_id or (record.project_id if record else None),
        target_language=language or (record.target_language if record else None),
    )


def _tell(context: dg.OpExecutionContext, callback: Callback) -> None:
    """Observe a callback: the outbox finds it in the run's event log."""
    body = dg.MetadataValue.json(callback.body)
    context.log_event(
        dg.AssetObservation("segment_mixes", partition=callback.subject.job_id, metadata={"callback": body})
    )
