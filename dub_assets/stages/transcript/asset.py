"""``transcript``: what is said, and when."""

import dagster as dg

from dub_assets.resources.asset import job_asset, output
from dub_assets.resources.asset_metadata import preview
from dub_assets.resources.job_context import JobResources
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.stage import STAGE_VERSION, transcribe
from dub_assets.stages.transcript.values import Speaker, Transcript, TranscriptSegment


@job_asset(kinds={"text", "whisper"}, version=STAGE_VERSION)
def transcript(context: dg.AssetExecutionContext, job_resources: JobResources, stems: Stems) -> dg.Output[Transcript]:
    """The speech as text, in segments of one speaker's sentence or clause, with the time of every word."""
    with job_resources.job(context) as job:
        made = transcribe(
            stems,
            job.request.source_language,
            engines=job.engines,
            options=job.options,
            ctx=job.ctx,
            previous=job.previous(Transcript, "transcript"),
            speakers=job.request.speakers,
        )
    return output(
        made,
        {
            "language": made.language,
            "language_probability": made.language_probability,
            "speakers": ", ".join(speaker.name for speaker in made.speakers) or "not told apart",
            "segments": len(made.segments),
            "words": sum(len(segment.words) for segment in made.segments),
            "text": preview((segment.interval, _line(segment, made.speakers)) for segment in made.segments),
        },
    )


def _line(segment: TranscriptSegment, speakers: tuple[Speaker, ...]) -> str:
    """What is said, and by whom where there are several."""
    return f"{segment.speaker}: {segment.text}" if len(speakers) > 1 else segment.text
