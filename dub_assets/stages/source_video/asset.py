"""Asset ``source_video``: the video that producers upload."""

import dagster as dg

from dub_assets.resources.asset import GROUP, OWNERS
from dub_assets.resources.partitions import jobs_partitions

source_video = dg.AssetSpec(
    "source_video",
    description="The uploaded video, at the job's `input_key`. Written by producers, never by a run.",
    partitions_def=jobs_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"video"},
)
