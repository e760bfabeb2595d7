"""Protocol of language identification."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from dub_assets.core.engine import EngineIdentity
from dub_assets.core.speech import LanguageGuess


class LanguageIdentifier(Protocol):
    """Identifies the language of texts."""

    @property
    def identity(self) -> EngineIdentity:
        """Name and version of the identifier."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """The languages (ISO 639-1) that it distinguishes."""
        ...

    def identify(self, texts: Sequence[str], among: Collection[str] | None = None) -> list[LanguageGuess]:
        """Return the most likely language of each text, out of ``among`` (a part of ``languages``) or of all."""
        ...
