"""Which stretches of a speaker's own speech a voice is cloned from.

Taken is a run of neighbouring segments, the cleanest for its length, of at most 15 s. Where it is shorter than 6 s, the
next best ones join it. Under 2 s in all there is no telling a voice, and nothing is taken.

How clean a segment is counts in dB: speech over the background, up to 30; less what is left of the background in the
vocals, as far as it comes nearer than 40 dB to the speech; less 30 times the recogniser's doubt about the words. A
second more is worth 3 dB up to 6 s, and half a dB after. The numbers are chosen, not measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dub_assets.core.timing import Interval

LEAST_MS = 2_000
ENOUGH_MS = 6_000
MOST_MS = 15_000

_GAP_MS = 1_000
"""Neighbours lie no farther apart."""

_LEAST_PROBABILITY = 0.5
_LEAST_CLEARANCE_DB = 0.0
"""What is recognised worse, or is softer than the background under it, is not taken for want of better."""

_CLEAR_DB = 30.0
_UNHEARD_DB = 40.0
_DOUBT_DB = 30.0
_SECOND_DB, _FURTHER_SECOND_DB = 3.0, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSegment:
    """A segment of one speaker, with how well its vocals are heard.

    ``clearance_db`` is the level of the speech over the background under it, ``leftover_db`` the level of what is left
    of that background in the vocals, over the speech; infinite where there is no background. ``probability`` is None
    where the recogniser gives none.
    """

    index: int
    interval: Interval
    probability: float | None
    clearance_db: float
    leftover_db: float

    @property
    def usable(self) -> bool:
        """Whether it may be taken at all."""
        sure = self.probability is None or self.probability >= _LEAST_PROBABILITY
        return sure and self.clearance_db >= _LEAST_CLEARANCE_DB

    @property
    def cleanness_db(self) -> float:
        """How clean it is: the more, the better."""
        doubt = 0.0 if self.probability is None else 1.0 - self.probability
        return min(self.clearance_db, _CLEAR_DB) - max(0.0, self.leftover_db + _UNHEARD_DB) - _DOUBT_DB * doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Neighbouring segments as one stretch, and what it is worth."""

    interval: Interval
    worth: float


def reference_stretches(segments: Sequence[HeardSegment]) -> tuple[Interval, ...]:
    """Where to take a speaker's voice from: ``LEAST_MS`` to ``MOST_MS`` in all, in order; empty where there is less.

    ``segments`` are those of one speaker, in order.
    """
    runs = list(_runs([segment for segment in segments if segment.usable]))
    taken: list[Interval] = []
    room_ms = MOST_MS
    while runs and MOST_MS - room_ms < ENOUGH_MS:
        best = max(runs, key=lambda run: run.worth).interval
        taken.append(_cut(best, room_ms))
        room_ms -= taken[-1].duration_ms
        runs = [run for run in runs if not run.interval.overlap_ms(best)]
    return tuple(sorted(taken)) if MOST_MS - room_ms >= LEAST_MS else ()


def _runs(segments: Sequence[HeardSegment]) -> Iterator[_Run]:
    """Every segment by itself, and with those that follow it, up to ``MOST_MS``."""
    for first in range(len(segments)):
        for last in range(first, len(segments)):
            run = segments[first : last + 1]
            interval = Interval(start_ms=run[0].interval.start_ms, end_ms=run[-1].interval.end_ms)
            if last > first and (interval.duration_ms > MOST_MS or not _are_neighbours(run[-2], run[-1])):
                break
            yield _Run(interval=_cut(interval, MOST_MS), worth=_worth(run, min(interval.duration_ms, MOST_MS)))


def _are_neighbours(one: HeardSegment, other: HeardSegment) -> bool:
    """Whether nobody else speaks between two segments, and the pause is short."""
    return other.index == one.index + 1 and other.interval.start_ms - one.interval.end_ms <= _GAP_MS


def _worth(run: Sequence[HeardSegment], length_ms: int) -> float:
    spoken_ms = sum(segment.interval.duration_ms for segment in run)
    clean = sum(segment.cleanness_db * segment.interval.duration_ms for segment in run) / max(1, spoken_ms)
    further_ms = max(0, length_ms - ENOUGH_MS)
    return clean + (_SECOND_DB * (length_ms - further_ms) + _FURTHER_SECOND_DB * further_ms) / 1000


def _cut(interval: Interval, room_ms: int) -> Interval:
    return Interval(start_ms=interval.start_ms, end_ms=min(interval.end_ms, interval.start_ms + room_ms))
