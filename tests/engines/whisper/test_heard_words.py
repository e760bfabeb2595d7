"""What a recogniser hears becomes words of the programme."""

from __future__ import annotations

from dub_assets.core.timing import Interval
from dub_assets.engines.whisper.words import HeardWord, placed

CHUNK = Interval(start_ms=10_000, end_ms=13_000)


def heard(text: str, start_s: float, end_s: float, probability: float = 0.9) -> HeardWord:
    return HeardWord(text=text, start_s=start_s, end_s=end_s, probability=probability)


def times(*words: HeardWord, language: str = "en") -> list[tuple[str, int | None, int | None]]:
    return [(word.text, word.start_ms, word.end_ms) for word in placed(words, CHUNK, language)]


def test_times_are_those_of_the_programme():
    assert times(heard(" Good", 0.5, 0.8), heard(" day.", 0.8, 1.25)) == [
        ("Good", 10_500, 10_800),
        ("day.", 10_800, 11_250),
    ]


def test_parts_and_punctuation_join_the_word_before():
    assert times(heard(" twenty", 0, 0.5), heard("-", 0.5, 0.6), heard("five", 0.6, 1), heard(" !", 1, 1.1)) == [
        ("twenty-five!", 10_000, 11_100)
    ]


def test_a_joined_word_is_as_sure_as_its_least_sure_part():
    (word,) = placed([heard(" ten", 0, 1, 0.9), heard("%", 1, 2, 0.4)], CHUNK, "en")
    assert word.probability == 0.4


def test_languages_without_spaces_keep_their_words_apart():
    assert [text for text, *_ in times(heard("今日", 0, 1), heard("は", 1, 2), heard("。", 2, 2.1), language="ja")] == [
        "今日",
        "は。",
    ]


def test_punctuation_before_any_word_is_dropped():
    assert times(heard(" -", 0, 0.1), heard(" Yes", 0.1, 0.5)) == [("Yes", 10_100, 10_500)]


def test_a_word_without_length_or_outside_the_chunk_has_no_times():
    assert times(heard(" one", 0.5, 0.5), heard(" two", 1, 0.9), heard(" three", 3.2, 3.5)) == [
        ("one", None, None),
        ("two", None, None),
        ("three", None, None),
    ]


def test_times_never_run_backwards_nor_over_the_end():
    assert times(heard(" one", 0, 1), heard(" two", 0.8, 1.5), heard(" three", 0.2, 0.4), heard(" four", 2, 9)) == [
        ("one", 10_000, 11_000),
        ("two", 11_000, 11_500),
        ("three", None, None),
        ("four", 12_000, 13_000),
    ]


def test_the_last_word_ends_a_phrase():
    assert [word.ends_phrase for word in placed([heard(" a", 0, 1), heard(" b", 1, 2)], CHUNK, "en")] == [False, True]


def test_nothing_heard_is_no_words():
    assert placed([], CHUNK, "en") == ()
    assert placed([heard(" ...", 0, 1)], CHUNK, "en") == ()
