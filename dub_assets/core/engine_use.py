"""Use of engines by a stage: their release, and the provenance of what they made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from dub_assets.core.ports import Engines, Metered, Model, Synthesiser, Translator
from dub_assets.core.provenance import Provenance, StageFigures


@contextmanager
def releasing(engines: Engines, *used: Model | None) -> Iterator[None]:
    """Release the engines that are used inside on exit; None is ignored."""
    try:
        yield
    finally:
        for engine in used:
            if engine is not None:
                engines.release(engine)


def provenance_of(engine: Synthesiser | Translator | None, fingerprint: str, figures: StageFigures) -> Provenance:
    """Return the provenance of what an engine made; ``engine`` is None if there was nothing to make.

    If the engine is metered, the figures include the usage since it was last asked for.
    """
    usage = engine.take_usage() if isinstance(engine, Metered) else ()
    return Provenance(
        fingerprint=fingerprint,
        engines=(engine.identity,) if engine else (),
        figures=replace(figures, usage=usage),
    )
