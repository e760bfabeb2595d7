"""What a stage cost, and what it was made from."""

from __future__ import annotations

from dataclasses import dataclass

from dub_assets.core.engine import EngineIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFigures:
    """Cost of a stage: wall and CPU seconds, wall seconds a second of programme, peak resident memory in MiB.

    ``usage`` is what its engine's service counted, as (name, amount) pairs sorted by name: ``tokens_in``,
    ``characters``, ``cost_usd``.
    """

    wall_s: float
    cpu_s: float
    real_time_factor: float
    peak_memory_mib: float
    usage: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a product was made from, by what, and what it cost.

    ``fingerprint`` is the sha256 of every input that can change the product; equal fingerprints mean that the
    product need not be made again.
    """

    fingerprint: str
    engines: tuple[EngineIdentity, ...]
    figures: StageFigures
