"""Turns: who speaks when in a programme, and what that says of its words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from dub_assets.core.speech import SpeakerTurn
from dub_assets.core.timing import Interval
from dub_assets.stages.transcript.phrases import Phrase
from dub_assets.stages.transcript.values import TimedWord


def speakers_of_words(words: Sequence[TimedWord], turns: Sequence[SpeakerTurn]) -> list[int]:
    """The speaker of each word, numbered from 0 in order of appearance.

    ``turns`` are disjoint and sorted. A word is said by whoever has most of it, in a tie the one who comes first; one
    that no turn covers by whoever speaks nearest to it. Without any turn there is one speaker.
    """
    ends = [turn.interval.end_ms for turn in turns]
    told = [_speaker(word, turns, bisect_right(ends, word.start_ms)) for word in words]
    order = {speaker: number for number, speaker in enumerate(dict.fromkeys(told))}
    return [order[speaker] for speaker in told]


def cut_at_changes(
    phrases: Sequence[Phrase], words: Sequence[TimedWord], speakers: Sequence[int]
) -> tuple[list[Phrase], list[int]]:
    """The phrases in parts of one speaker each, and who says each part."""
    parts: list[Phrase] = []
    for phrase in phrases:
        changes = [at for at in range(phrase.first + 1, phrase.after) if speakers[at] != speakers[at - 1]]
        for first, after in pairwise([phrase.first, *changes, phrase.after]):
            interval = Interval(start_ms=words[first].start_ms, end_ms=words[after - 1].end_ms)
            opens = phrase.opens and first == phrase.first
            parts.append(replace(phrase, first=first, after=after, interval=interval, opens=opens))
    return parts, [speakers[part.first] for part in parts]


def _speaker(word: TimedWord, turns: Sequence[SpeakerTurn], at: int) -> int:
    """Who says a word that ends no earlier than turn ``at`` begins to matter: all turns before it are over by then."""
    said = Interval(start_ms=word.start_ms, end_ms=word.end_ms)
    covered: dict[int, int] = {}
    for turn in turns[at:]:
        if turn.interval.start_ms >= word.end_ms:
            break
        covered[turn.speaker] = covered.get(turn.speaker, 0) + turn.interval.overlap_ms(said)
    if covered:
        return max(covered, key=lambda speaker: covered[speaker])
    near = turns[max(0, at - 1) : at + 1]
    return min(near, key=lambda turn: _distance_ms(turn.interval, said)).speaker if near else 0


def _distance_ms(one: Interval, other: Interval) -> int:
    return max(one.start_ms - other.end_ms, other.start_ms - one.end_ms)
