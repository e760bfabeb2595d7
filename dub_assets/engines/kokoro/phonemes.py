"""Text to the phonemes that Kokoro was trained on: espeak-ng's, spelled as its authors do (misaki's espeak.py)."""
# ruff: noqa: RUF001 (phonemes that look like letters)

from __future__ import annotations

import re
from dataclasses import dataclass

from dub_assets.engines.shared import espeak_library

VOICES = {"pt": "pt-br", "es": "es", "en": "en-us", "fr": "fr", "hi": "hi", "it": "it"}
"""espeak-ng's voice by language (ISO 639-1)."""

_DIPHTHONGS_AND_AFFRICATES = {
    "a^ɪ": "I", "a^ʊ": "W", "d^z": "ʣ", "d^ʒ": "ʤ", "e^ɪ": "A", "o^ʊ": "O", "ə^ʊ": "Q", "s^s": "S", "t^s": "ʦ",
    "t^ʃ": "ʧ", "ɔ^ɪ": "Y",
}  # fmt: skip
_AMERICAN = {
    **_DIPHTHONGS_AND_AFFRICATES,
    "ə^l": "ᵊl", "ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪə": "iə", "ɐ": "ə", "ɚ": "əɹ", "ɾ": "T", "r": "ɹ", "ʲ": "", "ː": "",
    "\u0303": "", "n\u0329": "ᵊn", "l\u0329": "ᵊl", "m\u0329": "ᵊm",
}  # fmt: skip
_SPELLING = dict.fromkeys(VOICES, _DIPHTHONGS_AND_AFFRICATES) | {"en": _AMERICAN}

_SENTENCE_END = re.compile(r"(?<=[.!?…]) ")
_CLAUSE_END = re.compile(r"(?<=[,;:—]) ")
_PAUSES_MS = {**dict.fromkeys(".!?…", 350), **dict.fromkeys(",;:—", 180)}
"""Silence after a mark at which the text is cut: what the model itself leaves there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonemeChunk:
    """A part of a text that the model speaks at once: its tokens, and the silence before the next chunk."""

    tokens: tuple[int, ...]
    ends_in_mark: bool
    pause_ms: int


def chunks_of(text: str, language: str, vocabulary: dict[str, int], limit: int) -> list[PhonemeChunk]:
    """Return a text as chunks of at most ``limit`` tokens, cut where it is heard least; none without phonemes."""
    parts = _split(phonemes_of(text, language, vocabulary), limit)
    return [
        PhonemeChunk(
            tokens=tuple(vocabulary[character] for character in part),
            ends_in_mark=part[-1] in _PAUSES_MS,
            pause_ms=_PAUSES_MS.get(part[-1], 0) if index < len(parts) - 1 else 0,
        )
        for index, part in enumerate(parts)
    ]


def phonemes_of(text: str, language: str, vocabulary: dict[str, int]) -> str:
    """Return a text's phonemes in the model's alphabet, with marks and single spaces; "" without any phoneme."""
    clauses = []
    for phonemes, mark in espeak_library.phonemes(text, VOICES[language]):
        for tied, letter in _SPELLING[language].items():
            phonemes = phonemes.replace(tied, letter)  # noqa: PLW2901 (a chain of replacements)
        known = "".join(character for character in phonemes if character in vocabulary).strip()
        if known:
            clauses.append(known + (mark if mark in vocabulary else ""))
    return " ".join(" ".join(clauses).split())


def _split(phonemes: str, limit: int) -> list[str]:
    """Return parts of at most ``limit`` characters and about equal length, cut at sentences, clauses or words."""
    if len(phonemes) <= limit:
        return [phonemes] if phonemes else []
    for boundary in (_SENTENCE_END, _CLAUSE_END, re.compile(" ")):
        places = [match.end() for match in boundary.finditer(phonemes)]
        if places:
            middle = min(places, key=lambda place: abs(place - len(phonemes) / 2))
            return [*_split(phonemes[:middle].rstrip(), limit), *_split(phonemes[middle:], limit)]
    return [phonemes[start : start + limit] for start in range(0, len(phonemes), limit)]
