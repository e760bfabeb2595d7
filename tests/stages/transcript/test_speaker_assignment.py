from __future__ import annotations

import numpy as np
import pytest

from dub_assets.core.timing import Interval
from dub_assets.stages.transcript.phrases import Phrase, split_into_phrases
from dub_assets.stages.transcript.speaker_assignment import speakers_of_phrases
from dub_assets.stages.transcript.values import TimedWord

ANN, BOB = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)
UNSURE = np.array([0.72, 0.69], np.float32)
"""A little more like Ann."""


def word(text: str, start_ms: int, end_ms: int) -> TimedWord:
    return TimedWord(text=text, start_ms=start_ms, end_ms=end_ms, probability=1.0)


def phrases_of_lengths(*lengths_ms: int, opens: tuple[bool, ...] | None = None) -> list[Phrase]:
    starts = [sum(lengths_ms[:index]) for index in range(len(lengths_ms))]
    return [
        Phrase(
            first=index,
            after=index + 1,
            interval=Interval(start_ms=start, end_ms=start + length_ms),
            opens=opens[index] if opens else True,
        )
        for index, (start, length_ms) in enumerate(zip(starts, lengths_ms, strict=True))
    ]


def test_cuts_phrases_after_sentences_and_at_pauses():
    words = [word("Well", 0, 300), word("yes.", 320, 600), word("No", 620, 900), word("way", 1100, 1300)]
    phrases = split_into_phrases(words)
    assert [(phrase.first, phrase.after) for phrase in phrases] == [(0, 2), (2, 3), (3, 4)]
    assert [phrase.interval.end_ms for phrase in phrases] == [600, 900, 1300]
    assert all(phrase.opens for phrase in phrases)


def test_cuts_a_long_phrase_at_its_widest_gap():
    words = [word("so", at * 500, at * 500 + (400 if at == 7 else 480)) for at in range(12)]
    phrases = split_into_phrases(words)
    assert [(phrase.first, phrase.after) for phrase in phrases] == [(0, 8), (8, 12)]
    assert [phrase.opens for phrase in phrases] == [True, False]


def test_a_very_long_word_is_a_phrase():
    assert len(split_into_phrases([word("Goooal", 0, 9000), word("again", 9010, 9200)])) == 2
    assert split_into_phrases([]) == []


def test_finds_two_speakers():
    assert speakers_of_phrases(phrases_of_lengths(2000, 2000, 2000, 2000), [BOB, ANN, BOB, ANN]) == [0, 1, 0, 1]


def test_finds_one_speaker():
    assert speakers_of_phrases(phrases_of_lengths(2000, 2000, 2000), [ANN, UNSURE, ANN]) == [0, 0, 0]


def test_a_cough_is_not_a_speaker():
    assert speakers_of_phrases(phrases_of_lengths(3000, 900, 3000), [ANN, BOB, ANN]) == [0, 0, 0]


def test_a_known_number_of_speakers_includes_one_with_little_speech():
    assert speakers_of_phrases(phrases_of_lengths(3000, 900, 3000), [ANN, BOB, ANN], count=2) == [0, 1, 0]
    assert speakers_of_phrases(phrases_of_lengths(3000, 3000), [ANN, BOB], count=1) == [0, 0]


@pytest.mark.parametrize("count", [None, 2])
def test_an_odd_sound_is_not_a_speaker_beside_two_similar_ones(count):
    odd, twin = np.array([0, 0, 1], np.float32), np.array([0.4, 0.9165, 0], np.float32)
    ann = np.array([1, 0, 0], np.float32)
    speakers = speakers_of_phrases(
        phrases_of_lengths(3000, 3000, 800, 3000, 3000), [ann, twin, odd, ann, twin], count=count
    )
    assert [speakers[index] for index in (0, 1, 3, 4)] == [0, 1, 0, 1]
    assert len(set(speakers)) == 2


def test_fewer_phrases_than_speakers_have_a_speaker_each():
    assert speakers_of_phrases(phrases_of_lengths(3000, 3000), [ANN, BOB], count=5) == [0, 1]


def test_a_short_uncertain_phrase_belongs_to_the_turn_around_it():
    between_bobs = phrases_of_lengths(3000, 3000, 300, 3000, opens=(True, True, False, True))
    assert speakers_of_phrases(between_bobs, [ANN, BOB, UNSURE, BOB]) == [0, 1, 1, 1]


def test_a_short_certain_phrase_at_a_pause_is_a_turn():
    assert speakers_of_phrases(phrases_of_lengths(3000, 500, 3000, 3000), [ANN, BOB, ANN, BOB]) == [0, 1, 0, 1]


def test_phrases_too_short_to_recognise_have_one_speaker():
    assert speakers_of_phrases(phrases_of_lengths(300, 300), [ANN, BOB]) == [0, 0]
    assert speakers_of_phrases([], []) == []


@pytest.mark.parametrize("count", [None, 2])
def test_both_speakers_keep_their_phrases(count):
    speakers = speakers_of_phrases(
        phrases_of_lengths(*[1500] * 40), [ANN if index % 3 else BOB for index in range(40)], count=count
    )
    assert speakers == [0 if index % 3 == 0 else 1 for index in range(40)]
