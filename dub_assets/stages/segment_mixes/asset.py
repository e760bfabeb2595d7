"""``segment_mixes``: the segments mixed one by one."""

from collections.abc import Collection, Mapping

import dagster as dg

from dub_assets.core.keys import segment_name
from dub_assets.resources.asset import job_asset, output
from dub_assets.resources.job_context import JobContext, JobResources
from dub_assets.resources.run_config import SegmentMixesConfig
from dub_assets.stages.segment_mixes.stage import STAGE_VERSION, mix_segments
from dub_assets.stages.segment_mixes.values import GainChange, SegmentMixes
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.tts_segments.values import TtsSegments


@job_asset(kinds={"audio"}, version=STAGE_VERSION)
def segment_mixes(
    context: dg.AssetExecutionContext,
    job_resources: JobResources,
    config: SegmentMixesConfig,
    stems: Stems,
    tts_segments: TtsSegments,
) -> dg.Output[SegmentMixes]:
    """How each segment is mixed, and the clips of it that editors work with where the job asks for them."""
    with job_resources.job(context) as job:
        indexes = [segment.index for segment in tts_segments.segments]
        only, changes = config.selected(indexes), config.gain_changes(indexes)
        return mixed(job, stems, tts_segments, changes=changes, only=only)


def mixed(
    job: JobContext, stems: Stems, tts: TtsSegments, *, changes: Mapping[int, GainChange], only: Collection[int] | None
) -> dg.Output[SegmentMixes]:
    """The mixes of a job, and what to show of them."""
    made = mix_segments(
        stems,
        tts,
        changes=changes,
        options=job.options.mix,
        ctx=job.ctx,
        previous=job.previous(SegmentMixes, "segment_mixes"),
        only=only,
    )
    return output(
        made,
        {
            "segments": len(made.segments),
            "clips": sum(segment.clips is not None for segment in made.segments),
            "selected": {
                segment_name(segment.index): {"bgm_gain": segment.gains.background, "tts_gain": segment.gains.speech}
                for segment in made.segments
                if segment.index in (only or ())
            },
        },
    )
