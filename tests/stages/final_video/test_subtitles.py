from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dub_assets.core.timing import Interval
from dub_assets.stages.final_video.line_breaks import columns, screens
from dub_assets.stages.final_video.subtitles import Cue, subtitles, vtt
from dub_assets.stages.final_video.subtitles import srt as srt_file
from dub_assets.stages.transcript.values import TimedWord

BLOCK = re.compile(r"(\d+)\n(\d{2,}:\d\d:\d\d,\d{3}) --> (\d{2,}:\d\d:\d\d,\d{3})\n(.+(?:\n.+)?)\n")


def cue(start_ms: int, end_ms: int, text: str) -> Cue:
    return Cue(interval=Interval(start_ms=start_ms, end_ms=end_ms), text=text)


def srt(cues: list[Cue], language: str = "en", duration_ms: int = 0) -> str:
    return srt_file(subtitles(cues, language=language, duration_ms=duration_ms))


def ms(time: str) -> int:
    hours, minutes, rest = time.split(":")
    whole, fraction = rest.split(",")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(whole)) * 1000 + int(fraction)


def parse_srt(text: str) -> list[tuple[int, int, list[str]]]:
    """Return start, end and lines of each subtitle in an SRT file; fail if the file is malformed."""
    blocks = text.split("\n\n") if text else []
    result = []
    for number, block in enumerate(blocks, start=1):
        match = BLOCK.fullmatch(block if block.endswith("\n") else block + "\n")
        assert match, block
        assert int(match[1]) == number
        result.append((ms(match[2]), ms(match[3]), match[4].split("\n")))
    return result


def test_cues_are_numbered_and_timed() -> None:
    assert srt([cue(0, 1_500, "It was so."), cue(3_723_004, 3_725_000, "Was it?")]) == (
        "1\n00:00:00,000 --> 00:00:01,500\nIt was so.\n\n2\n01:02:03,004 --> 01:02:05,000\nWas it?\n"
    )


def test_an_srt_file_without_cues_is_empty() -> None:
    assert srt([]) == ""
    assert srt([cue(0, 100, " \n "), cue(100, 100, "No time.")]) == ""


def test_breaks_a_longer_text_into_two_even_lines() -> None:
    ((_, _, lines),) = parse_srt(srt([cue(0, 4_000, "It was the best of times, it was the worst of times")]))
    assert lines == ["It was the best of times,", "it was the worst of times"]


def test_splits_a_long_text_and_divides_its_time_by_characters() -> None:
    text = " ".join(["abcd"] * 32)  # 159 characters: four lines of 39
    cues = parse_srt(srt([cue(1_000, 9_000, text)]))
    assert [(start, end) for start, end, _ in cues] == [(1_000, 5_000), (5_000, 9_000)]
    assert " ".join(line for _, _, lines in cues for line in lines) == text


def test_splits_a_word_longer_than_a_line() -> None:
    ((_, _, lines),) = parse_srt(srt([cue(0, 1_000, "x" * 60)]))
    assert "".join(lines) == "x" * 60
    assert max(map(len, lines)) <= 42


def test_breaks_after_sentences_and_clauses() -> None:
    text = (
        "We left the house before it was light, and nobody saw us go. The road was empty, so we walked in the middle."
    )
    assert [screen.lines for screen in screens(text, "en")] == [
        ("We left the house before it was light,", "and nobody saw us go."),
        ("The road was empty,", "so we walked in the middle."),
    ]


def test_does_not_break_after_an_article() -> None:
    (screen,) = screens("Nobody had ever seen the old lighthouse keeper before", "en")
    assert screen.lines == ("Nobody had ever seen", "the old lighthouse keeper before")


def test_screens_start_with_their_first_word() -> None:
    words = [f"word{number:02}" for number in range(20)]  # 139 columns: two screens
    timed = [
        TimedWord(text=word, start_ms=at, end_ms=at + 100, probability=None)
        for word, at in zip(words, [*range(0, 1_000, 100), *range(7_000, 8_000, 100)], strict=True)
    ]
    timed_cue = Cue(interval=Interval(start_ms=0, end_ms=8_000), text=" ".join(words), words=timed)
    (first, second) = parse_srt(srt([timed_cue]))
    assert first[2][0].startswith("word00")
    assert second[2][0].startswith("word10")
    assert (first[1], second[0]) == (7_000, 7_000)


def test_extends_subtitles_to_their_reading_time() -> None:
    line = "x" * 34  # two seconds
    alone, crowded = cue(0, 500, line), cue(10_000, 10_500, line)
    following = cue(11_000, 14_000, line)
    cues = parse_srt(srt([alone, crowded, following], duration_ms=60_000))
    assert [(start, end) for start, end, _ in cues] == [(0, 2_000), (10_000, 10_920), (11_000, 14_000)]
    assert parse_srt(srt([alone], duration_ms=1_200))[0][:2] == (0, 1_200)
    assert parse_srt(srt([cue(0, 100, "No.")], duration_ms=60_000))[0][:2] == (0, 833)


def test_writes_escaped_vtt() -> None:
    shown = subtitles([cue(0, 1_500, "a <b> & c --> d"), cue(3_723_004, 3_725_000, "e")], language="en", duration_ms=0)
    assert vtt(shown) == (
        "WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.500\na &lt;b&gt; &amp; c --&gt; d\n\n"
        "2\n01:02:03.004 --> 01:02:05.000\ne\n"
    )
    assert vtt([]) == "WEBVTT\n"


def test_does_not_break_japanese_before_closing_signs() -> None:
    text = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
    ((_, _, lines),) = parse_srt(srt([cue(0, 5_000, text)]))
    assert "".join(lines) == text
    assert all(len(line) <= 21 for line in lines)
    assert not lines[1].startswith(("。", "、"))


def test_breaks_korean_at_spaces_with_two_columns_a_syllable() -> None:
    text = "나는 고양이다 이름은 아직 없다 어디서 태어났는지 도무지 짐작이 가지 않는다"
    cues = parse_srt(srt([cue(0, 5_000, text)]))
    assert " ".join(line for _, _, lines in cues for line in lines) == text
    assert all(len(line) <= 30 for _, _, lines in cues for line in lines)


def test_removes_control_characters_and_line_breaks() -> None:
    text = "one\r\n\r\n2\n00:00:01,000 --> 00:00:02,000\x00\x1b[31mtwo\u2028\ufeffthree\ud800"
    ((_, _, lines),) = parse_srt(srt([cue(0, 9_000, text)]))
    assert " ".join(lines) == "one 2 00:00:01,000 → 00:00:02,000 [31mtwo three\ufffd"
    srt([cue(0, 9_000, text)]).encode()


def test_orders_cues_and_removes_overlaps() -> None:
    cues = parse_srt(srt([cue(2_000, 3_000, "second"), cue(0, 2_500, "first")]))
    assert cues == [(0, 2_000, ["first"]), (2_000, 3_000, ["second"])]


@pytest.mark.parametrize("length_ms", [1, 2, 3])
def test_drops_screens_shorter_than_a_millisecond(length_ms: int) -> None:
    cues = parse_srt(srt([cue(5, 5 + length_ms, "word " * 100)]))
    assert 1 <= len(cues) <= length_ms


@given(
    st.lists(
        st.tuples(
            st.integers(0, 20_000),
            st.integers(0, 9_000),
            st.text(alphabet=st.sampled_from("ab ,.\n\r\t->\x00é日本。한국\u0301\u200d\u2028"), max_size=300),
        ),
        max_size=6,
    )
)
@settings(max_examples=200)
def test_any_cues_make_a_valid_srt_file(given_cues: list[tuple[int, int, str]]) -> None:
    cues = parse_srt(srt([cue(start, start + length, text) for start, length, text in given_cues]))
    assert all(start < end for start, end, _ in cues)
    assert all(left[1] <= right[0] for left, right in pairwise(cues))
    assert all(columns(line) <= 42 for _, _, lines in cues for line in lines)
    visible = [line.replace("\u0301", "").replace("\u200d", "") for _, _, lines in cues for line in lines]
    assert all(len(line) <= 42 for line in visible)
    assert all(lines and len(lines) <= 2 for _, _, lines in cues)


@given(st.text(alphabet=st.sampled_from("abc de日本語。한국어 "), min_size=1, max_size=400))
@settings(max_examples=100)
def test_keeps_every_character(text: str) -> None:
    cues = parse_srt(srt([cue(0, 100_000, text)]))
    shown = "".join(line for _, _, lines in cues for line in lines)
    assert shown.replace(" ", "") == "".join(text.split())


@given(st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=9), min_size=4, max_size=40), st.booleans())
@settings(max_examples=100)
def test_leaves_no_orphans_and_uses_as_few_screens_as_needed(words: list[str], korean: bool) -> None:
    text = " ".join(word.translate(str.maketrans("abcdefgh", "가나다라마바사아")) if korean else word for word in words)
    shown = screens(text, "ko" if korean else "en")
    assert " ".join(line for screen in shown for line in screen.lines) == text
    narrow = [line for screen in shown for line in screen.lines if " " not in line and columns(line) < 12]
    assert not narrow
    assert len(shown) <= columns(text) // 60 + 1
    assert all(len(screen.lines) == 1 for screen in shown if columns(" ".join(screen.lines)) <= 42)


@given(
    st.lists(
        st.tuples(st.integers(0, 60_000), st.integers(1, 9_000), st.text("ab ,.", min_size=1)), min_size=1, max_size=6
    )
)
@settings(max_examples=100)
def test_keeps_the_reading_speed_where_the_pauses_allow(given_cues: list[tuple[int, int, str]]) -> None:
    given = [cue(start, start + length, text) for start, length, text in given_cues]
    shown = subtitles(given, language="en", duration_ms=70_000)
    ends = [following.interval.start_ms for following in shown[1:]]
    for subtitle, next_start in zip(shown, [*ends, 10**9][: len(shown)], strict=True):
        reading_ms = 1000 * sum(map(columns, subtitle.lines)) / 17
        room_ms = min(next_start - 80, 70_000) - subtitle.interval.start_ms
        assert subtitle.interval.duration_ms >= min(reading_ms, room_ms)
        assert subtitle.interval.end_ms <= next_start
