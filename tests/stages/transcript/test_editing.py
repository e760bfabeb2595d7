"""Edits of segments: split, merge, move, delete, insert, speaker; alone and in random sequences."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.finished_job import PROVENANCE

from dub_assets.core.errors import InputError
from dub_assets.core.timing import Interval
from dub_assets.stages.transcript.editing import SegmentEdit, edit_segments
from dub_assets.stages.transcript.values import Speaker, TimedWord, Transcript, TranscriptSegment


def segment(index: int, start_ms: int, *texts: str) -> TranscriptSegment:
    """Return a segment of one second for three words."""
    words = tuple(
        TimedWord(
            text=text, start_ms=start_ms + 300 * at, end_ms=start_ms + 300 * at + 250, probability=0.9, speaker="A"
        )
        for at, text in enumerate(texts)
    )
    interval = Interval(start_ms=start_ms, end_ms=start_ms + 1000)
    return TranscriptSegment(
        index=index, interval=interval, text=" ".join(texts), words=words, probability=0.9, speaker="A"
    )


TRANSCRIPT = Transcript(
    language="en",
    language_probability=1.0,
    duration_ms=10_000,
    segments=(
        segment(0, 1000, "It", "was", "good."),
        segment(1, 3000, "It", "was", "bad."),
        segment(2, 6000, "It", "was", "both."),
    ),
    speakers=(Speaker(name="A", pitch_hz=120.0, speech_ms=3000),),
    provenance=PROVENANCE,
)


def edited(**edit) -> Transcript:
    return edit_segments(TRANSCRIPT, [SegmentEdit(**edit)])


def places(transcript: Transcript) -> list[tuple[int, int, int, str]]:
    return [(one.index, one.interval.start_ms, one.interval.end_ms, one.text) for one in transcript.segments]


def test_splits_between_words_and_keeps_all_other_segments():
    after = edited(kind="split", index=1, start_ms=3280)
    assert places(after) == [
        (0, 1000, 2000, "It was good."),
        (1, 3000, 3280, "It"),
        (3, 3280, 4000, "was bad."),
        (2, 6000, 7000, "It was both."),
    ]
    assert after.segments[0] is TRANSCRIPT.segments[0]
    assert after.data_version != TRANSCRIPT.data_version == PROVENANCE.fingerprint


def test_merges_with_the_next_in_time():
    split = edit_segments(
        TRANSCRIPT,
        [SegmentEdit(kind="split", index=0, start_ms=1280), SegmentEdit(kind="merge", index=0)],
    )
    assert places(split) == places(TRANSCRIPT)
    assert split.next_index == 4  # 3 was used
    assert places(edited(kind="merge", index=1))[1] == (1, 3000, 7000, "It was bad. It was both.")


def test_moves_borders_and_takes_the_words_along():
    moved = edited(kind="move", index=1, start_ms=4000, end_ms=4500).segments[1]
    assert moved.interval == Interval(start_ms=4000, end_ms=4500)
    assert all(4000 <= word.start_ms < word.end_ms <= 4500 for word in moved.words)
    wider = edited(kind="move", index=1, start_ms=2500, end_ms=5000).segments[1]
    assert wider.words == TRANSCRIPT.segments[1].words


def test_inserts_with_the_next_free_index_and_times_for_its_words():
    new = edited(kind="insert", start_ms=4500, end_ms=5500, text=" Something  new. ", speaker="B")
    assert places(new)[2] == (3, 4500, 5500, "Something new.")
    assert [(word.text, word.start_ms, word.end_ms) for word in new.segments[2].words] == [
        ("Something", 4500, 5000),
        ("new.", 5000, 5500),
    ]
    assert [speaker.name for speaker in new.speakers] == ["A", "B"]


def test_gives_a_segment_another_speaker():
    after = edited(kind="speaker", index=2, speaker="B")
    assert {word.speaker for word in after.segments[2].words} == {"B"}
    assert [one.speaker for one in after.segments] == ["A", "A", "B"]


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ({"kind": "split", "index": 1, "start_ms": 3000}, "no words on both sides of 3.000 s"),
        ({"kind": "split", "index": 9, "start_ms": 3000}, "there is no segment 0009"),
        ({"kind": "merge", "index": 2}, "0002 is the last one"),
        ({"kind": "move", "index": 1, "start_ms": 1500, "end_ms": 4000}, "segments 0000 and 0001 would overlap"),
        ({"kind": "move", "index": 2, "start_ms": 9500, "end_ms": 10_001}, "after the programme, which lasts 10.000 s"),
        ({"kind": "move", "index": 1, "start_ms": 3000, "end_ms": 3050}, "lasts at least 0.1 s"),
        ({"kind": "insert", "start_ms": 3500, "end_ms": 5000, "text": "x"}, "would overlap"),
        ({"kind": "insert", "start_ms": 4500, "end_ms": 5000, "text": "  "}, "needs the text of the original"),
    ],
)
def test_an_impossible_edit_says_why(edit, reason: str):
    with pytest.raises(InputError, match=reason):
        edited(**edit)


def test_the_only_segment_is_not_deleted():
    one = edit_segments(TRANSCRIPT, [SegmentEdit(kind="delete", index=0), SegmentEdit(kind="delete", index=2)])
    assert [segment.index for segment in one.segments] == [1]
    with pytest.raises(InputError, match="the only segment"):
        edit_segments(one, [SegmentEdit(kind="delete", index=1)])


EDITS = st.builds(
    SegmentEdit,
    kind=st.sampled_from(["split", "merge", "move", "delete", "insert", "speaker"]),
    index=st.integers(0, 5),
    start_ms=st.integers(0, 10_500),
    end_ms=st.integers(0, 10_500),
    text=st.sampled_from(["One", "One two three four five", ""]),
    speaker=st.sampled_from(["A", "B"]),
)


@given(st.lists(EDITS, max_size=12))
def test_segments_stay_ordered_apart_and_whole(edits):
    transcript = TRANSCRIPT
    for edit in edits:
        fresh = transcript.next_index
        try:
            after = edit_segments(transcript, [edit])
        except InputError:
            continue
        untouched = {one.index: one for one in transcript.segments}
        kept = [one for one in after.segments if untouched.get(one.index) is one]
        assert len(after.segments) - len(kept) <= 2
        assert all(one.index <= fresh for one in after.segments)
        transcript = after
    assert len({one.index for one in transcript.segments}) == len(transcript.segments) > 0
    assert all(one.interval.end_ms <= two.interval.start_ms for one, two in pairwise(transcript.segments))
    for one in transcript.segments:
        assert one.words
        assert one.interval.end_ms <= transcript.duration_ms
        for word in one.words:
            assert one.interval.start_ms <= word.start_ms < word.end_ms <= one.interval.end_ms
            assert word.speaker == one.speaker
