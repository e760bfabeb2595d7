from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dub_assets.core.timing import Interval
from dub_assets.stages.transcript.values import TranscriptSegment
from dub_assets.stages.translation.passages import parted, passages


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


def test_fragments_of_one_sentence_are_a_passage():
    assert indexes("We were told that", "nobody had seen him.", "Then he came.") == [[0, 1], [2]]
    assert indexes("I met Mr.", "Lorry there.") == [[0, 1]]


def test_a_long_pause_begins_anew():
    assert indexes("We were told that", "nobody had seen him.", gap_ms=2001) == [[0], [1]]


def test_speech_without_full_stops_is_no_passage_without_end():
    assert [len(group) for group in indexes(*["and so on and so on"] * 9)] == [4, 4, 1]
    assert [len(group) for group in indexes(*["and so on " * 16] * 3)] == [1, 1, 1]


def test_a_text_is_parted_by_its_syllables():
    assert parted("um dois três sol mar luz", [0.5, 0.5], "pt") == ("um dois três", "sol mar luz")


def test_a_border_moves_to_a_comma_near_by_and_else_before_a_conjunction():
    text = "ele abriu a porta da casa, viu o mar e saiu dali"
    assert parted(text, [0.5, 0.5], "pt") == ("ele abriu a porta da casa,", "viu o mar e saiu dali")
    assert parted("ele abriu tudo o mar e viu o céu", [0.65, 0.35], "pt") == ("ele abriu tudo o mar", "e viu o céu")


def test_a_text_of_too_few_words_cannot_be_parted():
    assert parted("sim", [0.5, 0.5], "pt") is None


def test_languages_without_spaces_are_parted_too():
    assert parted("これは本です、あれは何ですか", [0.5, 0.5], "ja") == ("これは本です、", "あれは何ですか")


@given(
    st.lists(st.sampled_from(["e", "mar,", "casa", "incredulidade", "10"]), min_size=1, max_size=30),
    st.lists(st.integers(1, 100), min_size=1, max_size=4),
)
def test_no_word_is_lost_and_no_part_is_empty(words, sizes):
    parts = parted(" ".join(words), [size / sum(sizes) for size in sizes], "pt")
    if parts is None:
        assert len(words) < len(sizes)
    else:
        assert len(parts) == len(sizes)
        assert all(parts)
        assert " ".join(parts).split() == words


@given(st.lists(st.text(alphabet="ab. ,", max_size=20), max_size=12))
def test_every_segment_is_in_one_passage_in_order(texts):
    assert [segment for group in passages(segments(*texts)) for segment in group] == segments(*texts)
