"""``final_video``: the dubbed video."""

import dagster as dg

from dub_assets.resources.asset import PRODUCTS, job_asset, output
from dub_assets.resources.asset_metadata import media_links
from dub_assets.resources.job_context import JobContext, JobResources
from dub_assets.stages.final_video.stage import STAGE_VERSION, render_video
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.products import Products


@job_asset(deps=["source_video", *PRODUCTS], kinds={"video", "ffmpeg"}, version=STAGE_VERSION)
def final_video(context: dg.AssetExecutionContext, job_resources: JobResources) -> dg.Output[FinalVideo]:
    """The original picture with the dub, the original sound beside it, and subtitles in both languages."""
    with job_resources.job(context) as job:
        return rendered(job, job.products())


def rendered(job: JobContext, products: Products) -> dg.Output[FinalVideo]:
    """The dubbed video of a job, and what to show of it."""
    made = render_video(
        products, options=job.options.mix, ctx=job.ctx, previous=job.previous(FinalVideo, "final_video")
    )
    return output(
        made,
        {
            **media_links("video", job.archive, made.video),
            "export": f"dub-assets export {job.request.job_id} --out DIR",
            "size_mib": round(made.video.size_bytes / 2**20, 1),
            "loudness_lufs": made.loudness.integrated_lufs,
            "target_lufs": made.gain.target_lufs,
            "speech_gain_db": made.gain.speech_db,
            "programme_gain_db": made.gain.programme_db,
            "true_peak_dbtp": made.loudness.true_peak_dbtp,
        },
    )
