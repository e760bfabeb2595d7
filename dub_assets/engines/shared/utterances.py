"""What every synthesiser does with an utterance first: check it against what the engine offers, tidy its text."""

from __future__ import annotations

import unicodedata

from dub_assets.core.engine import SynthesiserCapabilities
from dub_assets.core.errors import ConfigurationError, UnsupportedLanguageError
from dub_assets.core.signal.sound import Sound, silence
from dub_assets.core.speech import ClonedUtterance, Utterance

WORDLESS_MS = 100
"""A text without a letter or digit ("...", a note sign, an emoji) is spoken as a pause of this length."""

_PICTURES_FROM = 0x2190
"""Symbols from here on are arrows, notes, emoji; those before (degree, trade mark) are read aloud."""


def checked_text(utterance: Utterance, engine: str, offer: SynthesiserCapabilities) -> str:
    """The text to speak: NFC, one line, without control characters and pictures; empty where no word is left.

    Raises UnsupportedLanguageError or ConfigurationError where the engine does not offer what is asked for, and
    ValueError for a speed outside its bounds: to keep those is the caller's business.
    """
    voices = [voice.name for voice in offer.voices_for(utterance.language)]
    if not voices:
        raise UnsupportedLanguageError(
            f"{engine} does not speak {utterance.language!r}; it speaks {', '.join(sorted(offer.languages))}"
        )
    cloned = offer.clones_voice and isinstance(utterance, ClonedUtterance)
    if not cloned and utterance.voice not in voices:
        raise ConfigurationError(
            f"{engine} has no voice {utterance.voice!r} for {utterance.language!r}; choose one of {', '.join(voices)}"
        )
    if not offer.min_speed <= utterance.speed <= offer.max_speed:
        raise ValueError(f"{engine} speaks at {offer.min_speed} to {offer.max_speed} times, not {utterance.speed}")
    text = " ".join("".join(map(_spoken, unicodedata.normalize("NFC", utterance.text))).split())
    return text if any(character.isalnum() for character in text) else ""


def pause(duration_ms: int, rate_hz: int) -> Sound:
    """Mono silence."""
    return silence(duration_ms * rate_hz // 1000, 1, rate_hz)


def _spoken(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    if category in {"Co", "Cs", "Cn"} or (category in {"So", "Sk"} and ord(character) >= _PICTURES_FROM):
        return " "
    return "" if character in "\u00ad\u200b\u2060\ufeff\ufe0e\ufe0f" else character
