"""What a job needs of the engine of a stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dub_assets.core.engine import (
    Capabilities,
    EngineStage,
    RecogniserCapabilities,
    SynthesiserCapabilities,
    TranslatorCapabilities,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A need of a stage: ``text`` completes "no engine can ...", ``serves`` says whether capabilities meet it.

    ``pair`` are the languages of a translation.
    """

    stage: EngineStage
    text: str
    serves: Callable[[Capabilities], bool]
    pair: tuple[str, str] | None = None


SEPARATION = Need(stage="separation", text="separate speech", serves=lambda _: True)
SPEAKERS = Need(stage="speakers", text="tell speakers apart", serves=lambda _: True)


def recognition(language: str | None) -> Need:
    """Recognise ``language``, or detect the language if it is None."""

    def serves(offer: Capabilities) -> bool:
        if not isinstance(offer, RecogniserCapabilities):
            return False
        return language in offer.languages if language else offer.detects_language

    text = f"recognise {language!r}" if language else "detect the language"
    return Need(stage="recognition", text=text, serves=serves)


def translation(source: str, target: str) -> Need:
    """Translate from ``source`` to ``target``."""

    def serves(offer: Capabilities) -> bool:
        return isinstance(offer, TranslatorCapabilities) and (source, target) in offer.pairs

    text = f"translate {source!r} to {target!r}"
    return Need(stage="translation", text=text, serves=serves, pair=(source, target))


def synthesis(language: str) -> Need:
    """Speak ``language``."""

    def serves(offer: Capabilities) -> bool:
        return isinstance(offer, SynthesiserCapabilities) and language in offer.languages

    return Need(stage="synthesis", text=f"speak {language!r}", serves=serves)
