from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dub_assets.core.timing import Interval
from dub_assets.stages.transcript.values import TranscriptSegment
from dub_assets.stages.translation.passages import passages, split_text


def segments(*texts: str, gap_ms: int = 300) -> list[TranscriptSegment]:
    return [
        TranscriptSegment(
            index=index,
            interval=Interval(start_ms=index * (2000 + gap_ms), end_ms=index * (2000 + gap_ms) + 2000),
            text=text,
            words=(),
            probability=None,
        )
        for index, text in enumerate(texts)
    ]


def indexes(*texts: str, gap_ms: int = 300) -> list[list[int]]:
    return [[segment.index for segment in group] for group in passages(segments(*texts, gap_ms=gap_ms))]


def test_joins_segments_of_one_sentence():
    assert indexes("We were told that", "nobody had seen him.", "Then he came.") == [[0, 1], [2]]
    assert indexes("I met Mr.", "Lorry there.") == [[0, 1]]


def test_a_long_pause_starts_a_new_passage():
    assert indexes("We were told that", "nobody had seen him.", gap_ms=2001) == [[0], [1]]


def test_limits_passages_of_speech_without_full_stops():
    assert [len(group) for group in indexes(*["and so on and so on"] * 9)] == [4, 4, 1]
    assert [len(group) for group in indexes(*["and so on " * 16] * 3)] == [1, 1, 1]


def test_splits_a_text_by_syllables():
    assert split_text("um dois três sol mar luz", [0.5, 0.5], "pt") == ("um dois três", "sol mar luz")


def test_moves_a_border_to_a_close_comma_or_conjunction():
    text = "ele abriu a porta da casa, viu o mar e saiu dali"
    assert split_text(text, [0.5, 0.5], "pt") == ("ele abriu a porta da casa,", "viu o mar e saiu dali")
    assert split_text("ele abriu tudo o mar e viu o céu", [0.65, 0.35], "pt") == ("ele abriu tudo o mar", "e viu o céu")


def test_does_not_split_a_text_of_too_few_words():
    assert split_text("sim", [0.5, 0.5], "pt") is None


def test_splits_languages_without_spaces():
    assert split_text("これは本です、あれは何ですか", [0.5, 0.5], "ja") == ("これは本です、", "あれは何ですか")


@given(
    st.lists(st.sampled_from(["e", "mar,", "casa", "incredulidade", "10"]), min_size=1, max_size=30),
    st.lists(st.integers(1, 100), min_size=1, max_size=4),
)
def test_loses_no_word_and_leaves_no_part_empty(words, sizes):
    parts = split_text(" ".join(words), [size / sum(sizes) for size in sizes], "pt")
    if parts is None:
        assert len(words) < len(sizes)
    else:
        assert len(parts) == len(sizes)
        assert all(parts)
        assert " ".join(parts).split() == words


@given(st.lists(st.text(alphabet="ab. ,", max_size=20), max_size=12))
def test_keeps_every_segment_in_order(texts):
    assert [segment for group in passages(segments(*texts)) for segment in group] == segments(*texts)
