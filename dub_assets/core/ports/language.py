"""Telling the language of a text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from dub_assets.core.engine import EngineIdentity
from dub_assets.core.speech import LanguageGuess


class LanguageIdentifier(Protocol):
    """Tells what language texts are in."""

    @property
    def identity(self) -> EngineIdentity:
        """What this identifier is."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """The languages (ISO 639-1) that it tells apart."""
        ...

    def identify(self, texts: Sequence[str], among: Collection[str] | None = None) -> list[LanguageGuess]:
        """The likeliest language of each text, among those given (of ``languages``) or among all."""
        ...
