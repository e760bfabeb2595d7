"""``report``: the page that editors look at."""

import dagster as dg

from dub_assets.defs.asset import PRODUCTS, job_asset
from dub_assets.defs.display import media_links, provenance
from dub_assets.domain.mix import FinalVideo
from dub_assets.domain.products import Products
from dub_assets.domain.quality import Quality
from dub_assets.domain.report import Report
from dub_assets.pipeline.report import write_report
from dub_assets.resources.studio import Job, Studio


@job_asset(deps=PRODUCTS, kinds={"html"}, code_version="1")
def report(
    context: dg.AssetExecutionContext,
    studio: Studio,
    final_video: FinalVideo,
    quality: Quality,
) -> dg.Output[Report]:
    """One page on the job: timeline, texts, findings and players, in a file that needs nothing beside it."""
    with studio.job(context) as job:
        return reported(job, job.products(), final_video, quality)


def reported(job: Job, products: Products, final: FinalVideo, quality: Quality) -> dg.Output[Report]:
    """The page of a job, and what to show of it."""
    made = write_report(
        products,
        final,
        quality,
        bench=job.bench,
        previous=job.previous(Report, "report"),
        fit=job.options.fit,
    )
    return dg.Output(
        made,
        metadata={
            **media_links("page", job.archive, made.page),
            "size_mib": round(made.page.size_bytes / 2**20, 2),
            "to_look_at": made.flagged_count,
            **provenance(made.provenance),
        },
    )
