"""``quality``: what a dub measures up to."""

import dagster as dg

from dub_assets.resources.asset import PRODUCTS, job_asset, output
from dub_assets.resources.asset_metadata import quality_table
from dub_assets.resources.job_context import JobContext, JobResources
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.products import Products
from dub_assets.stages.quality.stage import STAGE_VERSION, measure_quality
from dub_assets.stages.quality.values import Quality


@job_asset(deps=PRODUCTS, kinds={"audio", "json"}, version=STAGE_VERSION)
def quality(
    context: dg.AssetExecutionContext, job_resources: JobResources, final_video: FinalVideo
) -> dg.Output[Quality]:
    """The finished dub measured and checked: its text, its lines, its mix, its file."""
    with job_resources.job(context) as job:
        return measured(job, job.products(), final_video)


def measured(job: JobContext, products: Products, final: FinalVideo) -> dg.Output[Quality]:
    """The quality of a job's dub, and what to show of it."""
    made = measure_quality(
        products,
        final,
        engines=job.engines,
        options=job.options,
        ctx=job.ctx,
        previous=job.previous(Quality, "quality"),
    )
    return output(made, quality_table(made))
