"""Every check, passed and failed."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from support.finished_job import final_video, products, quality

from dub_assets.core.errors import ConfigurationError
from dub_assets.core.marking import DIGITAL_SOURCE_TYPE, DUB_TITLE, Marks
from dub_assets.core.media import ExtractedSound, Loudness
from dub_assets.core.timing import Interval
from dub_assets.options import DubOptions
from dub_assets.stages.quality.checks import (
    CHECKS,
    CheckInputs,
    CheckName,
    blocking_checks,
    run_checks,
)
from dub_assets.stages.quality.judge_lines import is_untranslated
from dub_assets.stages.quality.options import CheckOptions
from dub_assets.stages.quality.stage import STAGE_VERSION
from dub_assets.stages.quality.values import LineQuality, Quality

GOOD = LineQuality(index=0, issues=(), level_dbfs=-25.0)


MARKED = Marks(digital_source_type=DIGITAL_SOURCE_TYPE, comment=f"A talk | {products().notice()}", dub_title=DUB_TITLE)


def inputs(**changes) -> CheckInputs:
    defaults = {"products": products(), "final": final_video(), "lines": (GOOD,), "figures": quality().figures}
    return CheckInputs(**{**defaults, "marks": MARKED, "options": DubOptions(), **changes})


def check_of(name: str, **changes):
    return next(check for check in run_checks(inputs(**changes)) if check.name == name)


def with_line(**changes):
    job = products()
    (line,) = job.tts.segments
    return replace(job, tts=replace(job.tts, segments=(replace(line, **changes),)))


def test_a_new_check_comes_with_a_new_stage_version():
    """Without one, jobs that were judged before would keep their old checks."""
    names = {8: 15}
    assert names[STAGE_VERSION] == len(get_args(CheckName))


def test_a_good_dub_passes_every_check():
    checks = run_checks(inputs())
    assert [check.name for check in checks] == list(CHECKS) == list(get_args(CheckName))
    assert [check.name for check in checks if not check.passed] == []
    assert all(check.reason for check in checks)


@pytest.mark.parametrize(
    ("name", "issue"),
    [
        ("text_is_translated", "untranslated"),
        ("text_is_in_its_language", "wrong_language"),
        ("numbers_are_kept", "lost_numbers"),
        ("lines_say_their_text", "dropped_words"),
        ("lines_say_their_text", "repeated_words"),
        ("lines_say_their_text", "invented_words"),
        ("lines_say_their_text", "unlike_text"),
        ("lines_are_audible", "inaudible"),
        ("original_speech_is_gone", "leftover_speech"),
    ],
)
def test_issues_of_lines_fail_their_check(name, issue):
    check = check_of(name, lines=(GOOD, replace(GOOD, index=7, issues=(issue,))))
    assert not check.passed
    assert check.segments == (7,)
    assert check.reason.endswith(": 0007")


def test_what_is_odd_about_the_source_is_named():
    job = products()
    odd = replace(job.stems, extracted=ExtractedSound(findings=("3% of the sound cannot be decoded, at 2.0 s",)))
    check = check_of("source_is_intact", products=replace(job, stems=odd))
    assert (check.passed, check.blocking) == (False, False)
    assert check.reason == "3% of the sound cannot be decoded, at 2.0 s"


def test_a_text_that_reads_like_a_third_language_fails_as_a_whole():
    check = check_of("text_is_in_its_language", figures=replace(quality().figures, text_language="gl"))
    assert (check.passed, check.reason) == (False, "the text reads like 'gl', not like 'en'")
    assert check_of("text_is_in_its_language", figures=replace(quality().figures, text_language=None)).passed


def test_lines_that_were_not_read_back_pass_with_that_reason():
    check = check_of("lines_say_their_text", figures=replace(quality().figures, agreement=None))
    assert check.passed
    assert check.reason.startswith("no line was read back")


def test_a_failure_of_the_recogniser_fails_the_check_without_blocking():
    unheard, unlike = replace(GOOD, index=3, issues=("unheard",)), replace(GOOD, index=7, issues=("unlike_text",))
    check = check_of("lines_say_their_text", lines=(GOOD, unheard), figures=replace(quality().figures, agreement=None))
    assert (check.passed, check.blocking, check.segments) == (False, False, (3,))
    assert check.reason == "the recogniser failed while reading back 0003"
    check = check_of("lines_say_their_text", lines=(GOOD, unheard, unlike))
    assert check.segments == (3, 7)
    assert check.reason.endswith("0003; sounds different from its text: 0007")


def test_reasons_name_at_most_eight_segments():
    lines = tuple(replace(GOOD, index=index, issues=("inaudible",)) for index in range(11))
    assert check_of("lines_are_audible", lines=lines).reason.endswith("0006, 0007 and 3 more")


def test_speech_without_a_line_fails_from_the_limit_on():
    job = products()
    long = Interval(start_ms=5000, end_ms=6499)
    for part, passes in ((long, True), (replace(long, end_ms=6500), False)):
        check = check_of("dialogue_is_complete", products=replace(job, stems=replace(job.stems, speech=(part,))))
        assert check.passed == passes
    assert check.reason == "speech without a line, where the original is kept, at 5.0 s"
    assert (check.measured, check.limit, check.unit) == (1.5, 1.5, "s")


def test_vocals_that_no_detector_took_for_speech_are_missing_too():
    job = products()
    unnoticed = Interval(start_ms=2800, end_ms=5900)
    stems = replace(job.stems, speech=job.stems.speech[:1], loud_vocals=(unnoticed,))
    transcript = replace(job.transcript, segments=job.transcript.segments[:1])
    check = check_of("dialogue_is_complete", products=replace(job, stems=stems, transcript=transcript))
    assert (check.passed, check.measured) == (False, 3.2)


def test_timing_issues_warn():
    check = check_of("segments_fit_their_slots", products=with_line(issues=("fast_speech",)))
    assert (check.passed, check.severity, check.blocking) == (False, "warning", False)


def test_overlapping_lines_block():
    job = with_line()
    (line,) = job.tts.segments
    later = replace(line, index=1, placed=Interval(start_ms=line.placed.end_ms - 1, end_ms=9000))
    check = check_of("lines_never_overlap", products=replace(job, tts=replace(job.tts, segments=(line, later))))
    assert (check.passed, check.severity, check.blocking, check.segments) == (False, "error", True, (0,))


@pytest.mark.parametrize(("peak", "passed"), [(None, True), (-0.9, True), (-0.8, False)])
def test_the_true_peak_may_be_off_by_the_meters_error(peak, passed):
    final = replace(final_video(), loudness=Loudness(integrated_lufs=-20.0, true_peak_dbtp=peak))
    assert check_of("true_peak_is_kept", final=final).passed == passed


@pytest.mark.parametrize(
    ("target", "found_lufs", "passed"),
    [(-23.0, -22.5, True), (-23.0, -23.6, False), (None, None, True), (-23.0, None, False)],
)
def test_loudness_may_be_off_by_the_tolerance(target, found_lufs, passed):
    final = final_video()
    final = replace(
        final,
        gain=replace(final.gain, target_lufs=target),
        loudness=Loudness(integrated_lufs=found_lufs, true_peak_dbtp=-1.5),
    )
    assert check_of("loudness_is_on_target", final=final).passed == passed


@pytest.mark.parametrize(
    ("lag_ms", "longer_ms", "passed"),
    [(None, 0, True), (40.0, 0, True), (-40.5, 0, False), (0.0, -41, False), (0.0, 40, True)],
)
def test_sound_may_lie_off_the_picture_by_the_limit(lag_ms, longer_ms, passed):
    figures = replace(quality().figures, sound_lag_ms=lag_ms, length_difference_ms=longer_ms)
    assert check_of("sound_and_picture_agree", figures=figures).passed == passed


@pytest.mark.parametrize(
    ("text", "translated", "same"),
    [
        ("It was the best.", "it was the best", True),
        ("It was the best.", "Foi o melhor.", False),
        ("Hello, Anna!", "Hello, Anna.", False),
        ("It was the best.", "", False),
    ],
)
def test_a_line_of_three_words_that_is_not_changed_is_untranslated(text, translated, same):
    assert is_untranslated(text, translated) == same


def test_the_option_decides_which_checks_block():
    assert blocking_checks(CheckOptions(blocking="none")) == frozenset()
    assert blocking_checks(CheckOptions(blocking=" text_is_translated, ")) == {"text_is_translated"}
    with pytest.raises(ConfigurationError, match="CHECK_BLOCKING names 'rhymes'; checks are source_is_intact"):
        blocking_checks(CheckOptions(blocking="rhymes"))


def test_a_refusal_names_the_failed_check_in_one_line():
    options = DubOptions(checks=CheckOptions(blocking="text_is_translated"))
    lines = (replace(GOOD, issues=("untranslated", "inaudible")),)
    judged: Quality = replace(quality(), checks=run_checks(inputs(lines=lines, options=options)))
    assert not judged.passed
    assert judged.refusal == (
        "the dub does not pass its checks: text_is_translated (lines that have the original's text: 0000)"
    )
    assert replace(judged, checks=run_checks(inputs(lines=lines))).refusal is not None
    assert replace(judged, checks=run_checks(inputs())).refusal is None


def test_checks_of_severity_error_block_by_default():
    assert blocking_checks(CheckOptions()) == {name for name, check in CHECKS.items() if check.severity == "error"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"digital_source_type": None}, "missing in the video: the digital source type"),
        ({"comment": "A talk"}, "missing in the video: the notice"),
        ({"dub_title": "Dub"}, "missing in the video: the title of the dub's track"),
        ({"comment": None, "dub_title": None}, "missing in the video: the notice, the title of the dub's track"),
    ],
)
def test_a_video_without_one_of_its_marks_fails_a_check(change, reason):
    check = check_of("final_video_is_marked", marks=replace(MARKED, **change))
    assert (check.passed, check.severity, check.reason) == (False, "warning", reason)


def test_the_original_sound_needs_no_marks():
    job = products()
    silent = replace(job, tts=replace(job.tts, segments=()))
    assert check_of("final_video_is_marked", products=silent, marks=replace(MARKED, comment=None)).passed
