"""Phrases: runs of words that one speaker says without a long pause; the unit of diarisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dub_assets.core.sentences import ends_sentence
from dub_assets.core.timing import Interval
from dub_assets.stages.transcript.values import TimedWord

PAUSE_MS = 200
"""A pause of this length ends a phrase: between speakers, pauses are seldom shorter."""
MAX_MS = 4_000
"""Longer phrases are cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words ``[first, after)`` and their time; ``opens`` is True after the end of a sentence or a pause."""

    first: int
    after: int
    interval: Interval
    opens: bool


def split_into_phrases(words: Sequence[TimedWord]) -> list[Phrase]:
    """Cut a programme's words after sentences and at pauses, and longer phrases at their widest gaps."""
    cuts = [0, *(at for at in range(1, len(words)) if _opens(words, at)), len(words)]
    ranges = [part for first, after in pairwise(cuts) for part in _split(words, first, after)]
    return [
        Phrase(
            first=first,
            after=after,
            interval=Interval(start_ms=words[first].start_ms, end_ms=words[after - 1].end_ms),
            opens=first == 0 or _opens(words, first),
        )
        for first, after in ranges
    ]


def _opens(words: Sequence[TimedWord], at: int) -> bool:
    return _gap_ms(words, at) >= PAUSE_MS or ends_sentence(words[at - 1].text, words[at].text)


def _gap_ms(words: Sequence[TimedWord], at: int) -> int:
    return words[at].start_ms - words[at - 1].end_ms


def _split(words: Sequence[TimedWord], first: int, after: int) -> list[tuple[int, int]]:
    """Return words ``[first, after)`` in parts of at most ``MAX_MS``, or of one word."""
    if after <= first:
        return []
    done: list[tuple[int, int]] = []
    waiting = [(first, after)]
    while waiting:
        start, end = waiting.pop()
        if end - start == 1 or words[end - 1].end_ms - words[start].start_ms <= MAX_MS:
            done.append((start, end))
            continue
        middle = (words[start].start_ms + words[end - 1].end_ms) / 2
        at = min(range(start + 1, end), key=lambda cut: (-_gap_ms(words, cut), abs(words[cut].start_ms - middle)))
        waiting += [(at, end), (start, at)]
    return done
