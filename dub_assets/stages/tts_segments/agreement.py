"""What a recogniser hears of a spoken line, against the line's text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from dub_assets.text_normalisation import spoken

_SAME = 0.5
"""Likeness from which two stretches are one, heard in another spelling: names, homophones, compounds."""

_SLIP_LETTERS = 2
"""Recognisers lose and add words of up to two letters by themselves."""


SpokenIssue = Literal["dropped_words", "repeated_words", "invented_words", "unlike_text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """A spoken line as a recogniser heard it.

    ``agreement`` is how alike text and ``heard`` are, letter by letter, from 0 to 1. ``dropped`` words of the text were
    not heard, ``repeated`` ones twice; ``invented`` ones were heard and are not in the text. ``attempts`` counts how
    often the line was spoken.
    """

    heard: str
    agreement: float
    dropped: int
    repeated: int
    invented: int
    attempts: int = 1

    def is_no_worse_than(self, other: ReadBack) -> bool:
        """Whether at most as many words are wrong, and of equally many the agreement is as good."""
        one, two = ((-(each.dropped + each.repeated + each.invented), each.agreement) for each in (self, other))
        return one >= two


def read_back(text: str, heard: str, language: str) -> ReadBack:
    """The comparison of a line with what was heard of it. Spelling, accents and figures are not held against it.

    Both are compared as they are said in the language (ISO 639-1): "25 °C" is "vinte e cinco graus Celsius".
    """
    said, found = (words_of(spoken(each, language)) for each in (text, heard))
    dropped = repeated = invented = 0
    for _, i1, i2, j1, j2 in SequenceMatcher(None, said, found, autojunk=False).get_opcodes():
        if _alike(said[i1:i2], found[j1:j2]):
            continue
        lost, added = said[i1:i2], found[j1:j2]
        if len(lost) > len(added):
            dropped += _weighty(lost[len(added) :] if added else lost)
        elif len(added) > len(lost):
            again = _is_repetition(found, j1, j2)
            count = _weighty(added)
            repeated, invented = (repeated + count, invented) if again else (repeated, invented + count)
    agreement = round(_ratio("".join(said), "".join(found)), 3)
    return ReadBack(heard=heard, agreement=agreement, dropped=dropped, repeated=repeated, invented=invented)


def spoken_issues(found: ReadBack, agreement: float) -> tuple[SpokenIssue, ...]:
    """What is wrong with a line; ``agreement`` is the least that passes."""
    wrong: dict[SpokenIssue, bool] = {
        "dropped_words": found.dropped > 0,
        "repeated_words": found.repeated > 0,
        "invented_words": found.invented > 0,
        "unlike_text": found.agreement < agreement,
    }
    return tuple(issue for issue, is_so in wrong.items() if is_so)


def words_of(text: str) -> list[str]:
    """The words in small letters, without accents and punctuation; each letter of a script without spaces is one."""
    plain = "".join(
        character
        for character in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(character)
    )
    return re.findall(r"[぀-ヿ㐀-鿿฀-๿]|[^\W_぀-ヿ㐀-鿿฀-๿]+", plain)


def _alike(said: Sequence[str], found: Sequence[str]) -> bool:
    if not said or not found:
        return not said and not found
    if any(character.isdigit() for word in (*said, *found) for character in word):
        return True
    return _ratio("".join(said), "".join(found)) >= _SAME


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _weighty(words: Sequence[str]) -> int:
    return len(words) if sum(map(len, words)) > _SLIP_LETTERS else 0


def _is_repetition(found: Sequence[str], start: int, end: int) -> bool:
    """Whether what was heard there says again, once or more often, what stands right before or after it."""

    def repeats(step: int) -> bool:
        return all(0 <= at + step < len(found) and found[at] == found[at + step] for at in range(start, end))

    return any(repeats(-period) or repeats(period) for period in range(1, end - start + 1))
