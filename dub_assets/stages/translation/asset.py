"""Asset ``translation``: one translated line for each segment."""

from collections.abc import Mapping
from dataclasses import replace

import dagster as dg

from dub_assets.core.errors import InputError
from dub_assets.core.keys import segment_name
from dub_assets.resources.asset import job_asset, output
from dub_assets.resources.asset_metadata import SegmentRow, edited_segments, segment_table
from dub_assets.resources.job_checks import AssetEvents, check_results
from dub_assets.resources.job_context import JobContext, JobResources
from dub_assets.resources.run_config import TranslationConfig
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.adapting import follow_edits
from dub_assets.stages.translation.stage import (
    STAGE_VERSION,
    choose_voices,
    translate,
    translation_fingerprint,
    write_lines,
)
from dub_assets.stages.translation.values import Translation


@job_asset(version=STAGE_VERSION, kinds={"text"})
def translation(
    context: dg.AssetExecutionContext, job_resources: JobResources, config: TranslationConfig, transcript: Transcript
) -> AssetEvents:
    """The transcript in the target language: as many lines as there are segments, in the same order."""
    with job_resources.job(context) as job:
        texts, voices = config.by_index(), config.voices_by_index()
        previous = job.previous(Translation, "translation")
        if previous is not None and (texts or voices or config.follows_edits):
            product = follow_edits(previous, transcript)
        else:
            product = translate(
                transcript,
                job.request.target_language,
                engines=job.engines,
                ctx=job.ctx,
                previous=previous,
                terms=job.request.terms,
                given=job.given_texts(),
            )
        if texts:
            product = write_lines(product, transcript, texts)
        if voices:
            _check_voices(voices, job)
            product = choose_voices(product, transcript, voices)
        if config.follows_edits:
            product = _up_to_date(product, transcript, job)
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


def _check_voices(voices: Mapping[int, str], job: JobContext) -> None:
    """Raise InputError, naming the known voices, for an unknown one: it would stop every later run."""
    language = job.request.target_language
    known = [voice.name for voice in job.engines.synthesiser(language).capabilities.voices_for(language)]
    for index, voice in voices.items():
        if voice and voice not in known:
            name = segment_name(index)
            raise InputError(f"there is no voice {voice!r} for segment {name}; there are {', '.join(known)}")


def _up_to_date(product: Translation, transcript: Transcript, job: JobContext) -> Translation:
    """Return the translation as one of the edited transcript, so that later runs keep its lines."""
    language, terms = job.request.target_language, job.request.terms
    current = translation_fingerprint(transcript, language, engines=job.engines, terms=terms, given=job.given_texts())
    return replace(product, provenance=replace(product.provenance, fingerprint=current))


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
