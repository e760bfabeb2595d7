"""All assets."""

import dagster as dg

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

ALL: list[dg.AssetsDefinition | dg.AssetSpec] = [
    source_video,
    stems,
    transcript,
    translation,
    tts_segments,
    segment_mixes,
    final_video,
    quality,
    metadata,
    report,
]
"""In the order of the graph."""
