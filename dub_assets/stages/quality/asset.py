"""``quality``: what a dub measures up to."""

import dagster as dg

from dub_assets.resources.asset import PRODUCTS, job_asset
from dub_assets.resources.asset_metadata import provenance, quality_table
from dub_assets.resources.job_context import JobContext, JobResources
from dub_assets.stages.products import Products
from dub_assets.stages.quality.stage import measure_quality
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.segment_mixes.values import FinalVideo


@job_asset(deps=PRODUCTS, kinds={"audio", "json"}, code_version="1")
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
    return dg.Output(made, metadata={**quality_table(made), **provenance(made.provenance)})
