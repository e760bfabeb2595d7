"""The checks: pure rules from what is known of a dub to what holds of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import get_args

from dub_assets.core.errors import ConfigurationError
from dub_assets.core.keys import segment_name
from dub_assets.core.timing import Interval, covered_ms, merged, seconds
from dub_assets.options import DubOptions
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.issues import ReadBackIssue
from dub_assets.stages.products import Products
from dub_assets.stages.quality.options import CheckOptions
from dub_assets.stages.quality.values import Check, CheckName, DubFigures, LineQuality, Severity

_MANY = 8
_METER_ERROR_DB = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything that the checks look at."""

    products: Products
    final: FinalVideo
    lines: tuple[LineQuality, ...]
    figures: DubFigures
    options: DubOptions

    def with_issue(self, *issues: str) -> tuple[int, ...]:
        """The segments that have one of these issues."""
        return tuple(line.index for line in self.lines if set(line.issues).intersection(issues))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    passed: bool
    reason: str
    segments: tuple[int, ...] = ()
    measured: float | None = None
    limit: float | None = None
    unit: str = ""


def checked(findings: Findings) -> tuple[Check, ...]:
    """What each check says."""
    blocking = blocking_checks(findings.options.checks)
    checks = []
    for name, (severity, rule) in _RULES.items():
        found = rule(findings)
        checks.append(
            Check(
                name=name,
                passed=found.passed,
                severity="error" if name in blocking else severity,
                blocking=name in blocking,
                reason=found.reason,
                segments=found.segments,
                measured=found.measured,
                limit=found.limit,
                unit=found.unit,
            )
        )
    return tuple(checks)


def blocking_checks(options: CheckOptions) -> frozenset[str]:
    """The checks that fail a job. Raises ConfigurationError for one that there is not."""
    names = frozenset(name.strip() for name in options.blocking.split(",") if name.strip()) - {"none"}
    known = get_args(CheckName)
    if unknown := sorted(names - set(known)):
        raise ConfigurationError(f"CHECK_BLOCKING names {unknown[0]!r}; checks are {', '.join(known)}, or none")
    return names


def unspoken(speech: Iterable[Interval], segments: Sequence[Interval]) -> list[tuple[Interval, int]]:
    """Each stretch of speech with the milliseconds of it that no segment covers."""
    covering = merged(segments)
    return [(part, part.duration_ms - covered_ms(part, covering)) for part in speech]


def is_untranslated(text: str, translated: str) -> bool:
    """Whether a line of at least three words was taken over as it was."""
    said, given = (re.findall(r"\w+", each.casefold()) for each in (text, translated))
    return len(said) >= 3 and said == given


def _names(segments: Iterable[int]) -> str:
    names = [segment_name(index) for index in segments]
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return ", ".join(names[:_MANY]) + more


def _of_lines(segments: tuple[int, ...], *, good: str, bad: str) -> _Found:
    reason = f"{bad}: {_names(segments)}" if segments else good
    return _Found(
        passed=not segments, reason=reason, segments=segments, measured=float(len(segments)), limit=0.0, unit="lines"
    )


def _dialogue_is_complete(findings: Findings) -> _Found:
    segments = [segment.interval for segment in findings.products.transcript.segments]
    limit_ms = findings.options.checks.missing_ms
    missing = [(part, ms) for part, ms in unspoken(findings.products.stems.speech, segments) if ms >= limit_ms]
    longest_s = seconds(max((ms for _, ms in missing), default=0))
    places = ", ".join(f"{seconds(part.start_ms):.1f} s" for part, _ in missing[:_MANY])
    reason = f"speech without a line at {places}" if missing else "every stretch of speech has a line"
    return _Found(passed=not missing, reason=reason, measured=longest_s, limit=seconds(limit_ms), unit="s")


def _text_is_translated(findings: Findings) -> _Found:
    same = findings.with_issue("untranslated")
    return _of_lines(same, good="no line is the original's text", bad="lines that are the original's text")


def _text_is_in_its_language(findings: Findings) -> _Found:
    foreign, wanted = findings.with_issue("wrong_language"), findings.products.translation.target_language
    found = findings.figures.text_language
    if foreign or found in {None, wanted}:
        return _of_lines(foreign, good=f"the text reads like {wanted!r}", bad="lines in the original's language")
    return _Found(passed=False, reason=f"the text reads like {found!r}, not like {wanted!r}")


def _numbers_are_kept(findings: Findings) -> _Found:
    lost = findings.with_issue("lost_numbers")
    return _of_lines(lost, good="no number of the original is missing", bad="lines that miss a number of the original")


def _lines_say_their_text(findings: Findings) -> _Found:
    wrong, unheard = findings.with_issue(*get_args(ReadBackIssue)), findings.with_issue("unheard")
    if unheard:
        others = f"; heard otherwise: {_names(wrong)}" if wrong else ""
        bad = f"the recogniser failed, nobody knows what is said in {_names(unheard)}{others}"
        return _Found(passed=False, reason=bad, segments=tuple(sorted({*unheard, *wrong})))
    if findings.figures.agreement is None and findings.products.tts.segments:
        return _Found(passed=True, reason="no line was read back: it is switched off, or no recogniser serves")
    return _of_lines(wrong, good="every line is heard as it is written", bad="lines that are heard otherwise")


def _original_speech_is_gone(findings: Findings) -> _Found:
    left, loudest = findings.with_issue("leftover_speech"), findings.figures.leftover_db
    known = "" if loudest is None else f" ({loudest:.1f} dB at most)"
    reason = (
        f"the original is still heard under lines{known}: {_names(left)}" if left else f"next to none is left{known}"
    )
    limit = findings.options.checks.leftover_db
    return _Found(passed=not left, reason=reason, segments=left, measured=loudest, limit=limit, unit="dB")


def _lines_are_audible(findings: Findings) -> _Found:
    silent = findings.with_issue("inaudible")
    return _of_lines(silent, good="every line is heard", bad="nothing is heard of lines")


def _segments_fit(findings: Findings) -> _Found:
    flagged = tuple(line.index for line in findings.products.tts.segments if line.issues)
    return _of_lines(flagged, good="every line fits its slot", bad="fast, late or early lines")


def _lines_never_overlap(findings: Findings) -> _Found:
    pairs = pairwise(findings.products.tts.segments)
    early = tuple(line.index for line, later in pairs if line.placed.end_ms > later.placed.start_ms)
    return _of_lines(early, good="no line runs into the next", bad="lines that run into the next")


def _loudness_is_on_target(findings: Findings) -> _Found:
    target, found = findings.final.gain.target_lufs, findings.final.loudness.integrated_lufs
    limit = findings.options.checks.loudness_lu
    if target is None or found is None:
        return _Found(passed=target == found, reason="the original is silent" if target is None else "silent")
    off = round(abs(found - target), 2)
    wanted = findings.options.mix.loudness
    goal = f"{target:.1f} LUFS, the original's" if wanted == "source" else f"{target:.1f} LUFS"
    reason = f"the encoded dub is at {found:.1f} LUFS; wanted {goal}"
    return _Found(passed=off <= limit, reason=reason, measured=off, limit=limit, unit="LU")


def _true_peak_is_kept(findings: Findings) -> _Found:
    limit, peak = findings.options.mix.true_peak_dbtp, findings.final.loudness.true_peak_dbtp
    reason = "the dub is silent" if peak is None else f"the encoded dub peaks at {peak:.1f} dBTP, {limit:.1f} allowed"
    passed = peak is None or peak <= limit + _METER_ERROR_DB
    return _Found(passed=passed, reason=reason, measured=peak, limit=limit, unit="dBTP")


def _sound_and_picture_agree(findings: Findings) -> _Found:
    figures, limit_ms = findings.figures, findings.options.checks.sync_ms
    off_ms = float(max(abs(figures.sound_lag_ms or 0.0), abs(figures.length_difference_ms)))
    lag = "silent" if figures.sound_lag_ms is None else f"{figures.sound_lag_ms:+.1f} ms off the picture"
    reason = f"the dub is {lag} and {figures.length_difference_ms:+d} ms longer than the programme"
    return _Found(passed=off_ms <= limit_ms, reason=reason, measured=round(off_ms, 1), limit=float(limit_ms), unit="ms")


_RULES: Mapping[CheckName, tuple[Severity, Callable[[Findings], _Found]]] = {
    "dialogue_is_complete": ("warning", _dialogue_is_complete),
    "text_is_translated": ("warning", _text_is_translated),
    "text_is_in_its_language": ("warning", _text_is_in_its_language),
    "numbers_are_kept": ("warning", _numbers_are_kept),
    "lines_say_their_text": ("warning", _lines_say_their_text),
    "lines_are_audible": ("error", _lines_are_audible),
    "segments_fit_their_slots": ("warning", _segments_fit),
    "lines_never_overlap": ("error", _lines_never_overlap),
    "original_speech_is_gone": ("warning", _original_speech_is_gone),
    "loudness_is_on_target": ("warning", _loudness_is_on_target),
    "true_peak_is_kept": ("error", _true_peak_is_kept),
    "sound_and_picture_agree": ("error", _sound_and_picture_agree),
}
"""Each check with its severity where it does not block."""
