"""Asset ``stems``: vocals and background."""

import dagster as dg

from dub_assets.core.timing import seconds
from dub_assets.resources.asset import job_asset, output
from dub_assets.resources.job_context import JobResources
from dub_assets.resources.plan import check_job
from dub_assets.stages.stems.stage import STAGE_VERSION, copy_stems, separate, stems_fingerprint
from dub_assets.stages.stems.values import Stems


@job_asset(version=STAGE_VERSION, kinds={"audio", "onnx"}, deps=["source_video"])
def stems(context: dg.AssetExecutionContext, job_resources: JobResources) -> dg.Output[Stems]:
    """The video's sound at 48 kHz, separated into vocals and background that add up to it."""
    with job_resources.job(context) as job:
        check_job(job.request, job.engines, job.ctx.consents, job.options)
        job.given_texts()  # unreadable subtitles end the job before any work
        source = job.ctx.workspace.adopt(job.request.input_key)
        context.log_event(
            dg.AssetObservation("source_video", partition=context.partition_key, metadata={"bytes": source.size_bytes})
        )
        engines, ctx, previous = job.engines, job.ctx, job.previous(Stems, "stems")
        product = job.shared.obtain(
            Stems,
            "stems",
            stems_fingerprint(source, engines=engines, ctx=ctx, previous=previous),
            previous=previous,
            make=lambda: separate(source, engines=engines, ctx=ctx, previous=previous),
            adopt=lambda stems: copy_stems(stems, source, ctx),
        )
    picture, track = product.info.picture, product.info.track
    return output(
        product,
        {
            "duration_s": seconds(product.info.duration_ms),
            "speech_s": seconds(sum(region.duration_ms for region in product.speech)),
            "speech_regions": len(product.speech),
            "container": product.info.container,
            "picture": f"{picture.width}x{picture.height} {picture.codec}" if picture else "none",
            "sound": f"{track.channels} channels, {track.rate_hz} Hz, {track.codec}",
        },
    )
