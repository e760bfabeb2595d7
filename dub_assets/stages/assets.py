"""All assets."""

import dagster as dg

from dub_assets.resources.asset import AssetOptions, JobAsset
from dub_assets.stages.final_video.asset import final_video
from dub_assets.stages.metadata.asset import metadata
from dub_assets.stages.quality.asset import quality
from dub_assets.stages.report.asset import report
from dub_assets.stages.segment_mixes.asset import segment_mixes
from dub_assets.stages.source_video.asset import source_video
from dub_assets.stages.stems.asset import stems
from dub_assets.stages.transcript.asset import transcript
from dub_assets.stages.translation.asset import translation
from dub_assets.stages.tts_segments.asset import tts_segments

JOB_ASSETS: tuple[JobAsset, ...] = (
    stems,
    transcript,
    translation,
    tts_segments,
    segment_mixes,
    final_video,
    quality,
    metadata,
    report,
)
"""What a job makes, in the order of the graph."""

NAMES = tuple(asset.name for asset in JOB_ASSETS)


def asset_definitions(options: AssetOptions) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Return all assets with their checks, in the order of the graph."""
    return [source_video, *(asset.definition(options) for asset in JOB_ASSETS)]
