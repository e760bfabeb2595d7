"""Fitting speech to time: slots, the speed to ask an engine for, and where each line goes.

A line never overlaps the next, is never cut and never slowed down. What does not fit climbs a ladder: the pause after
it and a little of the one before, the engine's own speed, a stretch; what still does not fit is flagged, and the next
line starts late. Only where the end of the programme is in the way do lines start early, and as the last resort go over
the highest tempo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dub_assets.core.timing import Interval
from dub_assets.stages.tts_segments.options import FitOptions
from dub_assets.stages.tts_segments.values import FitMethod, TimingIssue, tempo

ON_TIME_MS = 40
"""Deviation of a line's start that nobody sees on the lips (EBU R 37: sound 40 ms early is acceptable)."""

_MAX_FACTOR = 1.6
"""The most that a voice is hurried over its own natural speed, however slow that is: beyond, it is hard to follow."""

_RESERVE = 1.02
"""Speed asked for over what the prediction says, since a line that comes out longer than predicted is stretched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Speech to be placed.

    ``segment`` is where the original speaks, ``slot`` the time there is; ``ordinary_ms`` is the length of the text at
    the language's ordinary rate; ``speed`` is what it was spoken at, ``duration_ms`` how long it came out, and
    ``shortened`` whether a shorter rendering was taken.
    """

    segment: Interval
    slot: Interval
    ordinary_ms: int
    speed: float
    duration_ms: int
    shortened: bool = False

    def shortest_ms(self, options: FitOptions) -> int:
        """The shortest that this line may become."""
        return min(self.duration_ms, _shortest_ms(round(self.duration_ms * self.speed), self.ordinary_ms, options))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a line goes, how much it is stretched (a tempo factor of at least 1), and how it came to fit."""

    placed: Interval
    stretch: float
    rung: FitMethod
    issues: tuple[TimingIssue, ...]


def speed_to_ask(
    predicted_ms: int, ordinary_ms: int, slot: Interval, *, max_speed: float, options: FitOptions
) -> float:
    """The engine speed for a line expected to last ``predicted_ms`` at speed 1: never below 1, in steps of 0.01."""
    room = slot.duration_ms + ON_TIME_MS
    if predicted_ms <= room:
        return 1.0
    most = predicted_ms / _shortest_ms(predicted_ms, ordinary_ms, options)
    return round(min(max(1.0, _RESERVE * predicted_ms / room), max_speed, max(1.0, most)), 2)


def place(lines: Sequence[Line], *, duration_ms: int, options: FitOptions) -> list[Placement]:
    """A placement for each line, in order, inside ``[0, duration_ms]``."""
    forward = _placed_forward(lines, options)
    fitting = _pulled_before_end(forward, duration_ms, options.pause_ms)
    if fitting and fitting[0][0] < 0:
        fitting = _squeezed(lines, duration_ms)
    return [_placement(line, start, stretch, options) for line, (start, stretch) in zip(lines, fitting, strict=True)]


def _shortest_ms(natural_ms: int, ordinary_ms: int, options: FitOptions) -> int:
    """The shortest that a line of a natural length may become, under the highest tempo and not hurried too much."""
    return max(1, round(max(ordinary_ms / options.max_tempo, natural_ms / _MAX_FACTOR)))


def _placed_forward(lines: Sequence[Line], options: FitOptions) -> list[tuple[int, float, int]]:
    """(start, stretch, length) of each line, as early as the one before it allows."""
    placed: list[tuple[int, float, int]] = []
    free_from = 0
    for line in lines:
        missing = max(0, line.duration_ms - line.slot.duration_ms)
        start = max(line.slot.start_ms - min(ON_TIME_MS, missing), free_from)
        room = max(1, line.slot.end_ms - start)
        stretch = max(1.0, line.duration_ms / max(room, line.shortest_ms(options)))
        length = _stretched_ms(line, stretch)
        placed.append((start, stretch, length))
        free_from = start + length + options.pause_ms
    return placed


def _pulled_before_end(
    placed: Sequence[tuple[int, float, int]], duration_ms: int, pause_ms: int
) -> list[tuple[int, float]]:
    """The same lines, started earlier where they would run over the end of the programme."""
    result: list[tuple[int, float]] = []
    latest_end = duration_ms
    for start, stretch, length in reversed(placed):
        start = min(start, latest_end - length)  # noqa: PLW2901 - the line moves
        result.append((start, stretch))
        latest_end = start - pause_ms
    return result[::-1]


def _squeezed(lines: Sequence[Line], duration_ms: int) -> list[tuple[int, float]]:
    """All lines one after the other, at the one stretch that makes them fit the programme."""
    stretch = max(1.0, sum(line.duration_ms + 1 for line in lines) / max(1, duration_ms - len(lines)))
    starts, start = [], 0
    for line in lines:
        starts.append(start)
        start += _stretched_ms(line, stretch)
    return [(start, stretch) for start in starts]


def _stretched_ms(line: Line, stretch: float) -> int:
    return max(1, round(line.duration_ms / stretch))


def _placement(line: Line, start_ms: int, stretch: float, options: FitOptions) -> Placement:
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
    rung: FitMethod = "flag" if issues else _rung(line, placed, stretch)
    return Placement(placed=placed, stretch=round(stretch, 4), rung=rung, issues=tuple(issues))


def _rung(line: Line, placed: Interval, stretch: float) -> FitMethod:
    if stretch > 1.0:
        return "stretch"
    if line.speed > 1.0:
        return "speed"
    if placed.start_ms < line.segment.start_ms or placed.end_ms > line.segment.end_ms:
        return "pause"
    return "shorter" if line.shortened else "full"
