"""The checks of a dub. A check is one function here, with its name, its asset, its severity and what it requires.

A check is evaluated as soon as its asset is made. It may look at this asset and those before it, at what is measured of
them, and at nothing else.

Adding a check: add its name to ``CheckName``, write the function, and run ``make schemas``. Dagster's asset checks, the
report, the metadata document and its schema take it from here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

from dub_assets.core.errors import ConfigurationError
from dub_assets.core.keys import segment_name
from dub_assets.core.marking import Marks
from dub_assets.core.timing import seconds
from dub_assets.options import DubOptions
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.issues import ReadBackIssue
from dub_assets.stages.products import Products
from dub_assets.stages.quality.options import CheckOptions
from dub_assets.stages.quality.values import Check, DubFigures, LineQuality, Severity

CheckName = Literal[
    "source_is_intact",
    "subtitle_files_are_valid",
    "dialogue_is_complete",
    "text_is_translated",
    "text_is_in_its_language",
    "numbers_are_kept",
    "lines_say_their_text",
    "lines_are_audible",
    "segments_fit_their_slots",
    "lines_never_overlap",
    "original_speech_is_gone",
    "loudness_is_on_target",
    "true_peak_is_kept",
    "sound_and_picture_agree",
    "final_video_is_marked",
]
"""Names as they are stored, sent and configured, in the order of the stages that they are about."""

CheckedAsset = Literal["transcript", "translation", "tts_segments", "segment_mixes", "final_video"]
"""Assets that checks are about, in the order of the graph."""

_MAX_NAMED = 8
"""Number of segments that a reason names."""

_METER_ERROR_DB = 0.1
"""Tolerance of the true-peak meter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInputs:
    """Everything that a check may look at; ``final`` is None, and ``marks`` are empty, before the video is made."""

    products: Products
    final: FinalVideo | None
    lines: tuple[LineQuality, ...]
    figures: DubFigures
    marks: Marks
    options: DubOptions

    @property
    def video(self) -> FinalVideo:
        """The final video. Raises ValueError before it is made."""
        if self.final is None:
            raise ValueError("a check reads the final video and is about an asset before it")
        return self.final

    def with_issue(self, *issues: str) -> tuple[int, ...]:
        """Return the indexes of the segments that have one of these issues."""
        return tuple(line.index for line in self.lines if set(line.issues).intersection(issues))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a rule: the fields of ``Check`` that it decides."""

    passed: bool
    reason: str
    segments: tuple[int, ...] = ()
    measured: float | None = None
    limit: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRule:
    """A check of an asset.

    ``requirement`` says what must hold, ``severity`` is that of a failure that does not block.
    """

    name: CheckName
    asset: CheckedAsset
    severity: Severity
    requirement: str
    rule: Callable[[CheckInputs], Outcome]


CHECKS: dict[CheckName, CheckRule] = {}
"""Every check by its name, in the order of ``CheckName``."""


def _check(
    name: CheckName, asset: CheckedAsset, severity: Severity, requirement: str
) -> Callable[[Callable[[CheckInputs], Outcome]], Callable[[CheckInputs], Outcome]]:
    """Register the decorated function as the rule of a check."""

    def register(rule: Callable[[CheckInputs], Outcome]) -> Callable[[CheckInputs], Outcome]:
        CHECKS[name] = CheckRule(name=name, asset=asset, severity=severity, requirement=requirement, rule=rule)
        return rule

    return register


def run_checks(inputs: CheckInputs, assets: Collection[str] = get_args(CheckedAsset)) -> tuple[Check, ...]:
    """Return the result of every check of these assets.

    Raises ConfigurationError if the options name an unknown check.
    """
    blocking = blocking_checks(inputs.options.checks)
    return tuple(
        _result(check, check.rule(inputs), blocking=check.name in blocking)
        for check in CHECKS.values()
        if check.asset in assets
    )


def blocking_checks(options: CheckOptions) -> frozenset[str]:
    """Return the names of the checks that fail a job. Raises ConfigurationError for an unknown name."""
    names = frozenset(name.strip() for name in options.blocking.split(",") if name.strip()) - {"none"}
    if unknown := sorted(names - set(CHECKS)):
        raise ConfigurationError(f"CHECK_BLOCKING names {unknown[0]!r}; checks are {', '.join(CHECKS)}, or none")
    return names


def checks_markdown() -> str:
    """Return the table of checks in ``docs/metadata.md``."""
    rows = [
        f"| `{check.name}` | `{check.asset}` | {check.requirement} | {check.severity} |" for check in CHECKS.values()
    ]
    return "\n".join(["| check | asset | requires | severity of a failure |", "| --- | --- | --- | --- |", *rows])


def _result(check: CheckRule, outcome: Outcome, *, blocking: bool) -> Check:
    return Check(
        name=check.name,
        passed=outcome.passed,
        severity="error" if blocking else check.severity,
        blocking=blocking,
        reason=outcome.reason,
        segments=outcome.segments,
        measured=outcome.measured,
        limit=outcome.limit,
        unit=outcome.unit,
    )


def _names(segments: Iterable[int]) -> str:
    names = [segment_name(index) for index in segments]
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(names[:_MAX_NAMED]) + more


def _no_lines(segments: tuple[int, ...], *, passed: str, failed: str) -> Outcome:
    """Return the outcome of a check that allows no line of a kind."""
    reason = f"{failed}: {_names(segments)}" if segments else passed
    return Outcome(
        passed=not segments, reason=reason, segments=segments, measured=float(len(segments)), limit=0.0, unit="lines"
    )


@_check("source_is_intact", "transcript", "warning", "Nothing about the source, its streams and its clock is odd.")
def _source_is_intact(inputs: CheckInputs) -> Outcome:
    findings = inputs.products.stems.findings
    return Outcome(passed=not findings, reason="; ".join(findings) or "nothing is odd about the source")


@_check("subtitle_files_are_valid", "transcript", "warning", "The subtitles that the job brings have nothing odd.")
def _subtitle_files_are_valid(inputs: CheckInputs) -> Outcome:
    findings = inputs.products.transcript.findings
    return Outcome(passed=not findings, reason="; ".join(findings) or "nothing odd, or no subtitles were given")


@_check("dialogue_is_complete", "transcript", "warning", "Every stretch of speech in the original has a line.")
def _dialogue_is_complete(inputs: CheckInputs) -> Outcome:
    limit_ms = inputs.options.checks.missing_ms
    undubbed = inputs.products.undubbed()
    missing = [stretch for stretch in undubbed if stretch.duration_ms >= limit_ms]
    longest_s = seconds(max((stretch.duration_ms for stretch in undubbed), default=0))
    places = ", ".join(f"{seconds(stretch.start_ms):.1f} s" for stretch in missing[:_MAX_NAMED])
    more = f" and {len(missing) - _MAX_NAMED} more places" if len(missing) > _MAX_NAMED else ""
    failed = f"speech without a line, where the original is kept, at {places}{more}"
    reason = failed if missing else "every stretch of speech has a line"
    return Outcome(passed=not missing, reason=reason, measured=longest_s, limit=seconds(limit_ms), unit="s")


@_check("text_is_translated", "translation", "warning", "No line of three words or more has the text of the original.")
def _text_is_translated(inputs: CheckInputs) -> Outcome:
    untranslated = inputs.with_issue("untranslated")
    return _no_lines(
        untranslated, passed="no line has the original's text", failed="lines that have the original's text"
    )


@_check("text_is_in_its_language", "translation", "warning", "The translated text reads like the target language.")
def _text_is_in_its_language(inputs: CheckInputs) -> Outcome:
    foreign, target = inputs.with_issue("wrong_language"), inputs.products.translation.target_language
    identified = inputs.figures.text_language
    if foreign or identified in {None, target}:
        return _no_lines(
            foreign, passed=f"the text reads like {target!r}", failed="lines that read like the original's language"
        )
    return Outcome(passed=False, reason=f"the text reads like {identified!r}, not like {target!r}")


@_check("numbers_are_kept", "translation", "warning", "Every number of the original is in the translation.")
def _numbers_are_kept(inputs: CheckInputs) -> Outcome:
    lost = inputs.with_issue("lost_numbers")
    return _no_lines(
        lost, passed="no number of the original is missing", failed="lines that miss a number of the original"
    )


@_check("lines_say_their_text", "tts_segments", "warning", "The recogniser hears every line as it is written.")
def _lines_say_their_text(inputs: CheckInputs) -> Outcome:
    different, unheard = inputs.with_issue(*get_args(ReadBackIssue)), inputs.with_issue("unheard")
    if unheard:
        others = f"; sounds different from its text: {_names(different)}" if different else ""
        reason = f"the recogniser failed while reading back {_names(unheard)}{others}"
        return Outcome(passed=False, reason=reason, segments=tuple(sorted({*unheard, *different})))
    if inputs.figures.agreement is None and inputs.products.tts.segments:
        return Outcome(passed=True, reason="no line was read back: CHECK_SPEECH is off, or no recogniser is available")
    return _no_lines(
        different, passed="every line sounds like its text", failed="lines that sound different from their text"
    )


@_check("lines_are_audible", "tts_segments", "error", "Every line has audible speech.")
def _lines_are_audible(inputs: CheckInputs) -> Outcome:
    silent = inputs.with_issue("inaudible")
    return _no_lines(silent, passed="every line has audible speech", failed="lines without audible speech")


@_check("segments_fit_their_slots", "tts_segments", "warning", "Every line keeps to its slot and to the free tempo.")
def _segments_fit_their_slots(inputs: CheckInputs) -> Outcome:
    flagged = tuple(line.index for line in inputs.products.tts.segments if line.issues)
    return _no_lines(flagged, passed="every line fits its slot", failed="fast, late or early lines")


@_check("lines_never_overlap", "tts_segments", "error", "Every line ends before the next one starts.")
def _lines_never_overlap(inputs: CheckInputs) -> Outcome:
    pairs = pairwise(inputs.products.tts.segments)
    overlapping = tuple(line.index for line, later in pairs if line.placed.end_ms > later.placed.start_ms)
    return _no_lines(overlapping, passed="no line overlaps the next", failed="lines that overlap the next")


@_check("original_speech_is_gone", "segment_mixes", "warning", "The original speech is not heard in the background.")
def _original_speech_is_gone(inputs: CheckInputs) -> Outcome:
    audible, loudest = inputs.with_issue("leftover_speech"), inputs.figures.leftover_db
    level = "" if loudest is None else f" ({loudest:.1f} dB at most)"
    failed = f"the original is still heard under lines{level}: {_names(audible)}"
    reason = failed if audible else f"almost no original speech is left{level}"
    limit = inputs.options.checks.leftover_db
    return Outcome(passed=not audible, reason=reason, segments=audible, measured=loudest, limit=limit, unit="dB")


@_check("loudness_is_on_target", "final_video", "warning", "The loudness of the encoded dub is on target.")
def _loudness_is_on_target(inputs: CheckInputs) -> Outcome:
    target, loudness = inputs.video.gain.target_lufs, inputs.video.loudness.integrated_lufs
    limit = inputs.options.checks.loudness_lu
    if target is None or loudness is None:
        reason = "the original is silent" if target is None else "the dub is silent"
        return Outcome(passed=target == loudness, reason=reason)
    difference = round(abs(loudness - target), 2)
    origin = ", the original's" if inputs.options.mix.loudness == "source" else ""
    reason = f"the encoded dub is at {loudness:.1f} LUFS; the target is {target:.1f} LUFS{origin}"
    return Outcome(passed=difference <= limit, reason=reason, measured=difference, limit=limit, unit="LU")


@_check("true_peak_is_kept", "final_video", "error", "The true peak of the encoded dub is at most the limit.")
def _true_peak_is_kept(inputs: CheckInputs) -> Outcome:
    limit, peak = inputs.options.mix.true_peak_dbtp, inputs.video.loudness.true_peak_dbtp
    reason = "the dub is silent" if peak is None else f"the encoded dub peaks at {peak:.1f} dBTP, {limit:.1f} allowed"
    passed = peak is None or peak <= limit + _METER_ERROR_DB
    return Outcome(passed=passed, reason=reason, measured=peak, limit=limit, unit="dBTP")


@_check(
    "sound_and_picture_agree",
    "final_video",
    "error",
    "The sound is in sync with the picture, and as long as the programme.",
)
def _sound_and_picture_agree(inputs: CheckInputs) -> Outcome:
    figures, limit_ms = inputs.figures, inputs.options.checks.sync_ms
    longer_ms = figures.length_difference_ms or 0
    off_ms = float(max(abs(figures.sound_lag_ms or 0.0), abs(longer_ms)))
    lag = "silent" if figures.sound_lag_ms is None else f"{figures.sound_lag_ms:+.1f} ms off the picture"
    reason = f"the dub is {lag} and {longer_ms:+d} ms longer than the programme"
    return Outcome(
        passed=off_ms <= limit_ms, reason=reason, measured=round(off_ms, 1), limit=float(limit_ms), unit="ms"
    )


@_check(
    "final_video_is_marked",
    "final_video",
    "warning",
    "The video says that its speech is synthetic, to people and programs.",
)
def _final_video_is_marked(inputs: CheckInputs) -> Outcome:
    notice = inputs.products.notice()
    if notice is None:
        return Outcome(passed=True, reason="the dub has no synthetic speech")
    missing = inputs.marks.missing(notice)
    reason = f"missing in the video: {', '.join(missing)}" if missing else "the video is marked as synthetic"
    return Outcome(passed=not missing, reason=reason)
