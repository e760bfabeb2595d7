"""Asset ``quality``: measurements and checks of the finished dub."""

import dagster as dg

from dub_assets.resources.asset import PRODUCTS, job_asset, output
from dub_assets.resources.asset_metadata import quality_table
from dub_assets.resources.job_context import JobResources
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.quality.stage import STAGE_VERSION, measure_quality
from dub_assets.stages.quality.values import Quality


@job_asset(version=STAGE_VERSION, kinds={"audio", "json"}, deps=PRODUCTS)
def quality(
    context: dg.AssetExecutionContext, job_resources: JobResources, final_video: FinalVideo
) -> dg.Output[Quality]:
    """Measurements and checks of the finished dub: text, lines, mix and file."""
    with job_resources.job(context) as job:
        product = measure_quality(
            job.products(),
            final_video,
            engines=job.engines,
            options=job.options,
            ctx=job.ctx,
            previous=job.previous(Quality, "quality"),
        )
    return output(product, quality_table(product))
