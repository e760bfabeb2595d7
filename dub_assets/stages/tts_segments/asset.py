"""Asset ``tts_segments``: the translated lines spoken."""

import dagster as dg

from dub_assets.core.timing import seconds
from dub_assets.resources.asset import job_asset, output
from dub_assets.resources.asset_metadata import SegmentRow, fit_figures, segment_table
from dub_assets.resources.job_checks import AssetEvents, check_results
from dub_assets.resources.job_context import JobResources
from dub_assets.resources.run_config import TtsSegmentsConfig
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.casting import parse_choices
from dub_assets.stages.tts_segments.stage import STAGE_VERSION, synthesise
from dub_assets.stages.tts_segments.values import TtsSegment, TtsSegments


@job_asset(version=STAGE_VERSION, kinds={"audio", "onnx"})
def tts_segments(
    context: dg.AssetExecutionContext,
    job_resources: JobResources,
    config: TtsSegmentsConfig,
    stems: Stems,
    transcript: Transcript,
    translation: Translation,
) -> AssetEvents:
    """Every line spoken, fitted to its slot and brought to the level of the original speech."""
    with job_resources.job(context) as job:
        product = synthesise(
            stems,
            transcript,
            translation,
            engines=job.engines,
            options=job.options,
            ctx=job.ctx,
            previous=job.previous(TtsSegments, "tts_segments"),
            only=config.selected([segment.index for segment in transcript.segments]),
            voices={**parse_choices(job.options.speakers.voices), **job.request.voices},
            pronunciations=job.request.pronunciations,
        )
        edited = {line.index for line in translation.lines if line.written_for is not None}
        rows = [_row(segment, edited=segment.index in edited) for segment in product.segments]
        yield output(product, {**fit_figures(product), "table": segment_table(rows, job.archive.store)})
        made = job.products_with(stems=stems, transcript=transcript, translation=translation, tts=product)
        yield from check_results(context, job, "tts_segments", made)


def _row(line: TtsSegment, *, edited: bool) -> SegmentRow:
    return SegmentRow(
        index=line.index,
        interval=line.placed,
        text=line.speech.text,
        cells={
            "late (s)": seconds(line.late_ms),
            "tempo": line.tempo,
            "stretch": line.stretch,
            "fit method": line.rung,
            "gain (dB)": line.gain_db,
            "voice": line.speech.voice,
            "issues": ", ".join(line.issues),
        },
        media={"speech": line.clip},
        edited=edited,
        first=bool(line.issues),
    )
