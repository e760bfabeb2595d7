"""Subtitle files that users bring: no cue, text, time or speaker is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dirty_subtitles import DirtyFile, dirty_files

from dub_assets.core.errors import InputError
from dub_assets.subtitle_files import SubtitleFile, read_subtitles

SRT = "1\n00:00:01,000 --> 00:00:02,000\n{}\n\n2\n00:00:03,000 --> 00:00:04,000\n{}\n"


def read(text: str, language: str | None = None) -> SubtitleFile:
    return read_subtitles(text.encode(), "talk.srt", language)


def texts(file: SubtitleFile) -> list[str]:
    return [cue.text for cue in file.cues]


def letters(text: str) -> str:
    return "".join(text.split()).replace("{fornow}", "fornow")


def expected(file: DirtyFile) -> list[tuple[int, str | None, str]]:
    lines = {(line.start_ms, line.end_ms, line.speaker, line.text): line for line in file.lines}.values()
    return sorted((line.start_ms, line.speaker or "", letters(line.text)) for line in lines)


def test_no_cue_of_300_dirty_files_is_lost():
    for file in dirty_files(300):
        read_file = read_subtitles(file.content, file.name, file.language)
        found = sorted((cue.interval.start_ms, cue.speaker or "", letters(cue.text)) for cue in read_file.cues)
        wanted = expected(file)
        assert [entry[1:] for entry in found] == [entry[1:] for entry in wanted], file.name
        assert all(abs(a[0] - b[0]) <= 10 for a, b in zip(found, wanted, strict=True)), file.name
        starts = [cue.interval.start_ms for cue in read_file.cues]
        assert starts == sorted(starts)
        assert all(cue.interval.duration_ms > 0 and cue.text.strip() for cue in read_file.cues)


@pytest.mark.parametrize(
    ("text", "encoding", "language"),
    [
        ("안녕하세요, 여러분. 오늘은 바다 이야기입니다.", "cp949", None),
        ("안녕하세요, 여러분.", "cp949", "ko"),
        ("안녕하세요, 여러분. 오늘은 바다 이야기입니다.", "cp949", "en"),
        ("Olá, você já está bem?", "cp1252", "pt"),
        ("“Quotes” and an ellipsis…", "cp1252", "en"),
        ("Święta są już blisko, źle.", "cp1250", "pl"),
        ("Привет, как дела? Спасибо, хорошо.", "cp1251", "ru"),
        ("こんにちは、皆さん。", "cp932", "ja"),
        ("你好,大家。今天我们谈谈大海。", "gb18030", "zh"),
        ("Ünlü şair, iyi geceler.", "cp1254", "tr"),
    ],
)
def test_encodings_are_recognised(text: str, encoding: str, language: str | None):
    file = read_subtitles(SRT.format(text, text).encode(encoding), "talk.srt", language)
    assert texts(file) == [text, text]
    assert file.encoding == encoding
    assert any("UTF-8" in finding for finding in file.findings)


def test_damaged_bytes_of_utf8_are_a_finding():
    content = SRT.format("안녕하세요, 여러분. 오늘은 바다 이야기입니다.", "끝").encode() + b"\xed\x95"
    file = read_subtitles(content, "talk.srt")
    assert file.encoding == "utf-8"
    assert "1 bytes cannot be read as utf-8" in file.findings[0]


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("<i>Hi</i> <b>you</b>", "Hi you"),
        ("{\\an8}{\\pos(1,2)}Hi", "Hi"),
        ("<FONT color=red>Hi</FONT>", "Hi"),
        ("I <3 you {really}", "I <3 you {really}"),
        ("Tom &amp; Jerry &lt;3 &#8230;", "Tom & Jerry <3 …"),
        ("a<br>b", "a\nb"),
        ("AT&T; R&D", "AT&T; R&D"),
        ("<00:01.000>ka<00:01.500>ra", "kara"),
        ("if a < b and c > d", "if a < b and c > d"),
        ("<ruby>漢字<rt>かんじ</rt></ruby>", "漢字"),
    ],
)
def test_tags_go_and_text_stays(raw: str, plain: str):
    assert texts(read(SRT.format(raw, "x"))) == [plain, "x"]


@pytest.mark.parametrize(
    ("first", "second", "speakers", "plain"),
    [
        ("Anna: Hello.", "Ben: Hi.", ["Anna", "Ben"], ["Hello.", "Hi."]),
        ("ANNA: Hello.", "Hi.", ["ANNA", None], ["Hello.", "Hi."]),
        ("민수: 안녕", "지은: 네, 안녕", ["민수", "지은"], ["안녕", "네, 안녕"]),
        ("Dr. Smith (off): Hello.", "Anna: Hi.", ["Dr. Smith", "Anna"], ["Hello.", "Hi."]),
        ("- Hello.\n- Hi.", "Bye.", [None, None, None], ["Hello.", "Hi.", "Bye."]),
        ("- Anna: Hello.\n- Ben: Hi.", "Bye.", ["Anna", "Ben", None], ["Hello.", "Hi.", "Bye."]),
        ("Anna:\nHello.", "Anna: Hi.", ["Anna", "Anna"], ["Hello.", "Hi."]),
        ("At 10:30 we go.", "See http://example.org", [None, None], ["At 10:30 we go.", "See http://example.org"]),
        ("Note: it works.", "Warning: hot.", [None, None], ["Note: it works.", "Warning: hot."]),
        ("Remember: no lights.", "He said: go.", [None, None], ["Remember: no lights.", "He said: go."]),
    ],
)
def test_speakers(first: str, second: str, speakers: list[str | None], plain: list[str]):
    file = read(SRT.format(first, second))
    assert [cue.speaker for cue in file.cues] == speakers
    assert texts(file) == plain


def test_a_prefix_that_occurs_once_among_many_cues_is_text():
    cues = [f"00:00:{second:02d},000 --> 00:00:{second:02d},900\nLine {second}." for second in range(10)]
    file = read("\n\n".join([*cues, "00:00:30,000 --> 00:00:31,000\nFreedom: that is it."]))
    assert file.cues[-1].text == "Freedom: that is it."
    assert file.cues[-1].speaker is None


def test_two_speakers_of_a_cue_share_its_time():
    first, second, _ = read(SRT.format("- Hello, hello.\n- Hi.", "Bye.")).cues
    assert (first.number, second.number) == (1, 1)
    assert first.interval.start_ms == 1000
    assert first.interval.end_ms == second.interval.start_ms
    assert second.interval.end_ms == 2000


@pytest.mark.parametrize(
    ("text", "found", "finding"),
    [
        ("1\n00:00:02,000 --> 00:00:01,000\nHi", [(2000, 2833, "Hi")], "cue 1: the end is missing"),
        ("00:00:02,000 -->\nHi", [(2000, 2833, "Hi")], "cue 1: the end is missing"),
        ("00:00:02 --> 00:00:03\nHi", [(2000, 3000, "Hi")], None),
        ("-00:00:01,000 --> 00:00:01,000\nHi", [(0, 1000, "Hi")], "cue 1: the start is before 0"),
        ("1\n00:00:0x,000 --> 00:00:02,000\nHi", [(0, 833, "Hi")], "cue 1: the time cannot be read"),
        (SRT.format("A", ""), [(1000, 2000, "A")], "cue 2: without text, left out"),
        ("1\n00:00:01,000 --> 00:00:02,000\nA\n\nB\n", [(1000, 2000, "A\nB")], "cue 1: a blank line"),
        (
            "00:00:03,000 --> 00:00:04,000\nB\n\n00:00:01,000 --> 00:00:03,500\nA",
            [(1000, 3500, "A"), (3000, 4000, "B")],
            "cue 2: before the cue above it",
        ),
        (
            "00:00:01,000 --> 00:00:03,500\nA\n\n00:00:03,000 --> 00:00:04,000\nB",
            [(1000, 3500, "A"), (3000, 4000, "B")],
            "cue 2: begins before an earlier cue ends",
        ),
        (
            SRT.format("A", "B").replace("3,000 -", "1,000 -").replace("4,000", "2,000").replace("B", "A"),
            [(1000, 2000, "A")],
            "kept once",
        ),
    ],
)
def test_faults_are_findings(text: str, found: list[tuple[int, int, str]], finding: str | None):
    file = read(text)
    assert [(cue.interval.start_ms, cue.interval.end_ms, cue.text) for cue in file.cues] == found
    assert finding is None or any(finding in sentence for sentence in file.findings), file.findings
    assert finding is not None or not file.findings


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02" * 100, b"just text\n", b"WEBVTT\n\n", SRT.format("", "").encode()]
)
def test_a_file_without_cues_is_refused(content: bytes):
    with pytest.raises(InputError, match=r"talk\.srt has no cues: give it as SRT, WebVTT or ASS"):
        read_subtitles(content, "talk.srt")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "1",
                "\n",
                "\n\n",
                "00:00:01,000",
                " --> ",
                "Anna: ",
                "<v B>",
                "{\\p1}",
                "WEBVTT",
                "Dialogue: ",
                ",",
                "안녕",
                "-",
                "x",
            ]
        ),
        max_size=40,
    )
)
def test_any_text_is_read_or_refused(pieces: list[str]):
    try:
        file = read("".join(pieces))
    except InputError:
        return
    assert all(cue.text.strip() and cue.interval.duration_ms > 0 for cue in file.cues)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes):
    try:
        file = read_subtitles(content, "talk.srt")
    except InputError:
        return
    assert file.cues
