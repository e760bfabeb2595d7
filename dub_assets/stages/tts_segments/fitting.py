"""Fitting of lines to time: the speed to ask the engine for, and the place and stretch of each line.

A line never overlaps the next one, is never cut and never slowed down. A line that is too long for its slot takes, in
this order: the pause after it and a little of the one before, the engine's own speed, a stretch. If it still does not
fit, it is flagged and the next line starts late. Only if lines would run over the end of the programme do they start
early, and only as a last resort do they exceed the highest tempo. ``options.py`` has the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dub_assets.core.timing import Interval
from dub_assets.stages.issues import TimingIssue
from dub_assets.stages.tts_segments.options import MAX_SPEED_UP, ON_TIME_MS, SPEED_MARGIN, FitOptions
from dub_assets.stages.tts_segments.values import FitMethod, tempo


@dataclass(frozen=True, slots=True, kw_only=True)
class UnplacedLine:
    """Speech to be placed.

    ``segment`` is the time of the original speech, ``slot`` the time available. ``ordinary_ms`` is the length of the
    text at the language's ordinary rate, ``speed`` the speed asked of the engine, ``duration_ms`` the length of the
    speech, and ``shortened`` is True if a shorter rendering was chosen.
    """

    segment: Interval
    slot: Interval
    ordinary_ms: int
    speed: float
    duration_ms: int
    shortened: bool = False

    def shortest_ms(self, options: FitOptions) -> int:
        """Return the shortest length that this line may be stretched to."""
        return min(self.duration_ms, _shortest_ms(round(self.duration_ms * self.speed), self.ordinary_ms, options))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a line goes, how much it is stretched (a tempo factor of at least 1), and how it was made to fit."""

    placed: Interval
    stretch: float
    rung: FitMethod
    issues: tuple[TimingIssue, ...]


def speed_to_ask(
    predicted_ms: int, ordinary_ms: int, slot: Interval, *, max_speed: float, options: FitOptions
) -> float:
    """Return the engine speed, at least 1 and in steps of 0.01, for a line of ``predicted_ms`` at speed 1."""
    room_ms = slot.duration_ms + ON_TIME_MS
    if predicted_ms <= room_ms:
        return 1.0
    highest = predicted_ms / _shortest_ms(predicted_ms, ordinary_ms, options)
    return round(min(max(1.0, SPEED_MARGIN * predicted_ms / room_ms), max_speed, max(1.0, highest)), 2)


def place(lines: Sequence[UnplacedLine], *, duration_ms: int, options: FitOptions) -> list[Placement]:
    """Return the placement of each line, in order, inside ``[0, duration_ms]``."""
    forward = _placed_forward(lines, options)
    fits = _pulled_before_end(forward, duration_ms, options.pause_ms)
    if fits and fits[0][0] < 0:
        fits = _squeezed(lines, duration_ms)
    return [_placement(line, start_ms, stretch, options) for line, (start_ms, stretch) in zip(lines, fits, strict=True)]


def _shortest_ms(natural_ms: int, ordinary_ms: int, options: FitOptions) -> int:
    """Return the shortest length allowed by the highest tempo and the largest speed-up."""
    return max(1, round(max(ordinary_ms / options.max_tempo, natural_ms / MAX_SPEED_UP)))


def _placed_forward(lines: Sequence[UnplacedLine], options: FitOptions) -> list[tuple[int, float, int]]:
    """Return start, stretch and length of each line, each as early as the line before it allows."""
    fits: list[tuple[int, float, int]] = []
    free_from_ms = 0
    for line in lines:
        missing_ms = max(0, line.duration_ms - line.slot.duration_ms)
        start_ms = max(line.slot.start_ms - min(ON_TIME_MS, missing_ms), free_from_ms)
        room_ms = max(1, line.slot.end_ms - start_ms)
        stretch = max(1.0, line.duration_ms / max(room_ms, line.shortest_ms(options)))
        length_ms = _stretched_ms(line, stretch)
        fits.append((start_ms, stretch, length_ms))
        free_from_ms = start_ms + length_ms + options.pause_ms
    return fits


def _pulled_before_end(
    fits: Sequence[tuple[int, float, int]], duration_ms: int, pause_ms: int
) -> list[tuple[int, float]]:
    """Return start and stretch of each line, earlier where lines would run over the end of the programme."""
    result: list[tuple[int, float]] = []
    latest_end_ms = duration_ms
    for start_ms, stretch, length_ms in reversed(fits):
        earlier_ms = min(start_ms, latest_end_ms - length_ms)
        result.append((earlier_ms, stretch))
        latest_end_ms = earlier_ms - pause_ms
    return result[::-1]


def _squeezed(lines: Sequence[UnplacedLine], duration_ms: int) -> list[tuple[int, float]]:
    """Return start and the common stretch that fit all lines into the programme, one directly after the other."""
    stretch = max(1.0, sum(line.duration_ms + 1 for line in lines) / max(1, duration_ms - len(lines)))
    starts_ms, start_ms = [], 0
    for line in lines:
        starts_ms.append(start_ms)
        start_ms += _stretched_ms(line, stretch)
    return [(start_ms, stretch) for start_ms in starts_ms]


def _stretched_ms(line: UnplacedLine, stretch: float) -> int:
    return max(1, round(line.duration_ms / stretch))


def _placement(line: UnplacedLine, start_ms: int, stretch: float, options: FitOptions) -> Placement:
    issues: list[TimingIssue] = []
    placed = Interval(start_ms=start_ms, end_ms=start_ms + _stretched_ms(line, stretch))
    if line.speed * stretch > 1.0 and tempo(line.ordinary_ms, placed) > options.free_tempo:
        issues.append("fast_speech")
    if start_ms > line.slot.start_ms + ON_TIME_MS:
        issues.append("late_start")
    if start_ms < line.slot.start_ms - ON_TIME_MS:
        issues.append("early_start")
    if placed.end_ms > line.slot.end_ms:
        issues.append("over_slot")
    method: FitMethod = "flag" if issues else _fit_method(line, placed, stretch)
    return Placement(placed=placed, stretch=round(stretch, 4), rung=method, issues=tuple(issues))


def _fit_method(line: UnplacedLine, placed: Interval, stretch: float) -> FitMethod:
    if stretch > 1.0:
        return "stretch"
    if line.speed > 1.0:
        return "speed"
    if placed.start_ms < line.segment.start_ms or placed.end_ms > line.segment.end_ms:
        return "pause"
    return "shorter" if line.shortened else "full"
