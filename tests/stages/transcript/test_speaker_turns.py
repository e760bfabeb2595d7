from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dub_assets.core.speech import SpeakerTurn
from dub_assets.core.timing import Interval
from dub_assets.stages.transcript.phrases import split_into_phrases
from dub_assets.stages.transcript.speaker_turns import cut_at_changes, speakers_of_words
from dub_assets.stages.transcript.values import TimedWord


def word(start_ms: int, end_ms: int, text: str = "so") -> TimedWord:
    return TimedWord(text=text, start_ms=start_ms, end_ms=end_ms, probability=0.9)


def turn(start_ms: int, end_ms: int, speaker: int) -> SpeakerTurn:
    return SpeakerTurn(interval=Interval(start_ms=start_ms, end_ms=end_ms), speaker=speaker)


def test_a_word_belongs_to_the_speaker_who_covers_most_of_it():
    turns = [turn(0, 1000, 7), turn(1000, 2000, 3)]
    assert speakers_of_words([word(0, 400), word(700, 1200), word(900, 1300), word(1500, 1900)], turns) == [0, 0, 1, 1]


def test_adds_up_the_turns_of_one_speaker():
    turns = [turn(0, 300, 1), turn(300, 700, 2), turn(700, 900, 1)]
    assert speakers_of_words([word(0, 900), word(350, 650)], turns) == [0, 1]


def test_the_first_speaker_wins_a_tie():
    assert speakers_of_words([word(0, 100), word(900, 1100)], [turn(0, 1000, 5), turn(1000, 2000, 4)]) == [0, 0]


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "speaker"), [(0, 50, 0), (1100, 1200, 0), (1800, 1900, 1), (3500, 3600, 1)]
)
def test_a_word_outside_all_turns_belongs_to_the_nearest(start_ms: int, end_ms: int, speaker: int):
    turns = [turn(100, 1000, 0), turn(2000, 3000, 1)]
    speakers = speakers_of_words([word(150, 200), word(start_ms, end_ms)], turns)
    assert speakers[1] == speaker


def test_numbers_speakers_in_order_of_appearance():
    words = [word(2100, 2200), word(2300, 2400), word(3100, 3200)]
    assert speakers_of_words(words, [turn(0, 1000, 2), turn(2000, 3000, 9), turn(3000, 4000, 4)]) == [0, 0, 1]


def test_without_turns_all_words_have_one_speaker():
    assert speakers_of_words([word(0, 100), word(200, 300)], []) == [0, 0]
    assert speakers_of_words([], [turn(0, 100, 1)]) == []


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400), st.integers(0, 3)), max_size=12),
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), max_size=20),
)
def test_agrees_with_a_search_of_all_turns(turn_lengths, word_lengths):
    turns, at = [], 0
    for gap, length, speaker in turn_lengths:
        turns.append(turn(at + gap, at + gap + length, speaker))
        at += gap + length
    words, at = [], 0
    for gap, length in word_lengths:
        words.append(word(at + gap, at + gap + length))
        at += gap + length

    def possible_speakers(spoken: TimedWord) -> set[int]:
        """Return the speakers who may have said a word."""
        interval = Interval(start_ms=spoken.start_ms, end_ms=spoken.end_ms)
        shares = {}
        for other in turns:
            shares[other.speaker] = shares.get(other.speaker, 0) + other.interval.overlap_ms(interval)
        if any(shares.values()):
            return {speaker for speaker, share in shares.items() if share == max(shares.values())}
        apart = [max(o.interval.start_ms - interval.end_ms, interval.start_ms - o.interval.end_ms) for o in turns]
        return {other.speaker for other, gap in zip(turns, apart, strict=True) if gap == min(apart)} or {0}

    speakers = speakers_of_words(words, turns)
    chosen: dict[int, set[int]] = {}
    for number, timed in zip(speakers, words, strict=True):
        chosen[number] = chosen.get(number, possible_speakers(timed)) & possible_speakers(timed)
    assert all(chosen.values())
    assert list(dict.fromkeys(speakers)) == list(range(len(chosen)))


def test_cuts_a_phrase_where_the_speaker_changes():
    words = [word(0, 300), word(310, 600), word(610, 900), word(1200, 1500, "Yes.")]
    parts, speakers = cut_at_changes(split_into_phrases(words), words, [0, 1, 1, 0])
    assert [(part.first, part.after, part.opens) for part in parts] == [(0, 1, True), (1, 3, False), (3, 4, True)]
    assert [(part.interval.start_ms, part.interval.end_ms) for part in parts] == [(0, 300), (310, 900), (1200, 1500)]
    assert speakers == [0, 1, 0]
    assert cut_at_changes([], [], []) == ([], [])
