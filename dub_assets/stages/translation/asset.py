"""``translation``: one line for each segment."""

import dagster as dg

from dub_assets.resources.asset import job_asset, output
from dub_assets.resources.asset_metadata import preview
from dub_assets.resources.job_context import JobContext, JobResources
from dub_assets.resources.run_config import TranslationConfig
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.stage import STAGE_VERSION, translate, write_lines
from dub_assets.stages.translation.values import Translation


@job_asset(kinds={"text"}, version=STAGE_VERSION)
def translation(
    context: dg.AssetExecutionContext, job_resources: JobResources, config: TranslationConfig, transcript: Transcript
) -> dg.Output[Translation]:
    """The transcript in the target language: as many lines as there are segments, in the same order."""
    with job_resources.job(context) as job:
        texts = config.by_index()
        edited = job.previous(Translation, "translation") if texts else None
        made = edited or _translated(job, transcript)
        return shown(write_lines(made, transcript, texts) if texts else made, transcript)


def _translated(job: JobContext, transcript: Transcript) -> Translation:
    return translate(
        transcript,
        job.request.target_language,
        engines=job.engines,
        ctx=job.ctx,
        previous=job.previous(Translation, "translation"),
        terms=job.request.terms,
    )


def shown(made: Translation, transcript: Transcript) -> dg.Output[Translation]:
    """A translation, and what to show of it."""
    intervals = {segment.index: segment.interval for segment in transcript.segments}
    return output(
        made,
        {
            "languages": f"{made.source_language} to {made.target_language}",
            "lines": len(made.lines),
            "edited": sum(line.written_for is not None for line in made.lines),
            "text": preview((intervals[line.index], line.text) for line in made.lines),
        },
        data_version=made.data_version,
    )
