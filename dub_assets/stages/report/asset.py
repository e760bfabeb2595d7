"""Asset ``report``: the page for editors."""

import dagster as dg

from dub_assets.resources.asset import PRODUCTS, job_asset, output
from dub_assets.resources.asset_metadata import media_links
from dub_assets.resources.job_context import JobResources
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.report.stage import STAGE_VERSION, write_report
from dub_assets.stages.report.values import Report


@job_asset(version=STAGE_VERSION, kinds={"html"}, deps=PRODUCTS)
def report(
    context: dg.AssetExecutionContext, job_resources: JobResources, final_video: FinalVideo, quality: Quality
) -> dg.Output[Report]:
    """One self-contained page about the job: timeline, texts, findings and players."""
    with job_resources.job(context) as job:
        product = write_report(
            job.products(),
            final_video,
            quality,
            ctx=job.ctx,
            previous=job.previous(Report, "report"),
            fit=job.options.fit,
        )
        return output(
            product,
            {
                **media_links("page", job.archive, product.page),
                "size_mib": round(product.page.size_bytes / 2**20, 2),
                "segments_to_review": product.flagged_count,
            },
        )
