from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from support.recognised_words import any_words, durations, regions_of_speech, word

from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.stages.transcript.segmentation import place_words


def times(words: list[RecognisedWord], regions: list[Interval], duration_ms: int = 10_000) -> list[tuple[int, int]]:
    return [(placed.start_ms, placed.end_ms) for placed in place_words(words, regions, duration_ms)]


def test_keeps_possible_times() -> None:
    words = [word("one", 100, 400), word("two", 400, 900), word("three", 1_500, 1_900)]
    assert times(words, [Interval(start_ms=0, end_ms=2_000)]) == [(100, 400), (400, 900), (1_500, 1_900)]


def test_untimed_words_share_the_time_between_their_neighbours_by_length() -> None:
    words = [word("so", 0, 500), word("it"), word("goes"), word("on", 1_100, 1_500)]
    assert times(words, []) == [(0, 500), (500, 700), (700, 1_100), (1_100, 1_500)]


def test_places_untimed_words_in_speech() -> None:
    words = [word("before", 0, 500), word("abcd"), word("efgh"), word("after", 5_000, 5_500)]
    regions = [
        Interval(start_ms=0, end_ms=500),
        Interval(start_ms=3_000, end_ms=3_400),
        Interval(start_ms=4_600, end_ms=6_000),
    ]
    assert times(words, regions) == [(0, 500), (3_000, 3_400), (4_600, 5_000), (5_000, 5_500)]


def test_a_few_untimed_words_do_not_fill_a_long_time() -> None:
    first, second = times([word("one", 0, 300), word("two")], [], 60_000)
    assert first == (0, 300)
    assert second == (300, 750)
    first, second = times([word("one"), word("two", 50_000, 50_300)], [], 60_000)
    assert first == (49_550, 50_000)


def test_words_without_any_time_fill_the_speech() -> None:
    regions = [Interval(start_ms=1_000, end_ms=2_000), Interval(start_ms=5_000, end_ms=6_000)]
    assert times([word("abcdefghij"), word("abcdefghij")], regions) == [(1_000, 2_000), (5_000, 6_000)]


def test_untimed_words_without_room_share_the_time_of_their_neighbours() -> None:
    words = [word("one", 0, 600), word("two"), word("six", 600, 900)]
    assert times(words, []) == [(0, 300), (300, 600), (600, 900)]


def test_drops_one_wrong_time_among_correct_ones() -> None:
    words = [word("a", 0, 400), word("b", 9_000, 9_400), word("c", 800, 1_200), word("d", 1_200, 1_600)]
    assert times(words, []) == [(0, 400), (400, 550), (800, 1_200), (1_200, 1_600)]


def test_separates_overlapping_words() -> None:
    assert times([word("one", 0, 900), word("two", 600, 1_200)], []) == [(0, 600), (600, 1_200)]


def test_a_word_stretched_over_a_pause_keeps_its_longest_part_in_speech() -> None:
    regions = [Interval(start_ms=0, end_ms=1_000), Interval(start_ms=3_000, end_ms=4_000)]
    words = [word("end.", 500, 900), word("Next", 900, 3_500), word("one", 3_500, 4_000)]
    assert times(words, regions) == [(500, 900), (3_000, 3_500), (3_500, 4_000)]


def test_drops_times_outside_the_programme() -> None:
    placed = times([word("before", -900, -100), word("in", 1_000, 1_300), word("behind", 12_000, 13_000)], [])
    assert placed == [(100, 1_000), (1_000, 1_300), (1_300, 2_200)]


def test_drops_only_uncertain_words_outside_speech() -> None:
    regions = [Interval(start_ms=1_000, end_ms=2_000)]
    words = [
        word("Thanks", 4_000, 4_500, 0.2),
        word("near", 2_100, 2_400, 0.2),
        word("sure", 5_000, 5_500, 0.8),
        word("unknown", 6_000, 6_500, None),
    ]
    assert [placed.text for placed in place_words(words, regions, 10_000)] == ["near", "sure", "unknown"]


def test_drops_uncertain_words_in_silence() -> None:
    assert place_words([word("Thanks", 0, 500, 0.3), word("you", None, None, 0.3)], [], 10_000) == ()


def test_drops_blank_words() -> None:
    assert [placed.text for placed in place_words([word(" "), word(" yes ", 0, 400), word("")], [], 1_000)] == ["yes"]


@given(any_words, regions_of_speech, durations)
@settings(max_examples=200)
def test_places_any_words_ordered_disjoint_and_inside_the_programme(
    words: list[RecognisedWord], regions: list[Interval], duration_ms: int
) -> None:
    placed = place_words(words, regions, duration_ms)
    assert all(0 <= part.start_ms < part.end_ms <= duration_ms for part in placed)
    assert all(left.end_ms <= right.start_ms for left, right in pairwise(placed))
    assert all(type(value) is int for part in placed for value in (part.start_ms, part.end_ms))


@given(any_words, regions_of_speech, st.integers(100, 60_000))
@settings(max_examples=200)
def test_drops_only_blank_and_uncertain_words(
    words: list[RecognisedWord], regions: list[Interval], duration_ms: int
) -> None:
    placed = [part.text for part in place_words(words, regions, duration_ms)]
    sure = [part.text for part in words if part.text.strip() and (part.probability is None or part.probability >= 0.4)]
    every = iter([part.text for part in words])
    assert all(text in every for text in placed), "in order, none twice"
    rest = iter(placed)
    assert all(text in rest for text in sure), "the sure ones are all there"
