"""Preparation of lines for sentence models: cleaning, and joining of wrongly split sentences."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

MAX_CHARACTERS = 300
"""Longer sentences are cut: the models start to omit words at about 400 characters."""

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
"""Titles and initials (not "I." and "A."), after which sentence splitters wrongly split."""


def is_wordless(line: str) -> bool:
    """Return whether a line has no letter: numbers, marks and pictures are the same in every language."""
    return not any(character.isalpha() for character in line)


def tidied(line: str) -> str:
    """Return one line with plain quotes and dots, without tags and pictures; lines in capitals become sentences.

    The models know quotes and dots in their plain form only, and treat words in capitals as names.
    """
    text = _TAG.sub(" ", unicodedata.normalize("NFC", html.unescape(line))).translate(_PLAIN)
    text = " ".join("".join(map(_known, text)).split())
    return ". ".join(part.capitalize() for part in text.split(". ")) if text.isupper() and " " in text else text


def joined_sentences(sentences: Sequence[str]) -> list[str]:
    """Join sentences that were split after an abbreviation or inside a quotation; cut those over the limit."""
    joined: list[str] = []
    for sentence in map(str.strip, sentences):
        if joined and sentence and (_ABBREVIATION.search(joined[-1]) or sentence[0].islower()):
            joined[-1] += f" {sentence}"
        elif sentence:
            joined.append(sentence)
    return [part for sentence in joined for part in _cut(sentence)]


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
