"""Provenance: the inputs, engines and cost of a product."""

from __future__ import annotations

from dataclasses import dataclass

from dub_assets.core.engine import EngineIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFigures:
    """Cost of a stage: wall and CPU seconds, wall seconds for a second of programme, peak resident memory in MiB.

    ``usage`` has the (name, amount) pairs that its engine's service counted, sorted by name: ``tokens_in``,
    ``characters``, ``cost_usd``.
    """

    wall_s: float
    cpu_s: float
    real_time_factor: float
    peak_memory_mib: float
    usage: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The fingerprint, engines and cost of a product.

    A product is not regenerated if its ``fingerprint``, a hash of every input that can change it, is the same.
    """

    fingerprint: str
    engines: tuple[EngineIdentity, ...]
    figures: StageFigures


NOT_MADE = Provenance(
    fingerprint="",
    engines=(),
    figures=StageFigures(wall_s=0.0, cpu_s=0.0, real_time_factor=0.0, peak_memory_mib=0.0),
)
"""The provenance of a product before it is known, and of one that stands for a product after the end of a job."""
