"""Passages: neighbouring segments of one sentence, translated together and parted again where the original pauses."""

from __future__ import annotations

from collections.abc import Sequence

from dub_assets.core.sentences import LANGUAGES_WITHOUT_SPACES, ends_clause, ends_sentence, is_conjunction, join_words
from dub_assets.stages.transcript.values import TranscriptSegment
from dub_assets.text_normalisation.speaking_rate import syllables

_MAX_SEGMENTS = 4
_MAX_CHARACTERS = 300
"""Longer passages are not sentences any more but a recogniser's missing full stops; engines do worse on them."""

_MAX_GAP_MS = 2_000
"""Who pauses longer begins anew."""

_CLAUSE = 0.10
_CONJUNCTION = 0.05
"""How far from its place, as a share of the text, a border may move to lie after a comma, or before a conjunction."""


def passages(segments: Sequence[TranscriptSegment]) -> list[tuple[TranscriptSegment, ...]]:
    """The segments in groups of one sentence each, in order."""
    groups: list[list[TranscriptSegment]] = []
    for segment in segments:
        if groups and _goes_on(groups[-1], segment):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return [tuple(group) for group in groups]


def parted(text: str, shares: Sequence[float], language: str) -> tuple[str, ...] | None:
    """A text in as many parts as there are shares of it (summing to 1), cut between words; None where it has too few.

    Each border lies where the syllables before it come nearest to their share, but for commas and conjunctions near by.
    """
    words = _words(text, language)
    if len(words) < len(shares):
        return None
    sizes = [syllables(word, language) for word in words]
    total, borders, share = sum(sizes), [0], 0.0
    for number, part in enumerate(shares[:-1], start=1):
        share += part
        places = range(borders[-1] + 1, len(words) - (len(shares) - number) + 1)
        costs = {at: abs(sum(sizes[:at]) / total - share) + _cost(words, at, language) for at in places}
        borders.append(min(costs, key=lambda at: costs[at]))
    ends = [*borders[1:], len(words)]
    return tuple(join_words(words[start:end], language) for start, end in zip(borders, ends, strict=True))


def _goes_on(group: Sequence[TranscriptSegment], segment: TranscriptSegment) -> bool:
    last, words = group[-1].text.split(), segment.text.split()
    if not last or not words or ends_sentence(last[-1], words[0]):
        return False
    near = segment.interval.start_ms - group[-1].interval.end_ms <= _MAX_GAP_MS
    characters = sum(len(one.text) for one in group) + len(segment.text)
    return near and len(group) < _MAX_SEGMENTS and characters <= _MAX_CHARACTERS


def _words(text: str, language: str) -> list[str]:
    return list(text) if language in LANGUAGES_WITHOUT_SPACES else text.split()


def _cost(words: Sequence[str], at: int, language: str) -> float:
    """What a border before word ``at`` costs: nothing after a clause."""
    if ends_clause(words[at - 1]):
        return 0.0
    return _CLAUSE - (_CONJUNCTION if is_conjunction(words[at], language) else 0.0)
