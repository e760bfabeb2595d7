"""Asset ``metadata``: the document that consumers and editors read."""

import dagster as dg

from dub_assets.resources.asset import PRODUCTS, job_asset, output
from dub_assets.resources.asset_metadata import media_links
from dub_assets.resources.job_context import JobResources
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.metadata.stage import STAGE_VERSION, write_metadata
from dub_assets.stages.metadata.values import Metadata
from dub_assets.stages.quality.values import Quality


@job_asset(version=STAGE_VERSION, kinds={"json"}, deps=PRODUCTS)
def metadata(
    context: dg.AssetExecutionContext, job_resources: JobResources, final_video: FinalVideo, quality: Quality
) -> dg.Output[Metadata]:
    """The metadata document: texts, times and keys of all segments, engines, weights and figures."""
    with job_resources.job(context) as job:
        product = write_metadata(job.products(), final_video, quality, ctx=job.ctx)
        return output(
            product,
            {
                **media_links("document", job.archive, product.document),
                "segments": product.segments_count,
                "issues": product.issues_count,
            },
        )
