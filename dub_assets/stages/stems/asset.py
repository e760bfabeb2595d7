"""``stems``: vocals and background."""

import dagster as dg

from dub_assets.resources.asset import job_asset, output
from dub_assets.resources.asset_metadata import seconds
from dub_assets.resources.job_context import JobResources
from dub_assets.resources.plan import check_engines
from dub_assets.stages.stems.stage import STAGE_VERSION, separate
from dub_assets.stages.stems.values import Stems


@job_asset(deps=["source_video"], kinds={"audio", "onnx"}, version=STAGE_VERSION)
def stems(context: dg.AssetExecutionContext, job_resources: JobResources) -> dg.Output[Stems]:
    """The video's sound at 48 kHz, taken apart into vocals and background that add up to it."""
    with job_resources.job(context) as job:
        check_engines(job.request, job.engines)
        source = job.ctx.workspace.adopt(job.request.input_key)
        context.log_event(
            dg.AssetObservation("source_video", partition=context.partition_key, metadata={"bytes": source.size_bytes})
        )
        made = separate(source, engines=job.engines, ctx=job.ctx, previous=job.previous(Stems, "stems"))
    picture = made.info.picture
    return output(
        made,
        {
            "duration_s": seconds(made.info.duration_ms),
            "speech_s": seconds(sum(part.duration_ms for part in made.speech)),
            "speech_regions": len(made.speech),
            "container": made.info.container,
            "picture": f"{picture.width}x{picture.height} {picture.codec}" if picture else "none",
            "sound": f"{made.info.track.channels} channels, {made.info.track.rate_hz} Hz, {made.info.track.codec}",
        },
    )
