"""A line as the Firefox models want it: tidied, and cut into the sentences that they translate one at a time."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

MAX_CHARACTERS = 300
"""Longer sentences are cut: the models begin to leave words out somewhere over 400 characters."""

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e", '"'),
        **dict.fromkeys("\u2018\u2019", "'"),
        "\u2026": "...",
        **dict.fromkeys("\u00ad\u200b", ""),
    }
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_PICTURES_FROM = 0x2190

_ABBREVIATION = re.compile(r"\b(?:Drs?|Dra|Mrs?|Ms|Prof|Profa|Sr|Sra|Srta|St|Gen|Gov|Sen|Rev|vs|[B-HJ-Z])\.$")
"""Ends a piece that the library takes for a sentence: titles and initials (not "I." and "A.")."""


def is_wordless(line: str) -> bool:
    """Whether a line holds no letter: numbers, marks and pictures are the same in every language."""
    return not any(character.isalpha() for character in line)


def tidied(line: str) -> str:
    """One line with plain quotes and dots, without tags and pictures; shouting becomes a sentence.

    The models know quotes and dots in their plain form only, and take words in capitals for names.
    """
    text = _TAG.sub(" ", unicodedata.normalize("NFC", html.unescape(line))).translate(_PLAIN)
    text = " ".join("".join(map(_known, text)).split())
    return ". ".join(part.capitalize() for part in text.split(". ")) if text.isupper() and " " in text else text


def joined_sentences(pieces: Sequence[str]) -> list[str]:
    """The sentences that were cut after an abbreviation or inside a quotation, whole again; none over the limit."""
    sentences: list[str] = []
    for piece in map(str.strip, pieces):
        if sentences and piece and (_ABBREVIATION.search(sentences[-1]) or piece[0].islower()):
            sentences[-1] += f" {piece}"
        elif piece:
            sentences.append(piece)
    return [part for sentence in sentences for part in _cut(sentence)]


def _cut(sentence: str) -> list[str]:
    if len(sentence) <= MAX_CHARACTERS:
        return [sentence]
    commas = [match.end() for match in re.finditer(r"[,;:] ", sentence)]
    spaces = [match.end() for match in re.finditer(" ", sentence)]
    middle = len(sentence) / 2
    near = [place for place in commas if abs(place - middle) < middle / 2] or spaces
    place = min(near, key=lambda place: abs(place - middle), default=MAX_CHARACTERS)
    return [*_cut(sentence[:place].strip()), *_cut(sentence[place:].strip())]


def _known(character: str) -> str:
    category = unicodedata.category(character)
    picture = category in {"So", "Sk"} and ord(character) >= _PICTURES_FROM
    return " " if picture or category in {"Cc", "Cf", "Co", "Cs", "Cn"} else character
