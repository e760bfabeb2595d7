"""Letters of other scripts in Latin letters, for languages whose voices read no others.

>>> in_latin_letters("Москва, 東京", "pt")
'Moskva, Dongjing'
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from dub_assets.text_normalisation.language_rules import words

_OTHER_SCRIPTS = words(
    "am ar as be bg bn bo cv dv dz el fa gu he hi hy ja ka kk km kn ko ky lo mk ml mn mr my ne or os pa ps ru sa sd si "
    "sr ta te tg th ti tt ug uk ur yi zh"
)
"""Languages (ISO 639-1) that are not written in Latin letters, or not only."""

_READABLE_TO = "\u017f"
"""Last letter of Latin Extended-A: voices read these with their marks or without; later ones they spell."""

_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff])*")


def reads_latin(language: str) -> bool:
    """Return whether a language is written in Latin letters alone."""
    return language not in _OTHER_SCRIPTS


def foreign_words(text: str, language: str) -> list[str]:
    """Return the words in letters of another script, if the language is written in Latin letters."""
    if text.isascii() or not reads_latin(language):
        return []
    return [word for word in _WORD.findall(text) if not all(map(_is_readable, word))]


def in_latin_letters(text: str, language: str, *, plain: bool = False) -> str:
    """Return a text with the words of other scripts transliterated; unchanged if the language has another script.

    ``plain`` also takes the marks from Latin letters that are in no European alphabet: "Nguyễn" is "Nguyen".
    """
    if text.isascii() or not reads_latin(language):
        return text
    last = _READABLE_TO if plain else "\U0010ffff"
    return _WORD.sub(lambda match: _transliterated(match[0], last), unicodedata.normalize("NFC", text))


@lru_cache(maxsize=4096)
def _transliterated(word: str, last: str) -> str:
    if all(_is_readable(letter, last) for letter in word):
        return word
    from anyascii import anyascii

    letters = "".join(letter if _is_readable(letter, last) else anyascii(letter) for letter in word)
    parts = re.findall(r"[\w']+", letters)
    return " ".join(part if part.isupper() else part[0] + part[1:].lower() for part in parts)


def _is_readable(letter: str, last: str = "\U0010ffff") -> bool:
    """Return whether a character is a Latin letter up to ``last``, or no letter: for ``re``, "⁶" is one."""
    if letter < "\u0250" or unicodedata.category(letter)[0] == "N":
        return letter <= last or not letter.isalpha()
    return letter <= last and unicodedata.name(letter, "").startswith(("LATIN", "COMBINING"))
