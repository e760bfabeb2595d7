"""``metadata``: the document that consumers and editors read."""

import dagster as dg

from dub_assets.resources.asset import PRODUCTS, job_asset, output
from dub_assets.resources.asset_metadata import media_links
from dub_assets.resources.job_context import JobContext, JobResources
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.metadata.stage import STAGE_VERSION, write_metadata
from dub_assets.stages.metadata.values import Metadata
from dub_assets.stages.products import Products
from dub_assets.stages.quality.values import Quality


@job_asset(deps=PRODUCTS, kinds={"json"}, version=STAGE_VERSION)
def metadata(
    context: dg.AssetExecutionContext,
    job_resources: JobResources,
    final_video: FinalVideo,
    quality: Quality,
) -> dg.Output[Metadata]:
    """The metadata document: texts, times and keys of all segments, engines, weights and figures."""
    with job_resources.job(context) as job:
        return described(job, job.products(), final_video, quality)


def described(job: JobContext, products: Products, final: FinalVideo, quality: Quality) -> dg.Output[Metadata]:
    """The document of a job, and what to show of it."""
    made = write_metadata(products, final, quality, ctx=job.ctx)
    return output(
        made,
        {
            **media_links("document", job.archive, made.document),
            "segments": made.segments_count,
            "issues": made.issues_count,
        },
    )
