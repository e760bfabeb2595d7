"""Comparison of a line's text with what a recogniser heard of its speech."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from dub_assets.stages.issues import ReadBackIssue
from dub_assets.text_normalisation import verbalise

_SAME_RATIO = 0.5
"""Least similarity of two stretches that are the same in another spelling: names, homophones, compounds."""

_SLIP_LETTERS = 2
"""Recognisers lose and add words of up to two letters by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What a recogniser heard of a spoken line.

    ``agreement`` is the similarity of text and ``heard``, letter by letter, from 0 to 1. ``dropped`` counts words of
    the text that were not heard, ``repeated`` words that were heard twice, ``invented`` words that are not in the text.
    ``attempts`` counts how often the line was spoken.
    """

    heard: str
    agreement: float
    dropped: int
    repeated: int
    invented: int
    attempts: int = 1

    def is_no_worse_than(self, other: ReadBack) -> bool:
        """Return whether fewer words are wrong, or as many with at least the same agreement."""
        ranks = [(-(result.dropped + result.repeated + result.invented), result.agreement) for result in (self, other)]
        return ranks[0] >= ranks[1]


def compare(text: str, heard: str, language: str) -> ReadBack:
    """Compare a line with what was heard of it; differences of spelling, accents and figures do not count.

    Both are put into words of the language (ISO 639-1) first: "25 °C" is "vinte e cinco graus Celsius".
    """
    expected, found = (words_of(verbalise(part, language)) for part in (text, heard))
    dropped = repeated = invented = 0
    for _, i1, i2, j1, j2 in SequenceMatcher(None, expected, found, autojunk=False).get_opcodes():
        lost, added = expected[i1:i2], found[j1:j2]
        if _are_alike(lost, added):
            continue
        if len(lost) > len(added):
            dropped += _count(lost[len(added) :] if added else lost)
        elif len(added) > len(lost) and _is_repetition(found, j1, j2):
            repeated += _count(added)
        elif len(added) > len(lost):
            invented += _count(added)
    agreement = round(_ratio("".join(expected), "".join(found)), 3)
    return ReadBack(heard=heard, agreement=agreement, dropped=dropped, repeated=repeated, invented=invented)


def read_back_issues(result: ReadBack, least_agreement: float) -> tuple[ReadBackIssue, ...]:
    """Return what is wrong with a line."""
    issues: dict[ReadBackIssue, bool] = {
        "dropped_words": result.dropped > 0,
        "repeated_words": result.repeated > 0,
        "invented_words": result.invented > 0,
        "unlike_text": result.agreement < least_agreement,
    }
    return tuple(issue for issue, is_present in issues.items() if is_present)


def words_of(text: str) -> list[str]:
    """Return the words in lower case, without accents and punctuation; in scripts without spaces, the letters."""
    plain = "".join(
        character
        for character in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(character)
    )
    return re.findall(r"[぀-ヿ㐀-鿿฀-๿]|[^\W_぀-ヿ㐀-鿿฀-๿]+", plain)


def _are_alike(expected: Sequence[str], found: Sequence[str]) -> bool:
    if not expected or not found:
        return not expected and not found
    if any(character.isdigit() for word in (*expected, *found) for character in word):
        return True
    return _ratio("".join(expected), "".join(found)) >= _SAME_RATIO


def _ratio(left: str, right: str) -> float:
    return SequenceMatcher(None, left, right, autojunk=False).ratio()


def _count(words: Sequence[str]) -> int:
    """Return the number of words, 0 if they are so short together that the recogniser may have slipped."""
    return len(words) if sum(map(len, words)) > _SLIP_LETTERS else 0


def _is_repetition(found: Sequence[str], start: int, end: int) -> bool:
    """Return whether ``found[start:end]`` repeats, once or more often, the words right before or after it."""

    def repeats(step: int) -> bool:
        return all(0 <= at + step < len(found) and found[at] == found[at + step] for at in range(start, end))

    return any(repeats(-period) or repeats(period) for period in range(1, end - start + 1))
