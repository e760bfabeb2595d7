"""Streams that appear midway: which of them continue another one, as where a broadcast changes its stream ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dub_assets.core.media import LateStreams

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream

BROADCAST = frozenset({"mpegts", "mpeg"})
"""Containers without a list of all streams. Their time stamps have one unit."""

_CHANGES = 0.1
"""Packets of parallel streams are interleaved: a stream that takes turns less often per packet continues the other."""


class StreamOrder:
    """Counts how often the packets of two streams of one kind alternate."""

    def __init__(self, container: InputContainer) -> None:
        self._sounds = container.streams.audio
        self._streams: list[Stream] = [*container.streams.video, *container.streams.audio]
        self._kinds = {stream.index: stream.type for stream in self._streams}
        self._continues = container.format.name in BROADCAST
        self._packets: dict[int, int] = {}
        self._last: dict[int, int] = {}  # number of the last packet of a stream
        self._turns: dict[tuple[int, int], int] = {}
        self._number = 0

    def add(self, index: int) -> None:
        """Add the next packet, of the stream with an index among all streams."""
        kind = self._kinds.get(index)
        if not self._continues or kind is None:
            return
        self._number += 1
        before = self._last.get(index, 0)
        for other, number in self._last.items():
            if other != index and number > before and self._kinds[other] == kind:
                pair = min(index, other), max(index, other)
                self._turns[pair] = self._turns.get(pair, 0) + 1
        self._last[index] = self._number
        self._packets[index] = self._packets.get(index, 0) + 1

    def missing_parameters(self) -> bool:
        """Return whether a sound stream was found too late to know its sample rate."""
        return any(
            stream.codec_context is not None and not stream.codec_context.sample_rate
            for stream in self._sounds
            if self._packets.get(stream.index)
        )

    def continued(self) -> tuple[tuple[int, int], ...]:
        """Return pairs of streams, by their indexes among all streams: the second one continues the first."""
        chains: list[list[Stream]] = []
        for stream in self._streams:
            if not self._packets.get(stream.index):
                continue
            fitting = [chain for chain in chains if all(self._alternates_rarely(stream, part) for part in chain)]
            if fitting:
                min(fitting, key=lambda chain: chain[0].language != stream.language).append(stream)
            else:
                chains.append([stream])
        return tuple((first.index, part.index) for first, *parts in chains for part in parts)

    def _alternates_rarely(self, stream: Stream, other: Stream) -> bool:
        if stream.type != other.type or (stream.type == "video" and _codec(stream) != _codec(other)):
            return False
        pair = min(stream.index, other.index), max(stream.index, other.index)
        packets = min(self._packets[stream.index], self._packets[other.index])
        return packets > 1 and self._turns.get(pair, 0) <= max(2, _CHANGES * packets)


def _codec(stream: Stream) -> str | None:
    return stream.codec_context.name if stream.codec_context is not None else None


def needed(order: StreamOrder, *, unseen: bool) -> LateStreams | None:
    """Return how a file has to be read, None if its streams do not change; ``unseen``: some were not found."""
    continued = order.continued()
    return LateStreams(continued=continued) if continued or unseen or order.missing_parameters() else None
