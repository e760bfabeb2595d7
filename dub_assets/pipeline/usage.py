"""What a stage was made by and cost, with what its engine's service counted."""

from __future__ import annotations

from dataclasses import replace

from dub_assets.domain.figures import Provenance, StageFigures
from dub_assets.ports import Metered, Synthesiser, Translator


def made_by(engine: Synthesiser | Translator | None, mark: str, figures: StageFigures) -> Provenance:
    """The provenance of what an engine made, None where nothing was to do.

    The figures take what the engine's service counted since that was asked for last, where it counts anything.
    """
    counted = replace(figures, usage=engine.take_usage()) if isinstance(engine, Metered) else figures
    return Provenance(fingerprint=mark, engines=(engine.identity,) if engine else (), figures=counted)
