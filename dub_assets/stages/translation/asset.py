"""Asset ``translation``: one translated line for each segment."""

import dagster as dg

from dub_assets.resources.asset import job_asset, output
from dub_assets.resources.asset_metadata import preview
from dub_assets.resources.job_checks import AssetEvents, check_results
from dub_assets.resources.job_context import JobResources
from dub_assets.resources.run_config import TranslationConfig
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.stage import STAGE_VERSION, translate, write_lines
from dub_assets.stages.translation.values import Translation


@job_asset(version=STAGE_VERSION, kinds={"text"})
def translation(
    context: dg.AssetExecutionContext, job_resources: JobResources, config: TranslationConfig, transcript: Transcript
) -> AssetEvents:
    """The transcript in the target language: as many lines as there are segments, in the same order."""
    with job_resources.job(context) as job:
        texts, previous = config.by_index(), job.previous(Translation, "translation")
        if texts and previous is not None:
            product = previous
        else:
            product = translate(
                transcript,
                job.request.target_language,
                engines=job.engines,
                ctx=job.ctx,
                previous=previous,
                terms=job.request.terms,
            )
        if texts:
            product = write_lines(product, transcript, texts)
        intervals = {segment.index: segment.interval for segment in transcript.segments}
        yield output(
            product,
            {
                "languages": f"{product.source_language} to {product.target_language}",
                "lines": len(product.lines),
                "edited": sum(line.written_for is not None for line in product.lines),
                "text": preview((intervals[line.index], line.text) for line in product.lines),
            },
            data_version=product.data_version,
        )
        yield from check_results(
            context, job, "translation", job.products_with(transcript=transcript, translation=product)
        )
