from __future__ import annotations

import re
from dataclasses import replace

import pytest
from support.finished_job import REQUEST, final_video, products, quality

from dub_assets.core.timing import Interval
from dub_assets.stages.products import Products
from dub_assets.stages.quality.values import Check, LineQuality, Quality
from dub_assets.stages.report.values import (
    Fact,
    Finding,
    ReportCheck,
    ReportSegment,
    ReportSpeaker,
    ReportView,
    by_attention,
    tempo_figures,
)
from dub_assets.stages.report.view import report_view
from dub_assets.stages.segment_mixes.values import GainChange, Gains
from dub_assets.stages.transcript.values import Speaker
from dub_assets.stages.translation.values import TranslatedLine


def view(made: Products | None = None, measured: Quality | None = None) -> ReportView:
    return report_view(REQUEST, made or products(), final_video(), measured or quality())


def spoken(**changes: object) -> Products:
    """The finished job with its one line spoken otherwise."""
    made = products()
    return replace(made, tts=replace(made.tts, segments=(replace(made.tts.segments[0], **changes),)))


def texts(segment: ReportSegment) -> list[str]:
    return [finding.text for finding in segment.findings]


def test_it_tells_of_every_segment_of_the_transcript() -> None:
    shown = view()
    assert (shown.job_id, shown.source_language, shown.target_language) == ("job.1", "ko", "en")
    first, second = shown.segments
    assert (first.text, first.translated, first.tempo, first.findings) == ("안녕하세요", "Hello", 1.0, ())
    assert (second.text, second.translated, second.placed) == ("음", "", None)
    assert texts(second) == ["not dubbed: there is nothing to say"]
    assert [segment.index for segment in shown.flagged] == [1]


def test_it_tells_how_a_line_was_spoken() -> None:
    late = spoken(placed=Interval(start_ms=860, end_ms=2860), ordinary_ms=2500, rung="stretch", issues=("late_start",))
    (segment, _) = view(late).segments
    assert texts(segment) == ["starts 360 ms late, the limit is 40 ms"]
    assert Fact(name="Start", value="+360 ms") in segment.facts
    assert Fact(name="Fit method", value="time-stretching") in segment.facts
    assert Fact(name="Slot", value="58% of 3.4 s") in segment.facts
    assert Fact(name="Level", value="-1.5", unit="dB") in segment.facts
    assert Fact(name="Certainty", value="91%") in segment.facts
    assert segment.tempo == 1.25


@pytest.mark.parametrize(
    ("issue", "text"),
    [
        ("fast_speech", "fast: 1.50 times the language's ordinary rate, the limit is 1.25"),
        ("early_start", "starts 200 ms early, the limit is 40 ms"),
        ("odd", "odd"),
    ],
)
def test_every_issue_has_words_even_one_that_is_new(issue: str, text: str) -> None:
    made = spoken(placed=Interval(start_ms=300, end_ms=2300), ordinary_ms=3000, issues=(issue,))
    assert texts(view(made).segments[0]) == [text]


def test_a_line_that_starts_early_and_ends_in_its_slot_uses_no_more_than_all_of_it() -> None:
    slot = products().tts.segments[0].slot
    placed = Interval(start_ms=slot.start_ms - 40, end_ms=slot.end_ms)
    (segment, _) = view(spoken(placed=placed)).segments
    assert Fact(name="Slot", value=f"100% of {placed.duration_ms / 1000:.1f} s") in segment.facts


@pytest.mark.parametrize("ordinary_ms", [2511, 2512, 2514, 2520, 2700])
def test_a_fast_line_never_looks_equal_to_the_limit_that_it_exceeds(ordinary_ms: int) -> None:
    made = spoken(placed=Interval(start_ms=500, end_ms=2500), ordinary_ms=ordinary_ms, issues=("fast_speech",))
    (text,) = texts(view(made).segments[0])
    tempo, limit = re.findall(r"\d\.\d+", text)
    assert limit == "1.25"
    assert float(tempo) > float(limit)
    assert float(tempo) == view(made).segments[0].tempo


def test_the_limit_shown_is_the_one_that_was_set() -> None:
    made = spoken(ordinary_ms=3000, issues=("fast_speech",))
    shown = report_view(REQUEST, made, final_video(), quality(), free_tempo=1.4)
    assert texts(shown.segments[0]) == ["fast: 1.50 times the language's ordinary rate, the limit is 1.40"]


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({"rendering": 1, "stretch": 1.1}, "shorter translation, time-stretching; still outside the limits"),
        ({}, "none; outside the limits"),
    ],
)
def test_a_line_that_does_not_fit_says_what_was_done(changes: dict[str, object], method: str) -> None:
    (segment, _) = view(spoken(rung="flag", issues=("late_start",), **changes)).segments
    assert Fact(name="Fit method", value=method) in segment.facts


def test_the_text_is_the_one_that_is_spoken() -> None:
    shorter = replace(products().tts.segments[0].speech, text="Hi")
    shown = view(spoken(speech=shorter, rendering=1, rung="shorter")).segments[0]
    assert (shown.translated, shown.facts[0]) == ("Hi", Fact(name="Fit method", value="shorter translation"))


def test_a_line_that_runs_over_its_slot_says_by_how_much() -> None:
    made = spoken(placed=Interval(start_ms=500, end_ms=4100), issues=("over_slot",))
    assert texts(view(made).segments[0]) == ["ends 180 ms after its slot"]


def test_what_the_checks_found_is_told_of_the_whole_and_of_each_line() -> None:
    peak = Check(name="true_peak_is_kept", passed=True, severity="error", blocking=False, reason="-1.5 dBTP")
    silent = Check(name="lines_are_audible", passed=False, severity="error", blocking=True, reason="0000 is not heard")
    line = LineQuality(index=0, issues=("inaudible", "untranslated"), level_dbfs=None)
    shown = view(measured=replace(quality(), checks=(peak, silent), lines=(line,)))
    assert texts(shown.segments[0]) == ["nothing is heard", "not translated: the text is the original's"]
    assert shown.segments[0].weight == "problem"
    assert shown.checks == (
        ReportCheck(name="True peak is kept", passed=True, blocking=False, reason="-1.5 dBTP"),
        ReportCheck(name="Lines are audible", passed=False, blocking=True, reason="0000 is not heard"),
    )


def test_what_was_measured_of_a_line_is_told() -> None:
    line = LineQuality(index=0, issues=("unlike_text",), level_dbfs=-20.0, leftover_db=-31.04, agreement=0.42)
    (segment, _) = view(measured=replace(quality(), lines=(line,))).segments
    assert texts(segment) == ["heard otherwise than it is written"]
    assert Fact(name="Read back", value="42% as written") in segment.facts
    assert Fact(name="Left of the original", value="-31.0", unit="dB") in segment.facts


def test_a_line_that_was_not_read_back_since_the_recogniser_failed_is_to_be_looked_at() -> None:
    line = LineQuality(index=0, issues=("unheard",), level_dbfs=-20.0)
    (segment, _) = view(measured=replace(quality(), lines=(line,))).segments
    assert texts(segment) == ["not read back: the recogniser failed"]
    assert segment.weight == "look"


def test_speakers_come_with_their_voices_and_segments() -> None:
    made = products()
    first, second = made.transcript.segments
    people = (
        Speaker(name="A", pitch_hz=118.0, speech_ms=2000),
        Speaker(name="B", pitch_hz=None, speech_ms=800),
    )
    told = (replace(first, speaker="A"), replace(second, speaker="B"))
    shown = view(replace(made, transcript=replace(made.transcript, segments=told, speakers=people)))
    assert [segment.speaker for segment in shown.segments] == ["A", "B"]
    assert shown.speakers == (
        ReportSpeaker(name="A", speech_ms=2000, pitch_hz=118.0, segments_count=1, voices=("anna",)),
        ReportSpeaker(name="B", speech_ms=800, pitch_hz=None, segments_count=1, voices=()),
    )


def test_what_was_heard_uncertainly_is_to_be_looked_at() -> None:
    made = products()
    first, second = made.transcript.segments
    unsure = replace(made.transcript, segments=(replace(first, probability=0.42), second))
    assert texts(view(replace(made, transcript=unsure)).segments[0]) == ["heard with 42% certainty"]


def test_what_editors_did_is_noted_and_asks_for_nothing() -> None:
    made = products()
    line = TranslatedLine(index=0, passage=0, text="Hi", written_for="mark")
    mix = replace(made.mixes.segments[0], edited=GainChange(speech=0.5), gains=Gains(background=1.0, speech=0.5))
    edited = replace(
        made,
        translation=replace(made.translation, lines=(line,)),
        mixes=replace(made.mixes, segments=(mix,)),
    )
    (segment, _) = view(edited).segments
    assert texts(segment) == ["text by an editor", "gains by an editor"]
    assert Fact(name="Gains", value="speech 0.5, background 1") in segment.facts
    assert segment not in view(edited).flagged


def test_attention_goes_by_weight_then_by_excess_then_by_time() -> None:
    blank = view().segments[0]

    def segment(index: int, *findings: Finding) -> ReportSegment:
        return replace(blank, index=index, findings=findings)

    note, look = Finding(weight="note", text="n"), Finding(weight="look", text="l", excess=0.2)
    worse = Finding(weight="look", text="l", excess=0.4)
    problem = Finding(weight="problem", text="p")
    segments = [
        segment(0),
        segment(1, note),
        segment(2, look),
        segment(3, worse),
        segment(4, problem),
        segment(5, look),
    ]
    assert [one.index for one in by_attention(segments)] == [4, 3, 2, 5, 1, 0]
    assert segments[3].weight == "look"
    assert segments[0].weight is None


def test_tempo_figures_are_of_what_is_spoken() -> None:
    assert tempo_figures(view(spoken(ordinary_ms=2400)).segments) == (1.2, 1.2)
    assert tempo_figures(view().segments[1:]) is None
