"""Assignment of words to the speaker turns that a diariser found."""

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
    """Return the speaker of each word, numbered from 0 in order of appearance.

    ``turns`` are disjoint and sorted. A word belongs to the speaker whose turns cover most of it, in a tie to the one
    who comes first; a word that no turn covers, to the nearest turn. Without turns there is one speaker.
    """
    ends = [turn.interval.end_ms for turn in turns]
    numbers = [_speaker(word, turns, bisect_right(ends, word.start_ms)) for word in words]
    order = {speaker: number for number, speaker in enumerate(dict.fromkeys(numbers))}
    return [order[speaker] for speaker in numbers]


def cut_at_changes(
    phrases: Sequence[Phrase], words: Sequence[TimedWord], speakers: Sequence[int]
) -> tuple[list[Phrase], list[int]]:
    """Return the phrases in parts of one speaker each, and the speaker of each part."""
    parts: list[Phrase] = []
    for phrase in phrases:
        changes = [at for at in range(phrase.first + 1, phrase.after) if speakers[at] != speakers[at - 1]]
        for first, after in pairwise([phrase.first, *changes, phrase.after]):
            interval = Interval(start_ms=words[first].start_ms, end_ms=words[after - 1].end_ms)
            opens = phrase.opens and first == phrase.first
            parts.append(replace(phrase, first=first, after=after, interval=interval, opens=opens))
    return parts, [speakers[part.first] for part in parts]


def _speaker(word: TimedWord, turns: Sequence[SpeakerTurn], at: int) -> int:
    """Return the speaker of a word; turns before number ``at`` end before the word."""
    word_interval = Interval(start_ms=word.start_ms, end_ms=word.end_ms)
    covered: dict[int, int] = {}
    for turn in turns[at:]:
        if turn.interval.start_ms >= word.end_ms:
            break
        covered[turn.speaker] = covered.get(turn.speaker, 0) + turn.interval.overlap_ms(word_interval)
    if covered:
        return max(covered, key=lambda speaker: covered[speaker])
    nearest = turns[max(0, at - 1) : at + 1]
    return min(nearest, key=lambda turn: _distance_ms(turn.interval, word_interval)).speaker if nearest else 0


def _distance_ms(left: Interval, right: Interval) -> int:
    return max(left.start_ms - right.end_ms, right.start_ms - left.end_ms)
