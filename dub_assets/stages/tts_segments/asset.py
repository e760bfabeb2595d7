"""``tts_segments``: the translated lines spoken."""

from collections.abc import Collection

import dagster as dg

from dub_assets.resources.asset import job_asset, output
from dub_assets.resources.asset_metadata import lines_table
from dub_assets.resources.job_context import JobContext, JobResources
from dub_assets.resources.run_config import TtsSegmentsConfig
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.casting import parse_choices
from dub_assets.stages.tts_segments.stage import STAGE_VERSION, synthesise
from dub_assets.stages.tts_segments.values import TtsSegments


@job_asset(kinds={"audio", "onnx"}, version=STAGE_VERSION)
def tts_segments(
    context: dg.AssetExecutionContext,
    job_resources: JobResources,
    config: TtsSegmentsConfig,
    stems: Stems,
    transcript: Transcript,
    translation: Translation,
) -> dg.Output[TtsSegments]:
    """Every line spoken, fitted to its slot and brought to the level of the original speech."""
    with job_resources.job(context) as job:
        only = config.selected([segment.index for segment in transcript.segments])
        return spoken(job, stems, transcript, translation, only=only)


def spoken(
    job: JobContext, stems: Stems, transcript: Transcript, translation: Translation, *, only: Collection[int] | None
) -> dg.Output[TtsSegments]:
    """The lines of a job spoken, and what to show of them."""
    made = synthesise(
        stems,
        transcript,
        translation,
        engines=job.engines,
        options=job.options,
        ctx=job.ctx,
        previous=job.previous(TtsSegments, "tts_segments"),
        only=only,
        voices={**parse_choices(job.options.speakers.voices), **job.request.voices},
    )
    return output(made, lines_table(made))
