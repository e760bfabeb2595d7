"""Time: intervals in whole milliseconds, and frames at the working rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SAMPLE_RATE_HZ = 48_000
"""Rate of sounds between stages; one millisecond is exactly 48 frames."""

FRAMES_PER_MS = SAMPLE_RATE_HZ // 1000


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Interval:
    """A half-open stretch of time ``[start_ms, end_ms)`` with ``0 <= start_ms <= end_ms``."""

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_ms <= self.end_ms:
            raise ValueError(f"not an interval: {self.start_ms} to {self.end_ms} ms")

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.end_ms - self.start_ms

    @property
    def start_frame(self) -> int:
        """First frame at 48 kHz."""
        return self.start_ms * FRAMES_PER_MS

    @property
    def end_frame(self) -> int:
        """Frame after the last one at 48 kHz."""
        return self.end_ms * FRAMES_PER_MS

    def overlap_ms(self, other: Interval) -> int:
        """Return the milliseconds that both intervals cover."""
        return max(0, min(self.end_ms, other.end_ms) - max(self.start_ms, other.start_ms))

    def widened(self, margin_ms: int, limit_ms: int) -> Interval:
        """Return the interval with a margin on both sides, inside ``[0, limit_ms]``."""
        return Interval(start_ms=max(0, self.start_ms - margin_ms), end_ms=min(limit_ms, self.end_ms + margin_ms))


def merged(intervals: Iterable[Interval], *, gap_ms: int = 0) -> list[Interval]:
    """Return sorted, disjoint intervals that cover the same time; gaps of up to ``gap_ms`` are closed."""
    result: list[Interval] = []
    for interval in sorted(intervals):
        if result and interval.start_ms - result[-1].end_ms <= gap_ms:
            last = result[-1]
            result[-1] = Interval(start_ms=last.start_ms, end_ms=max(last.end_ms, interval.end_ms))
        else:
            result.append(interval)
    return result


def covered_ms(interval: Interval, by: Sequence[Interval]) -> int:
    """Return the milliseconds of ``interval`` that the disjoint intervals ``by`` cover."""
    return sum(interval.overlap_ms(other) for other in by)


def without(interval: Interval, others: Iterable[Interval]) -> list[Interval]:
    """Return the parts of ``interval`` that none of the sorted, disjoint intervals ``others`` covers."""
    parts: list[Interval] = []
    start_ms = interval.start_ms
    for other in others:
        if other.end_ms <= start_ms or other.start_ms >= interval.end_ms:
            continue
        if other.start_ms > start_ms:
            parts.append(Interval(start_ms=start_ms, end_ms=other.start_ms))
        start_ms = other.end_ms
    if start_ms < interval.end_ms:
        parts.append(Interval(start_ms=start_ms, end_ms=interval.end_ms))
    return parts


def frames_to_ms(frames: int, rate_hz: int = SAMPLE_RATE_HZ) -> int:
    """Return frames at ``rate_hz`` in whole milliseconds, rounded down."""
    return frames * 1000 // rate_hz


def seconds(ms: int) -> float:
    """Return milliseconds in seconds, for documents and displays."""
    return round(ms / 1000, 3)


def slots(segments: Sequence[Interval], *, duration_ms: int, pause_ms: int) -> list[Interval]:
    """Return each segment's slot, which ends ``pause_ms`` before the next segment or with the programme."""
    ends = [later.start_ms - pause_ms for later in segments[1:]] + [duration_ms]
    return [
        Interval(start_ms=segment.start_ms, end_ms=max(segment.start_ms + 1, end))
        for segment, end in zip(segments, ends, strict=True)
    ]
