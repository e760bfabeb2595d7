"""Asset ``translation``: one translated line for each segment."""

import dagster as dg

from dub_assets.resources.asset import job_asset, output
from dub_assets.resources.asset_metadata import SegmentRow, edited_segments, segment_table
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
        rows = _rows(product, transcript)
        yield output(
            product,
            {
                "languages": f"{product.source_language} to {product.target_language}",
                "lines": len(product.lines),
                "edited": edited_segments(rows),
                "table": segment_table(rows, job.archive.store),
            },
            data_version=product.data_version,
        )
        yield from check_results(
            context, job, "translation", job.products_with(transcript=transcript, translation=product)
        )


def _rows(translation: Translation, transcript: Transcript) -> list[SegmentRow]:
    lines = {line.index: line for line in translation.lines}
    return [
        SegmentRow(
            index=segment.index,
            interval=segment.interval,
            text=lines[segment.index].text,
            cells={"original": segment.text},
            edited=lines[segment.index].written_for is not None,
        )
        for segment in transcript.segments
        if segment.index in lines
    ]
