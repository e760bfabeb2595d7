"""Asset ``final_video``: the dubbed video."""

import dagster as dg

from dub_assets.resources.asset import PRODUCTS, job_asset, output
from dub_assets.resources.asset_metadata import media_links
from dub_assets.resources.job_checks import AssetEvents, check_results
from dub_assets.resources.job_context import JobResources
from dub_assets.stages.final_video.stage import STAGE_VERSION, render_video
from dub_assets.stages.final_video.values import FinalVideo


@job_asset(version=STAGE_VERSION, kinds={"video", "ffmpeg"}, deps=PRODUCTS)
def final_video(context: dg.AssetExecutionContext, job_resources: JobResources) -> AssetEvents:
    """The original picture with the dub, the original sound beside it, and subtitles in both languages."""
    with job_resources.job(context) as job:
        products = job.products()
        product = render_video(
            products, options=job.options.mix, ctx=job.ctx, previous=job.previous(FinalVideo, "final_video")
        )
        yield output(
            product,
            {
                **media_links("video", job.archive, product.video),
                "export": f"dub-assets export {job.request.job_id} --out DIR",
                "size_mib": round(product.video.size_bytes / 2**20, 1),
                "loudness_lufs": product.loudness.integrated_lufs,
                "target_lufs": product.gain.target_lufs,
                "speech_gain_db": product.gain.speech_db,
                "programme_gain_db": product.gain.programme_db,
                "true_peak_dbtp": product.loudness.true_peak_dbtp,
            },
        )
        yield from check_results(context, job, "final_video", products, product)
