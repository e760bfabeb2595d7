"""``translation``: one line for each segment."""

import dagster as dg

from dub_assets.resources.asset import job_asset
from dub_assets.resources.asset_metadata import preview, provenance
from dub_assets.resources.job_context import JobResources
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.stage import translate
from dub_assets.stages.translation.values import Translation


@job_asset(kinds={"text"}, code_version="2")
def translation(
    context: dg.AssetExecutionContext, job_resources: JobResources, transcript: Transcript
) -> dg.Output[Translation]:
    """The transcript in the target language: as many lines as there are segments, in the same order."""
    with job_resources.job(context) as job:
        made = translate(
            transcript,
            job.request.target_language,
            engines=job.engines,
            ctx=job.ctx,
            previous=job.previous(Translation, "translation"),
            terms=job.request.terms,
        )
    return shown(made, transcript)


def shown(made: Translation, transcript: Transcript) -> dg.Output[Translation]:
    """A translation, and what to show of it."""
    intervals = {segment.index: segment.interval for segment in transcript.segments}
    return dg.Output(
        made,
        metadata={
            "languages": f"{made.source_language} to {made.target_language}",
            "lines": len(made.lines),
            "edited": sum(line.written_for is not None for line in made.lines),
            "text": preview((intervals[line.index], line.text) for line in made.lines),
            **provenance(made.provenance),
        },
    )
