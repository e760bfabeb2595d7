"""The jobs that edit segments: assets for a job's own segments, an op for requests with external ones."""

from collections.abc import Sequence

import dagster as dg
from pydantic import Field

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.errors import InputError
from dub_assets.core.keys import built_callback_key, segment_name
from dub_assets.core.object_key import content_type_of
from dub_assets.resources.asset import AssetOptions
from dub_assets.resources.io_manager import ManifestIOManager
from dub_assets.resources.job_context import JobResources, dagster_failures
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.revisions import editor_of
from dub_assets.resources.tags import EDIT, EDITED_BY
from dub_assets.service.callbacks.bodies import (
    segment_mix_completed,
    segment_mix_started,
    segment_tts_completed,
    segment_tts_started,
)
from dub_assets.service.callbacks.callback_builders import CALLBACK_KEY, CALLBACK_STAGE
from dub_assets.service.callbacks.edit_callbacks import edit_subject, own_mix_keys, own_spoken_segment
from dub_assets.service.callbacks.values import Callback
from dub_assets.service.edits.edit_run import EDIT_JOB, Edit, EditRun, edit_run, requested_edit
from dub_assets.service.edits.external_segments import ExternalSegments
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.service.segment_request import SegmentMixRequest, SegmentTtsRequest
from dub_assets.stages.assets import asset_definitions
from dub_assets.stages.segment_mixes.values import GainChange

edit_segments_job = dg.define_asset_job(
    EDIT_JOB,
    selection=dg.AssetSelection.assets(
        "transcript",
        "translation",
        "tts_segments",
        "segment_mixes",
        "final_video",
        "quality",
        "metadata",
        "report",
    ),
    tags={EDIT: "true"},
    description="Edits segments of a job: set edits of segments in `transcript`, texts and voices in "
    "`translation`, segments in `tts_segments`, and segments and gains in `segment_mixes`. Select the last four "
    "assets too to bring the video up to date.",
)


class SegmentTask(dg.Config):
    """The request of a segment task."""

    request_key: str = Field(
        description=(
            "Key of the request in the store, such as jobs/requests/{message id}.json. The queue's sensor writes it; "
            "giving an old one repeats what it asked for."
        )
    )


@dg.op(description="Mixes the segments that a message names, at least one of which belongs to no job of this system.")
def segment_mix(context: dg.OpExecutionContext, job_resources: JobResources, config: SegmentTask) -> None:
    """Mix the segments of a request: external ones from the sounds that it names, a job's own by its assets."""
    with dagster_failures():
        archive = job_resources.storage.archive
        request = archive.load(SegmentMixRequest, config.request_key)
        job = OwnJob.find(archive, request.job_id, request.project_id)
        record = job.keys.request if job else None
        own = [order for order in request.segments if job and job.owns_mix(request, order)]
        external = ExternalSegments(job_resources=job_resources, job=job)
        keys = external.mix_keys(request, [order for order in request.segments if order not in own])
        _check_rebuild(request, [segment.index for segment in keys])
        _report(context, archive, segment_mix_started(edit_subject(request, record), count=len(request.segments)))
        external.mix(keys)
        if job and own:
            gains = {order.index: GainChange.to(order.gains) for order in own}
            _materialise(context, job_resources, edit_run(job, Edit(gains=gains, rebuild=request.rebuild_video)))
            keys += [own_mix_keys(job.keys.request, order) for order in own]
        by_index = {segment.index: segment for segment in keys}
        in_order = [by_index[order.index] for order in request.segments]
        result_key = record.result_key if record and request.rebuild_video else None
        _report(context, archive, segment_mix_completed(edit_subject(request, record), in_order, result_key=result_key))


@dg.op(description="Speaks a new text for a segment that belongs to no job of this system, and mixes it.")
def segment_tts(context: dg.OpExecutionContext, job_resources: JobResources, config: SegmentTask) -> None:
    """Speak the text of a request: an external segment as it says, a job's own by the job's assets."""
    with dagster_failures():
        archive = job_resources.storage.archive
        request = archive.load(SegmentTtsRequest, config.request_key)
        job = OwnJob.find(archive, request.job_id, request.project_id)
        subject = edit_subject(request, job.keys.request if job else None)
        started = segment_tts_started(subject, index=request.index)
        result_key = None
        edit = requested_edit(job, request)
        if job and edit:
            _report(context, archive, started)
            _materialise(context, job_resources, edit)
            (mix,) = (mix for mix in job.mixes().segments if mix.index == request.index)
            spoken = own_spoken_segment(request, job.keys.request, mix.gains.speech)
            result_key = job.keys.request.result_key if request.rebuild_video else None
        else:
            _check_rebuild(request, [request.index])
            external = ExternalSegments(job_resources=job_resources, job=job)
            keys = external.tts_keys(request)
            _report(context, archive, started)
            spoken = external.say(request, keys, subject.target_language or job_resources.defaults.target_language)
        _report(context, archive, segment_tts_completed(subject, spoken, result_key=result_key))


@dg.job(description="Mixes external segments, as a message of the task `segment_mix` asks for.")
def segment_mix_job() -> None:
    """Run the op."""
    segment_mix()


@dg.job(description="Speaks a new text for an external segment, as a message of the task `segment_tts` asks for.")
def segment_tts_job() -> None:
    """Run the op."""
    segment_tts()


def _materialise(context: dg.OpExecutionContext, job_resources: JobResources, edit: EditRun) -> None:
    """Materialise the assets of an edit within an op, and log their materialisations and checks in the op's run.

    The sensor starts a run of the assets whenever it can. This is for requests that name external segments too, for
    those received before their job was dubbed, and for runs of these jobs that people start or earlier versions queued.
    """
    resources = {"job_resources": job_resources, "manifests": ManifestIOManager(storage=job_resources.storage)}
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(jobs_partitions.name or "jobs", [edit.job_id])
        result = dg.materialize(
            asset_definitions(AssetOptions()),
            selection=dg.AssetSelection.assets(*edit.assets),
            partition_key=edit.job_id,
            instance=instance,
            resources=resources,
            tags={EDIT: "true", EDITED_BY: editor_of(context.run.tags)},
            run_config={
                "ops": {name: {"config": values} for name, values in edit.config.items()},
                "execution": {"config": {"retries": {"disabled": {}}}},  # the op is retried
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},  # the op's run logs
            },
        )
        for event in result.all_events:
            if event.is_step_materialization:
                context.log_event(event.step_materialization_data.materialization)
            elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                context.log_event(event.asset_check_evaluation_data)  # type: ignore[arg-type] # left out there


def _check_rebuild(request: SegmentMixRequest | SegmentTtsRequest, external: Sequence[int]) -> None:
    """Raise InputError if a rebuilt video is asked for, and segments are external."""
    if request.rebuild_video and external:
        names = ", ".join(map(segment_name, external))
        raise InputError(
            f"rebuild_video is for a job's own segments, and segment {names} is none of {request.job_id}'s: leave out "
            "its keys, or rebuild_video"
        )


def _report(context: dg.OpExecutionContext, archive: JobArchive, callback: Callback) -> None:
    """Store a callback's body, and log an observation by which the callback builder finds it."""
    key = built_callback_key(context.run_id, callback.stage)
    archive.store.put(key, callback.encoded(), content_type_of(key))
    metadata = {CALLBACK_STAGE: callback.stage, CALLBACK_KEY: key}
    context.log_event(dg.AssetObservation("segment_mixes", partition=callback.subject.job_id, metadata=metadata))
