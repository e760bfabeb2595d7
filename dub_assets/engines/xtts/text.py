"""Texts as XTTS can take them: long ones in parts, numbers in digits."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

_SENTENCE_ENDS = ".!?…。！？।؟"  # noqa: RUF001 - full-width signs are meant
_CLAUSE_ENDS = ",;:—–、，；：،"  # noqa: RUF001 - full-width signs are meant

_AFTER_CLAUSE, _BETWEEN_WORDS, _INSIDE = 0.15, 0.4, 1.0
"""What a place costs beside its distance from the middle, as a share of the text; after a sentence, nothing."""

_DIGITS = {"hi": ("शून्य", "एक", "दो", "तीन", "चार", "पाँच", "छह", "सात", "आठ", "नौ")}
"""Words for 0 to 9, where coqui-tts has none."""


def digit_by_digit(text: str, language: str) -> str:
    """The text with each digit of its numbers by itself, in words where the language needs them."""
    digits = {character: unicodedata.digit(character) for character in text if character.isdigit()}
    words = _DIGITS.get(language) or [str(digit) for digit in range(10)]
    return " ".join("".join(f" {words[digits[c]]} " if c in digits else c for c in text).split())


def parts(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The text in one part where it fits, else halved until each does, at the ends of sentences, clauses, words."""
    if fits(text) or len(text) < 2:
        return [text]
    at = min(range(1, len(text)), key=lambda cut: _cost(text, cut))
    halves = (text[:at].strip(), text[at:].strip())
    return [part for half in halves if half for part in parts(half, fits)]


def _cost(text: str, cut: int) -> float:
    off_middle = abs(cut / len(text) - 0.5)
    before, spaced = text[cut - 1], text[cut].isspace()
    ends = spaced or ord(before) > 0x2E7F  # nothing follows the signs of Chinese and Japanese
    if before in _SENTENCE_ENDS and ends:
        return off_middle
    if before in _CLAUSE_ENDS and ends:
        return off_middle + _AFTER_CLAUSE
    return off_middle + (_BETWEEN_WORDS if spaced else _INSIDE)
