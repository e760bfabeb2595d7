"""The software-defined assets, one a file."""

import dagster as dg

from dub_assets.defs.assets.final_video import final_video
from dub_assets.defs.assets.metadata import metadata
from dub_assets.defs.assets.quality import quality
from dub_assets.defs.assets.report import report
from dub_assets.defs.assets.segment_mixes import segment_mixes
from dub_assets.defs.assets.source_video import source_video
from dub_assets.defs.assets.stems import stems
from dub_assets.defs.assets.transcript import transcript
from dub_assets.defs.assets.translation import translation
from dub_assets.defs.assets.tts_segments import tts_segments

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
