from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.recognised_words import any_words, durations, regions_of_speech, steady_words, word

from dub_assets.core.errors import ConfigurationError
from dub_assets.core.sentences import join_words
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval, merged
from dub_assets.stages.transcript.options import SegmentationRules
from dub_assets.stages.transcript.segmentation import place_words, segment_words
from dub_assets.stages.transcript.values import TimedWord, TranscriptSegment

RULES = SegmentationRules()


def words_of(
    text: str, *, start_ms: int = 0, word_ms: int = 300, pauses: dict[int, int] | None = None
) -> list[TimedWord]:
    """Words of equal length one after the other; ``pauses`` come before the words they number."""
    result, at = [], start_ms
    for number, part in enumerate(text.split()):
        at += (pauses or {}).get(number, 0)
        result.append(TimedWord(text=part, start_ms=at, end_ms=at + word_ms, probability=0.9))
        at += word_ms
    return result


def segmented(
    words: list[TimedWord], *, regions: list[Interval] | None = None, language: str = "en", duration_ms: int = 600_000
) -> tuple[TranscriptSegment, ...]:
    return segment_words(words, regions or [], RULES, duration_ms, language)


def texts(segments: tuple[TranscriptSegment, ...]) -> list[str]:
    return [segment.text for segment in segments]


def test_segments_end_with_sentences_but_not_after_abbreviations() -> None:
    words = words_of("I asked Mr. Lorry about it. He paid 3.50 for J. Smith. Why not?")
    assert texts(segmented(words)) == ["I asked Mr. Lorry about it.", "He paid 3.50 for J. Smith.", "Why not?"]


def test_segments_end_at_pauses() -> None:
    words = words_of("we went up the hill then we came down again", pauses={5: 500})
    assert texts(segmented(words)) == ["we went up the hill", "then we came down again"]
    words = words_of("we went up the hill then we came down again", pauses={5: 499})
    assert texts(segmented(words)) == ["we went up the hill then we came down again"]


def test_a_word_stretched_over_a_pause_does_not_hide_it() -> None:
    recognised = [word("we", 0, 500), word("went", 500, 1_000), word("then", 1_000, 3_500), word("back", 3_500, 4_200)]
    regions = [Interval(start_ms=0, end_ms=1_000), Interval(start_ms=3_000, end_ms=4_200)]
    segments = segment_words(place_words(recognised, regions, 5_000), regions, RULES, 5_000, "en")
    assert texts(segments) == ["we went", "then back"]
    assert [segment.interval for segment in segments] == regions


def test_cuts_a_long_sentence_after_clauses() -> None:
    text = (
        "it was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, "
        "it was the epoch of belief, it was the epoch of incredulity, it was the season of light, it was the season of "
        "darkness, it was the spring of hope, it was the winter of despair"
    )
    segments = segmented(words_of(text))
    assert 3 <= len(segments) <= 6
    assert all(1_000 <= segment.interval.duration_ms <= 8_000 for segment in segments)
    assert all(segment.text.endswith(",") for segment in segments[:-1])


def test_cuts_a_long_range_at_its_longest_pause() -> None:
    words = words_of("a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f", pauses={14: 400})
    first, second = segmented(words)
    assert first.words[-1].text == "n"
    assert second.words[0].text == "o"


def test_cuts_a_long_range_without_punctuation_before_a_conjunction() -> None:
    words = words_of("a b c d e f g h i j k l m n and p q r s t u v w x y z a b c d e f")
    first, second = segmented(words)
    assert first.words[-1].text == "n"
    assert second.text.startswith("and ")


def test_a_short_range_joins_the_nearer_neighbour_of_its_sentence() -> None:
    words = words_of("then we all came slowly well down the long hill together", pauses={5: 900, 6: 600})
    assert texts(segmented(words)) == ["then we all came slowly", "well down the long hill together"]
    words = words_of("then we all came slowly well down the long hill together", pauses={5: 600, 6: 900})
    assert texts(segmented(words)) == ["then we all came slowly well", "down the long hill together"]


def test_a_short_sentence_stays_on_its_own() -> None:
    assert texts(segmented(words_of("Are you going? Yes. I am going there."))) == [
        "Are you going?",
        "Yes.",
        "I am going there.",
    ]


def test_a_short_range_far_from_its_sentence_stays_on_its_own() -> None:
    assert len(segmented(words_of("well then we all came down", pauses={1: 1_001}))) == 2


def test_a_short_range_does_not_make_a_neighbour_too_long() -> None:
    words = words_of(" ".join(["word"] * 26) + " end", pauses={26: 500})
    assert [len(segment.words) for segment in segmented(words)] == [26, 1]


def test_moves_borders_to_near_edges_of_speech() -> None:
    words = words_of("one two three four five", start_ms=1_000)
    near = segmented(words, regions=[Interval(start_ms=700, end_ms=2_800)])
    assert near[0].interval == Interval(start_ms=700, end_ms=2_800)
    far = segmented(words, regions=[Interval(start_ms=699, end_ms=2_801)])
    assert far[0].interval == Interval(start_ms=1_000, end_ms=2_500)


def test_moved_borders_never_exceed_the_longest_segment() -> None:
    words = words_of(" ".join(["word"] * 26), start_ms=1_000)
    (segment,) = segmented(words, regions=[Interval(start_ms=850, end_ms=8_950)])
    assert segment.interval == Interval(start_ms=850, end_ms=8_800)


def test_segments_have_an_index_and_a_mean_probability() -> None:
    words = place_words(
        [word("Yes.", 0, 400, 0.5), word("It", 400, 600, 0.8), word("is.", 600, 900, 0.6), word("Oh.", 900, 990, None)],
        [],
        1_000,
    )
    segments = segmented(list(words))
    assert [segment.index for segment in segments] == [0, 1, 2]
    assert [segment.index for segment in segments] == [0, 1, 2]
    assert [segment.probability for segment in segments] == [0.5, pytest.approx(0.7), None]


def test_without_words_there_are_no_segments() -> None:
    assert segmented([]) == ()


def test_cuts_japanese_after_full_stops() -> None:
    words = words_of("これ は 本 です。 あれ は 何 です か。", word_ms=400)
    assert texts(segmented(words, language="ja")) == ["これは本です。", "あれは何ですか。"]


def test_refuses_rules_that_contradict_each_other() -> None:
    with pytest.raises(ConfigurationError, match="SEGMENT_MIN_MS"):
        SegmentationRules(min_ms=8_000)


rules_of_any_kind = st.builds(
    lambda minimum, more, pause, gap, snap: SegmentationRules(
        min_ms=minimum, max_ms=minimum + more, pause_ms=pause, merge_gap_ms=gap, snap_ms=snap
    ),
    st.integers(0, 3_000),
    st.integers(1, 8_000),
    st.integers(0, 2_000),
    st.integers(0, 2_000),
    st.integers(0, 500),
)


@given(any_words, regions_of_speech, durations, rules_of_any_kind, st.sampled_from(["en", "ja"]))
@settings(max_examples=300)
def test_any_words_are_in_one_segment_each_that_obeys_the_rules(
    words: list[RecognisedWord], regions: list[Interval], duration_ms: int, rules: SegmentationRules, language: str
) -> None:
    placed = place_words(words, regions, duration_ms, rules)
    segments = segment_words(placed, regions, rules, duration_ms, language)
    assert [part for segment in segments for part in segment.words] == list(placed)
    assert [segment.index for segment in segments] == list(range(len(segments)))
    for segment in segments:
        assert 0 <= segment.interval.start_ms < segment.interval.end_ms <= duration_ms
        assert segment.interval.start_ms <= segment.words[0].start_ms
        assert segment.words[-1].end_ms <= segment.interval.end_ms
        assert segment.interval.duration_ms <= rules.max_ms or len(segment.words) == 1
        assert segment.text == join_words((part.text for part in segment.words), language)
    assert all(left.interval.end_ms <= right.interval.start_ms for left, right in pairwise(segments))


@given(steady_words(), regions_of_speech)
@settings(max_examples=100)
def test_borders_are_at_words_or_edges_of_speech(words: list[RecognisedWord], regions: list[Interval]) -> None:
    speech = merged((part for part in regions if part.duration_ms), gap_ms=RULES.snap_ms)
    starts, ends = {part.start_ms for part in speech}, {min(part.end_ms, 90_000) for part in speech}
    for segment in segment_words(place_words(words, regions, 90_000), regions, RULES, 90_000, "en"):
        assert segment.interval.start_ms in starts | {segment.words[0].start_ms}
        assert segment.interval.end_ms in ends | {segment.words[-1].end_ms}
