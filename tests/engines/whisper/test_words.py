"""Words timed in a chunk as words of the programme."""

from __future__ import annotations

from dub_assets.core.timing import Interval
from dub_assets.engines.whisper.words import ChunkWord, words_of_programme

CHUNK = Interval(start_ms=10_000, end_ms=13_000)


def chunk_word(text: str, start_s: float, end_s: float, probability: float = 0.9) -> ChunkWord:
    return ChunkWord(text=text, start_s=start_s, end_s=end_s, probability=probability)


def times(*words: ChunkWord, language: str = "en") -> list[tuple[str, int | None, int | None]]:
    return [(word.text, word.start_ms, word.end_ms) for word in words_of_programme(words, CHUNK, language)]


def test_times_count_from_the_start_of_the_programme():
    assert times(chunk_word(" Good", 0.5, 0.8), chunk_word(" day.", 0.8, 1.25)) == [
        ("Good", 10_500, 10_800),
        ("day.", 10_800, 11_250),
    ]


def test_joins_parts_and_punctuation_to_the_word_before():
    assert times(
        chunk_word(" twenty", 0, 0.5), chunk_word("-", 0.5, 0.6), chunk_word("five", 0.6, 1), chunk_word(" !", 1, 1.1)
    ) == [("twenty-five!", 10_000, 11_100)]


def test_joined_word_has_the_lowest_probability_of_its_parts():
    (word,) = words_of_programme([chunk_word(" ten", 0, 1, 0.9), chunk_word("%", 1, 2, 0.4)], CHUNK, "en")
    assert word.probability == 0.4


def test_keeps_words_apart_in_languages_without_spaces():
    assert [
        text
        for text, *_ in times(chunk_word("今日", 0, 1), chunk_word("は", 1, 2), chunk_word("。", 2, 2.1), language="ja")
    ] == [
        "今日",
        "は。",
    ]


def test_drops_leading_punctuation():
    assert times(chunk_word(" -", 0, 0.1), chunk_word(" Yes", 0.1, 0.5)) == [("Yes", 10_100, 10_500)]


def test_word_without_length_or_outside_the_chunk_has_no_times():
    assert times(chunk_word(" one", 0.5, 0.5), chunk_word(" two", 1, 0.9), chunk_word(" three", 3.2, 3.5)) == [
        ("one", None, None),
        ("two", None, None),
        ("three", None, None),
    ]


def test_times_do_not_overlap_and_end_with_the_chunk():
    assert times(
        chunk_word(" one", 0, 1),
        chunk_word(" two", 0.8, 1.5),
        chunk_word(" three", 0.2, 0.4),
        chunk_word(" four", 2, 9),
    ) == [
        ("one", 10_000, 11_000),
        ("two", 11_000, 11_500),
        ("three", None, None),
        ("four", 12_000, 13_000),
    ]


def test_last_word_ends_a_phrase():
    assert [
        word.ends_phrase for word in words_of_programme([chunk_word(" a", 0, 1), chunk_word(" b", 1, 2)], CHUNK, "en")
    ] == [False, True]


def test_silence_has_no_words():
    assert words_of_programme([], CHUNK, "en") == ()
    assert words_of_programme([chunk_word(" ...", 0, 1)], CHUNK, "en") == ()
