"""Asset ``transcript``: what is said, when, and by whom."""

from dataclasses import replace

import dagster as dg

from dub_assets.resources.asset import job_asset, output
from dub_assets.resources.asset_metadata import SegmentRow, segment_table
from dub_assets.resources.job_checks import AssetEvents, check_results
from dub_assets.resources.job_context import JobContext, JobResources
from dub_assets.resources.run_config import TranscriptConfig
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.editing import edit_segments
from dub_assets.stages.transcript.stage import STAGE_VERSION, transcribe, transcript_fingerprint
from dub_assets.stages.transcript.values import Transcript, TranscriptSegment


@job_asset(version=STAGE_VERSION, kinds={"text", "whisper"})
def transcript(
    context: dg.AssetExecutionContext, job_resources: JobResources, config: TranscriptConfig, stems: Stems
) -> AssetEvents:
    """The speech as text, in segments of one speaker's sentence or clause, with the time of every word."""
    with job_resources.job(context) as job:
        edits, previous = config.segment_edits(), job.previous(Transcript, "transcript")
        if edits and previous is not None:
            product = edit_segments(previous, edits)
        else:
            product = edit_segments(_transcribed(stems, job, previous), edits)
        yield output(
            product,
            {
                "language": product.language,
                "language_probability": product.language_probability,
                "speakers": ", ".join(speaker.name for speaker in product.speakers) or "not diarised",
                "source": product.source_file.key if product.source_file else "recognised",
                "findings": "; ".join(product.findings) or "none",
                "segments": len(product.segments),
                "words": sum(len(segment.words) for segment in product.segments),
                "table": segment_table([_row(segment) for segment in product.segments], job.archive.store),
            },
            data_version=product.data_version,
        )
        yield from check_results(context, job, "transcript", job.products_with(stems=stems, transcript=product))


def _transcribed(stems: Stems, job: JobContext, previous: Transcript | None) -> Transcript:
    """Return the transcript: the job's own, that of another job of the project, or a new one."""
    language, speakers, given = job.request.source_language, job.request.speakers, job.given_texts()
    source_file = given.transcript.media if given.transcript else None
    return job.shared.obtain(
        Transcript,
        "transcript",
        transcript_fingerprint(
            stems, language, engines=job.engines, options=job.options, speakers=speakers, given=given
        ),
        previous=previous,
        make=lambda: transcribe(
            stems,
            language,
            engines=job.engines,
            options=job.options,
            ctx=job.ctx,
            previous=previous,
            speakers=speakers,
            given=given,
        ),
        adopt=lambda transcript: None if transcript.edits else replace(transcript, source_file=source_file),
    )


def _row(segment: TranscriptSegment) -> SegmentRow:
    cells = {"speaker": segment.speaker, "probability": segment.probability}
    return SegmentRow(index=segment.index, interval=segment.interval, text=segment.text, cells=cells)
