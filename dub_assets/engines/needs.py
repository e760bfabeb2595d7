"""What a job needs from the engine of a stage."""

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
    """A need of a stage: ``text`` completes "no engine can ...", ``serves`` tests capabilities.

    ``pair`` is the pair of languages of a translation.
    """

    stage: EngineStage
    text: str
    serves: Callable[[Capabilities], bool]
    pair: tuple[str, str] | None = None


SEPARATION = Need(stage="separation", text="separate speech", serves=lambda _: True)
SPEAKERS = Need(stage="speakers", text="diarise", serves=lambda _: True)


def recognition(language: str | None) -> Need:
    """Return the need to recognise ``language``, or to detect the language if it is None."""

    def serves(capabilities: Capabilities) -> bool:
        if not isinstance(capabilities, RecogniserCapabilities):
            return False
        return language in capabilities.languages if language else capabilities.detects_language

    text = f"recognise {language!r}" if language else "detect the language"
    return Need(stage="recognition", text=text, serves=serves)


def translation(source: str, target: str) -> Need:
    """Return the need to translate from ``source`` to ``target``."""

    def serves(capabilities: Capabilities) -> bool:
        return isinstance(capabilities, TranslatorCapabilities) and (source, target) in capabilities.pairs

    text = f"translate {source!r} to {target!r}"
    return Need(stage="translation", text=text, serves=serves, pair=(source, target))


def synthesis(language: str) -> Need:
    """Return the need to speak ``language``."""

    def serves(capabilities: Capabilities) -> bool:
        return isinstance(capabilities, SynthesiserCapabilities) and language in capabilities.languages

    return Need(stage="synthesis", text=f"speak {language!r}", serves=serves)
