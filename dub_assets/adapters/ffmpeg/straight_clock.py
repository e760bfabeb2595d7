"""A file's clock without its jumps: joined recordings, restarted encoders and counters that wrap reset it midway."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av import Packet

_BACK_S = 1
"""Times go back by less where pictures are reordered: decoding times may be derived."""

_AHEAD_S = 10
"""Longest gap that a broadcast is believed to have; what jumps further is another recording."""

_AHEAD_IN = frozenset({"mpegts", "mpeg", "flv"})
"""Containers whose clock may jump ahead. In others, a gap is meant."""


_NEAR_S = 2
"""A known offset is taken again if it leads this near to where the stream, or the programme, goes on."""


@dataclass(slots=True)
class _StreamClock:
    """A stream's last time on the file's clock, and what is added to it, in seconds."""

    last: Fraction
    offset: Fraction


class StraightClock:
    """Moves the times of packets so that those after a jump go on where those before it end.

    After a jump all streams move by the same time, so sound and picture stay together. Each stream jumps on its own,
    since its packets may be interleaved with those of others before and after the jump. A stream whose clock jumps back
    to where it was, as after a damaged packet, gets its former offset.
    """

    def __init__(self, format_name: str) -> None:
        self._jumps_ahead = format_name in _AHEAD_IN
        self._streams: dict[int, _StreamClock] = {}
        self._offsets = [Fraction(0)]
        self._end: Fraction | None = None
        self._offset = Fraction(0)  # of the last packet
        self.jumps_s: list[Fraction] = []
        """Where the clock jumps, in seconds on the straight clock."""

    def move(self, packet: Packet[Any], index: int) -> None:
        """Change the times of the next packet, in stored order, of the sound or picture stream with an index."""
        tick = packet.time_base
        time = packet.dts if packet.dts is not None else packet.pts
        if time is None or not tick:
            return
        now = time * tick
        clock = self._streams.setdefault(index, _StreamClock(now, self._offsets[-1]))
        step = now - clock.last
        if step < -_BACK_S or (self._jumps_ahead and step > _AHEAD_S):
            clock.offset = self._offset_after_jump(clock, now)
        clock.last = now
        end = now + clock.offset + (packet.duration or 0) * tick
        self._end = end if self._end is None else max(self._end, end)
        self._offset = clock.offset
        self.follow(packet)

    def follow(self, packet: Packet[Any]) -> None:
        """Move the times of the next packet, in stored order, as those of the last sound or picture."""
        ticks = round(self._offset / packet.time_base) if packet.time_base else 0
        if ticks:
            packet.pts = None if packet.pts is None else packet.pts + ticks
            packet.dts = None if packet.dts is None else packet.dts + ticks

    def _offset_after_jump(self, clock: _StreamClock, now: Fraction) -> Fraction:
        """Return a known offset with which the stream, or else the programme, goes on; otherwise a new one."""
        programme_end = self._end or Fraction(0)
        others = [offset for offset in self._offsets if offset != clock.offset]
        # A step ahead to where the programme is, is a sparse stream's.
        usable = self._offsets if now > clock.last else others
        for goes_on, offsets in ((clock.last + clock.offset, others), (programme_end, usable)):
            near = [offset for offset in offsets if abs(now + offset - goes_on) <= _NEAR_S]
            if near:
                return min(near, key=lambda offset: abs(now + offset - goes_on))
        self.jumps_s.append(programme_end)
        self._offsets.append(programme_end - now)
        return self._offsets[-1]
