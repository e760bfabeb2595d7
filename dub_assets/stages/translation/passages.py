"""Passages: neighbouring segments of one sentence, translated together and split again where the original pauses."""

from __future__ import annotations

from collections.abc import Sequence

from dub_assets.core.sentences import LANGUAGES_WITHOUT_SPACES, ends_clause, ends_sentence, is_conjunction, join_words
from dub_assets.stages.transcript.values import TranscriptSegment
from dub_assets.text_normalisation.speaking_rate import syllables

_MAX_SEGMENTS = 4
_MAX_CHARACTERS = 300
"""Longer passages come from missing full stops of the recogniser. Engines translate them worse."""

_MAX_GAP_MS = 2_000
"""A longer pause starts a new passage."""

_CLAUSE_SHARE = 0.10
_CONJUNCTION_SHARE = 0.05
"""How far a border may move, as a share of the text, to lie after a comma, or before a conjunction."""

Passage = tuple[TranscriptSegment, ...]


def passages(segments: Sequence[TranscriptSegment]) -> list[Passage]:
    """Return the segments in passages of one sentence each, in order."""
    groups: list[list[TranscriptSegment]] = []
    for segment in segments:
        if groups and _continues(groups[-1], segment):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return [tuple(group) for group in groups]


def split_text(text: str, shares: Sequence[float], language: str) -> tuple[str, ...] | None:
    """Split a text between words into one part for each share (of syllables; summing to 1); None if words are too few.

    Each border lies where the share of syllables before it is nearest, unless a comma or conjunction is close.
    """
    words = _words(text, language)
    if len(words) < len(shares):
        return None
    sizes = [syllables(word, language) for word in words]
    total, borders, share_before = sum(sizes), [0], 0.0
    for number, share in enumerate(shares[:-1], start=1):
        share_before += share
        places = range(borders[-1] + 1, len(words) - (len(shares) - number) + 1)
        costs = {at: abs(sum(sizes[:at]) / total - share_before) + _cost(words, at, language) for at in places}
        borders.append(min(costs, key=lambda at: costs[at]))
    ends = [*borders[1:], len(words)]
    return tuple(join_words(words[start:end], language) for start, end in zip(borders, ends, strict=True))


def _continues(group: Sequence[TranscriptSegment], segment: TranscriptSegment) -> bool:
    """Return whether a segment belongs to the passage before it."""
    last_words, words = group[-1].text.split(), segment.text.split()
    if not last_words or not words or ends_sentence(last_words[-1], words[0]):
        return False
    gap_ms = segment.interval.start_ms - group[-1].interval.end_ms
    characters = sum(len(member.text) for member in group) + len(segment.text)
    return gap_ms <= _MAX_GAP_MS and len(group) < _MAX_SEGMENTS and characters <= _MAX_CHARACTERS


def _words(text: str, language: str) -> list[str]:
    return list(text) if language in LANGUAGES_WITHOUT_SPACES else text.split()


def _cost(words: Sequence[str], at: int, language: str) -> float:
    """Return the cost of a border before word ``at``: 0 after a clause."""
    if ends_clause(words[at - 1]):
        return 0.0
    return _CLAUSE_SHARE - (_CONJUNCTION_SHARE if is_conjunction(words[at], language) else 0.0)
