"""Preparation of utterances for synthesisers: check them against the engine's capabilities, clean their text."""

from __future__ import annotations

import unicodedata

from dub_assets.core.engine import SynthesiserCapabilities
from dub_assets.core.errors import ConfigurationError, UnsupportedLanguageError
from dub_assets.core.signal.sound import Sound, silence
from dub_assets.core.speech import ClonedUtterance, Utterance

WORDLESS_MS = 100
"""A text without a letter or digit ("...", a note sign, an emoji) gives a pause of this length."""

_PICTURES_FROM = 0x2190
"""Symbols from here on are arrows, notes and emoji; those before (degree, trade mark) are spoken."""


def checked_text(utterance: Utterance, engine: str, capabilities: SynthesiserCapabilities) -> str:
    """Return the text to speak: NFC, one line, without control characters and pictures; empty if no word is left.

    Raises UnsupportedLanguageError or ConfigurationError if the engine does not have the language or voice, and
    ValueError for a speed outside its bounds, which the caller has to keep.
    """
    voices = [voice.name for voice in capabilities.voices_for(utterance.language)]
    if not voices:
        raise UnsupportedLanguageError(
            f"{engine} does not speak {utterance.language!r}; it speaks {', '.join(sorted(capabilities.languages))}"
        )
    cloned = capabilities.clones_voice and isinstance(utterance, ClonedUtterance)
    if not cloned and utterance.voice not in voices:
        raise ConfigurationError(
            f"{engine} has no voice {utterance.voice!r} for {utterance.language!r}; choose one of {', '.join(voices)}"
        )
    if not capabilities.min_speed <= utterance.speed <= capabilities.max_speed:
        speeds = f"{capabilities.min_speed} to {capabilities.max_speed}"
        raise ValueError(f"{engine} speaks at {speeds} times its natural speed, not {utterance.speed}")
    text = " ".join("".join(map(_spoken, unicodedata.normalize("NFC", utterance.text))).split())
    return text if any(character.isalnum() for character in text) else ""


def pause(duration_ms: int, rate_hz: int) -> Sound:
    """Return mono silence."""
    return silence(duration_ms * rate_hz // 1000, 1, rate_hz)


def _spoken(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    if category in {"Co", "Cs", "Cn"} or (category in {"So", "Sk"} and ord(character) >= _PICTURES_FROM):
        return " "
    return "" if character in "\u00ad\u200b\u2060\ufeff\ufe0e\ufe0f" else character
