"""Asset ``segment_mixes``: the mix of each segment."""

import dagster as dg

from dub_assets.core.keys import segment_name
from dub_assets.resources.asset import job_asset, output
from dub_assets.resources.asset_metadata import SegmentRow, edited_segments, segment_table
from dub_assets.resources.job_checks import AssetEvents, check_results
from dub_assets.resources.job_context import JobResources
from dub_assets.resources.run_config import SegmentMixesConfig
from dub_assets.stages.segment_mixes.stage import STAGE_VERSION, mix_segments
from dub_assets.stages.segment_mixes.values import GainChange, SegmentMix, SegmentMixes
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.tts_segments.values import TtsSegment, TtsSegments


@job_asset(version=STAGE_VERSION, kinds={"audio"})
def segment_mixes(
    context: dg.AssetExecutionContext,
    job_resources: JobResources,
    config: SegmentMixesConfig,
    stems: Stems,
    tts_segments: TtsSegments,
) -> AssetEvents:
    """The gains of each segment and, if the job asks for them, the clips that editors work with."""
    with job_resources.job(context) as job:
        indexes = [segment.index for segment in tts_segments.segments]
        selected = config.selected(indexes)
        product = mix_segments(
            stems,
            tts_segments,
            changes=config.gain_changes(indexes),
            options=job.options.mix,
            ctx=job.ctx,
            previous=job.previous(SegmentMixes, "segment_mixes"),
            only=selected,
        )
        rows = _rows(product, tts_segments)
        yield output(
            product,
            {
                "segments": len(product.segments),
                "edited": edited_segments(rows),
                "table": segment_table(rows, job.archive.store),
                "clips": sum(segment.clips is not None for segment in product.segments),
                "selected": {
                    segment_name(segment.index): {
                        "bgm_gain": segment.gains.background,
                        "tts_gain": segment.gains.speech,
                    }
                    for segment in product.segments
                    if segment.index in (selected or ())
                },
            },
        )
        made = job.products_with(stems=stems, tts=tts_segments, mixes=product)
        yield from check_results(context, job, "segment_mixes", made)


def _rows(mixes: SegmentMixes, tts: TtsSegments) -> list[SegmentRow]:
    lines = {line.index: line for line in tts.segments}
    return [_row(mix, lines[mix.index]) for mix in mixes.segments]


def _row(mix: SegmentMix, line: TtsSegment) -> SegmentRow:
    clips = mix.clips
    media = {"mix": clips.mix, "background": clips.bgm, "original": clips.source} if clips else {}
    return SegmentRow(
        index=mix.index,
        interval=mix.window,
        text=line.speech.text,
        cells={
            "tempo": line.tempo,
            "bgm_gain": mix.gains.background,
            "tts_gain": mix.gains.speech,
            "issues": ", ".join(line.issues),
        },
        media={**media, "speech": line.clip, **({"picture": clips.video} if clips else {})},
        edited=mix.edited != GainChange(),
        first=bool(line.issues),
    )
