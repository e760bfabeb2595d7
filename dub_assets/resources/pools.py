"""Concurrency pools: which of Dagster's pools the step of an asset takes a slot of.

A pool of Dagster belongs to the definition of an asset: a job that chooses engines of its own uses the same pools as
all others. Pools have no limit until one is set with ``dagster instance concurrency set POOL LIMIT`` or in the UI.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from dub_assets.core.errors import ConfigurationError
from dub_assets.engines.catalogue import ENTRIES
from dub_assets.options import DubOptions

Pool = Literal["gpu", "paid_api", "cpu"]
"""``gpu``: models on the graphics card; ``paid_api``: a service that is paid by use; ``cpu``: everything else."""

ENGINE_OF: Mapping[str, str] = MappingProxyType(
    {"stems": "separation", "transcript": "recognition", "translation": "translation", "tts_segments": "synthesis"}
)
"""The kind of engine of each asset that has one."""

WITHOUT_ENGINE = ("segment_mixes", "final_video", "quality", "report")
"""Assets that compute without an engine."""


def pools_of(options: DubOptions) -> dict[str, str]:
    """Return the pool of each asset: as ``STAGE_POOLS`` says, else by the configured engine and device.

    Raises ConfigurationError for an asset or a pool that does not exist.
    """
    pools = {asset: _pool(stage, options) for asset, stage in ENGINE_OF.items()} | dict.fromkeys(WITHOUT_ENGINE, "cpu")
    return pools | _chosen(options.device.pools, pools)


def _pool(stage: str, options: DubOptions) -> str:
    name = getattr(options.engines, stage)
    if any(entry.is_service for entry in ENTRIES if entry.stage == stage and entry.name == name):
        return "paid_api"
    return "gpu" if options.device.name.startswith("cuda") else "cpu"


def _chosen(text: str, assets: Mapping[str, str]) -> dict[str, str]:
    chosen = {}
    for choice in filter(None, (part.strip() for part in text.split(","))):
        asset, _, pool = choice.partition("=")
        if asset not in assets or pool not in get_args(Pool):
            raise ConfigurationError(
                f"STAGE_POOLS: {choice!r} is not an asset and its pool: write one of {', '.join(assets)}, then = and "
                f"one of {', '.join(get_args(Pool))}"
            )
        chosen[asset] = pool
    return chosen
