"""``quality``: what a dub measures up to."""

import dagster as dg

from dub_assets.defs.asset import PRODUCTS, job_asset
from dub_assets.defs.display import provenance, quality_table
from dub_assets.domain.mix import FinalVideo
from dub_assets.domain.products import Products
from dub_assets.domain.quality import Quality
from dub_assets.pipeline.measure_quality import measure_quality
from dub_assets.resources.studio import Job, Studio


@job_asset(deps=PRODUCTS, kinds={"audio", "json"}, code_version="1")
def quality(context: dg.AssetExecutionContext, studio: Studio, final_video: FinalVideo) -> dg.Output[Quality]:
    """The finished dub measured and checked: its text, its lines, its mix, its file."""
    with studio.job(context) as job:
        return measured(job, job.products(), final_video)


def measured(job: Job, products: Products, final: FinalVideo) -> dg.Output[Quality]:
    """The quality of a job's dub, and what to show of it."""
    made = measure_quality(
        products,
        final,
        engines=job.engines,
        options=job.options,
        bench=job.bench,
        previous=job.previous(Quality, "quality"),
    )
    return dg.Output(made, metadata={**quality_table(made), **provenance(made.provenance)})
