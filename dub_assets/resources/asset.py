"""What all assets of the graph have in common."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import dagster as dg

from dub_assets.resources.partitions import jobs_partitions

OWNERS = ["team:dubbing"]
GROUP = "dubbing"

PRODUCTS = ("stems", "transcript", "translation", "tts_segments", "segment_mixes")
"""What a video is made from: assets that depend on all of them read them by ``Job.products``."""

job_asset = cast(
    "Callable[..., Callable[[Callable[..., Any]], dg.AssetsDefinition]]",
    partial(
        dg.asset,
        partitions_def=jobs_partitions,
        io_manager_key="manifests",
        group_name=GROUP,
        owners=OWNERS,
    ),
)
"""An asset with a partition a job, stored as a manifest."""
