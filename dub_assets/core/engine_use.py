"""Engines at work: who gives them back, and what they made and cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from dub_assets.core.ports import Engines, Metered, Model, Synthesiser, Translator
from dub_assets.core.provenance import Provenance, StageFigures


@contextmanager
def released(engines: Engines, *used: Model | None) -> Iterator[None]:
    """Give the engines back that are used inside, those that are there."""
    try:
        yield
    finally:
        for engine in used:
            if engine is not None:
                engines.release(engine)


def made_by(engine: Synthesiser | Translator | None, mark: str, figures: StageFigures) -> Provenance:
    """The provenance of what an engine made, None where nothing was to do.

    The figures take what the engine's service counted since that was asked for last, where it counts anything.
    """
    counted = replace(figures, usage=engine.take_usage()) if isinstance(engine, Metered) else figures
    return Provenance(fingerprint=mark, engines=(engine.identity,) if engine else (), figures=counted)
