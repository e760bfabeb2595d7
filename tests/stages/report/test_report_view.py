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
    by_priority,
    tempo_figures,
)
from dub_assets.stages.report.view import report_view
from dub_assets.stages.segment_mixes.values import GainChange, Gains
from dub_assets.stages.transcript.values import Speaker
from dub_assets.stages.translation.values import TranslatedLine


def view(job: Products | None = None, measured: Quality | None = None) -> ReportView:
    return report_view(REQUEST, job or products(), final_video(), measured or quality())


def spoken(**changes: object) -> Products:
    """Return the finished job with changes to its only line."""
    job = products()
    return replace(job, tts=replace(job.tts, segments=(replace(job.tts.segments[0], **changes),)))


def texts(segment: ReportSegment) -> list[str]:
    return [finding.text for finding in segment.findings]


def test_has_every_segment_of_the_transcript() -> None:
    shown = view()
    assert (shown.job_id, shown.source_language, shown.target_language) == ("job.1", "ko", "en")
    first, second = shown.segments
    assert (first.text, first.translated, first.tempo, first.findings) == ("안녕하세요", "Hello", 1.0, ())
    assert (second.text, second.translated, second.placed) == ("음", "", None)
    assert texts(second) == ["not dubbed: there is no text"]
    assert [segment.index for segment in shown.flagged] == [1]


def test_has_facts_about_a_line() -> None:
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
def test_describes_every_issue_even_an_unknown_one(issue: str, text: str) -> None:
    job = spoken(placed=Interval(start_ms=300, end_ms=2300), ordinary_ms=3000, issues=(issue,))
    assert texts(view(job).segments[0]) == [text]


def test_a_line_that_starts_early_uses_at_most_its_slot() -> None:
    slot = products().tts.segments[0].slot
    placed = Interval(start_ms=slot.start_ms - 40, end_ms=slot.end_ms)
    (segment, _) = view(spoken(placed=placed)).segments
    assert Fact(name="Slot", value=f"100% of {placed.duration_ms / 1000:.1f} s") in segment.facts


@pytest.mark.parametrize("ordinary_ms", [2511, 2512, 2514, 2520, 2700])
def test_a_fast_line_never_looks_equal_to_the_limit_that_it_exceeds(ordinary_ms: int) -> None:
    job = spoken(placed=Interval(start_ms=500, end_ms=2500), ordinary_ms=ordinary_ms, issues=("fast_speech",))
    (text,) = texts(view(job).segments[0])
    tempo, limit = re.findall(r"\d\.\d+", text)
    assert limit == "1.25"
    assert float(tempo) > float(limit)
    assert float(tempo) == view(job).segments[0].tempo


def test_shows_the_configured_tempo_limit() -> None:
    job = spoken(ordinary_ms=3000, issues=("fast_speech",))
    shown = report_view(REQUEST, job, final_video(), quality(), free_tempo=1.4)
    assert texts(shown.segments[0]) == ["fast: 1.50 times the language's ordinary rate, the limit is 1.40"]


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({"rendering": 1, "stretch": 1.1}, "shorter translation, time-stretching; still outside the limits"),
        ({}, "none; outside the limits"),
    ],
)
def test_lists_the_steps_taken_for_a_line_that_does_not_fit(changes: dict[str, object], method: str) -> None:
    (segment, _) = view(spoken(rung="flag", issues=("late_start",), **changes)).segments
    assert Fact(name="Fit method", value=method) in segment.facts


def test_shows_the_text_that_is_spoken() -> None:
    shorter = replace(products().tts.segments[0].speech, text="Hi")
    shown = view(spoken(speech=shorter, rendering=1, rung="shorter")).segments[0]
    assert (shown.translated, shown.facts[0]) == ("Hi", Fact(name="Fit method", value="shorter translation"))


def test_shows_by_how_much_a_line_exceeds_its_slot() -> None:
    job = spoken(placed=Interval(start_ms=500, end_ms=4100), issues=("over_slot",))
    assert texts(view(job).segments[0]) == ["ends 180 ms after its slot"]


def test_shows_checks_and_the_issues_of_each_line() -> None:
    peak = Check(name="true_peak_is_kept", passed=True, severity="error", blocking=False, reason="-1.5 dBTP")
    silent = Check(name="lines_are_audible", passed=False, severity="error", blocking=True, reason="0000 is not heard")
    line = LineQuality(index=0, issues=("inaudible", "untranslated"), level_dbfs=None)
    shown = view(measured=replace(quality(), checks=(peak, silent), lines=(line,)))
    assert texts(shown.segments[0]) == ["no speech in the clip", "not translated: the text is the original's"]
    assert shown.segments[0].level == "problem"
    assert shown.checks == (
        ReportCheck(name="True peak is kept", passed=True, blocking=False, reason="-1.5 dBTP"),
        ReportCheck(name="Lines are audible", passed=False, blocking=True, reason="0000 is not heard"),
    )


def test_shows_measurements_of_a_line() -> None:
    line = LineQuality(index=0, issues=("unlike_text",), level_dbfs=-20.0, leftover_db=-31.04, agreement=0.42)
    (segment, _) = view(measured=replace(quality(), lines=(line,))).segments
    assert texts(segment) == ["the recogniser hears something other than the text"]
    assert Fact(name="Read back", value="42% as written") in segment.facts
    assert Fact(name="Original left", value="-31.0", unit="dB") in segment.facts


def test_flags_a_line_that_the_recogniser_failed_to_read_back() -> None:
    line = LineQuality(index=0, issues=("unheard",), level_dbfs=-20.0)
    (segment, _) = view(measured=replace(quality(), lines=(line,))).segments
    assert texts(segment) == ["not read back: the recogniser failed"]
    assert segment.level == "review"


def test_lists_speakers_with_voices_and_segments() -> None:
    job = products()
    first, second = job.transcript.segments
    people = (
        Speaker(name="A", pitch_hz=118.0, speech_ms=2000),
        Speaker(name="B", pitch_hz=None, speech_ms=800),
    )
    diarised = (replace(first, speaker="A"), replace(second, speaker="B"))
    shown = view(replace(job, transcript=replace(job.transcript, segments=diarised, speakers=people)))
    assert [segment.speaker for segment in shown.segments] == ["A", "B"]
    assert shown.speakers == (
        ReportSpeaker(name="A", speech_ms=2000, pitch_hz=118.0, segments_count=1, voices=("anna",)),
        ReportSpeaker(name="B", speech_ms=800, pitch_hz=None, segments_count=1, voices=()),
    )


def test_flags_a_segment_of_low_recognition_certainty() -> None:
    job = products()
    first, second = job.transcript.segments
    unsure = replace(job.transcript, segments=(replace(first, probability=0.42), second))
    assert texts(view(replace(job, transcript=unsure)).segments[0]) == ["recognised with 42% certainty"]


def test_edits_are_notes_and_do_not_flag_a_segment() -> None:
    job = products()
    line = TranslatedLine(index=0, passage=0, text="Hi", written_for="mark")
    mix = replace(job.mixes.segments[0], edited=GainChange(speech=0.5), gains=Gains(background=1.0, speech=0.5))
    edited = replace(
        job,
        translation=replace(job.translation, lines=(line,)),
        mixes=replace(job.mixes, segments=(mix,)),
    )
    (segment, _) = view(edited).segments
    assert texts(segment) == ["text by an editor", "gains by an editor"]
    assert Fact(name="Gains", value="speech 0.5, background 1") in segment.facts
    assert segment not in view(edited).flagged


def test_priority_orders_by_level_then_excess_then_time() -> None:
    blank = view().segments[0]

    def segment(index: int, *findings: Finding) -> ReportSegment:
        return replace(blank, index=index, findings=findings)

    note, look = Finding(level="note", text="n"), Finding(level="review", text="l", excess=0.2)
    worse = Finding(level="review", text="l", excess=0.4)
    problem = Finding(level="problem", text="p")
    segments = [
        segment(0),
        segment(1, note),
        segment(2, look),
        segment(3, worse),
        segment(4, problem),
        segment(5, look),
    ]
    assert [one.index for one in by_priority(segments)] == [4, 3, 2, 5, 1, 0]
    assert segments[3].level == "review"
    assert segments[0].level is None


def test_tempo_figures_cover_dubbed_segments_only() -> None:
    assert tempo_figures(view(spoken(ordinary_ms=2400)).segments) == (1.2, 1.2)
    assert tempo_figures(view().segments[1:]) is None
