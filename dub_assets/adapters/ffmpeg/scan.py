"""One pass over all packets of a media file: the ends of its streams, and which pictures and sounds it really has."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from dub_assets.adapters.ffmpeg.container import (
    ShownPictures,
    UnseenStreamsError,
    first_index,
    packets,
    sound_start,
    time_base,
)
from dub_assets.adapters.ffmpeg.late_streams import StreamOrder, needed
from dub_assets.adapters.ffmpeg.places import Places
from dub_assets.adapters.ffmpeg.samples import PictureSamples, SoundSample, TextSample
from dub_assets.adapters.ffmpeg.straight_clock import StraightClock
from dub_assets.core.containers import MP4
from dub_assets.core.errors import MediaError
from dub_assets.core.media import LateStreams, Picture

if TYPE_CHECKING:
    from av import AudioStream, Packet, VideoStream
    from av.container import InputContainer
    from av.stream import Stream


_MAX_RATE_HZ = 10_000_000
"""Higher sample rates come from damaged headers."""

GOES_ON_S = 2
"""Tracks of one programme end within this time of each other."""

_MAX_AT_ONE_TIME = 4
"""Pictures for each of their times, on average, above which the times are lost. Fields share one in pairs."""

_MAX_COVER_PIXELS = 100_000_000
"""Cover art is decoded, to see that it is intact, up to this size: 300 MB of memory."""


class Scan:
    """What the packets of a file say. Raises MediaError while it reads if the file is encrypted."""

    def __init__(
        self, container: InputContainer, name: str, *, max_pixels: int, late: LateStreams | None = None
    ) -> None:
        import av

        self._container = container
        self._name = name
        self._max_pixels = max_pixels
        self._late = late
        self._clock = StraightClock(container.format.name)
        self._order = StreamOrder(container)
        self._starts: dict[int, int] = {}  # by stream, in its time base
        self._ends: dict[int, int] = {}
        self.end_position = 0
        """Where the last packet ends, in bytes of the file."""
        duration_s = (container.duration or 0) / 1e6
        videos = [stream for stream in container.streams.video if _has_decoder(stream) and self._is_first(stream)]
        self._shown = {stream.index: ShownPictures(stream) for stream in videos}
        self._samples = {
            stream.index: PictureSamples(stream, duration_s) for stream in videos if self._is_decoded(stream)
        }
        self._sounds = {stream.index: SoundSample() for _, stream in self.sounds if is_decodable(stream)}
        self.texts = [TextSample(codec_of(stream)) for stream in container.streams.subtitles]
        """The subtitle tracks, in their order."""
        self._texts = {stream.index: text for stream, text in zip(container.streams.subtitles, self.texts, strict=True)}
        self._part_starts: dict[int, Fraction] = {}  # of streams that continue others, in seconds
        self.error: Exception | None = None
        """The error at which the packets end, None at the end of the file."""
        unseen = late is not None
        try:
            for packet in packets(container, clock=self._clock, late=late):
                self._add(packet)
        except UnseenStreamsError:
            unseen = True
        except av.FFmpegError as error:
            self.error = error
        self.late_streams = needed(self._order, unseen=unseen)
        """How the file has to be read: scan it again if this is not how it was read."""

    def _is_first(self, stream: Stream) -> bool:
        """Return whether a stream continues no other one."""
        return first_index(stream.index, self._late) == stream.index

    @property
    def sounds(self) -> list[tuple[int, AudioStream]]:
        """The sound streams that continue no other one, with their indexes among all sound streams."""
        return [
            (number, stream) for number, stream in enumerate(self._container.streams.audio) if self._is_first(stream)
        ]

    def _is_decoded(self, stream: VideoStream) -> bool:
        """Return whether a picture is small enough to be decoded."""
        import av.stream

        context = stream.codec_context
        is_art = stream.disposition & av.stream.Disposition.attached_pic
        return context.width * context.height <= (_MAX_COVER_PIXELS if is_art else self._max_pixels)

    def _add(self, packet: Packet[Any]) -> None:
        if packet.has_sidedata("encryption_info"):
            raise MediaError(f"{self._name} is encrypted: give a file without copy protection")
        # the index of the packet itself is 0 for the empty one at the end
        index = first_index(packet.stream.index, self._late)
        if packet.size:
            self._order.add(packet.stream.index)
            self.end_position = max(self.end_position, (packet.pos or 0) + packet.size)
        if index in self._samples:
            self._samples[index].add(packet)
        elif index in self._sounds:
            self._sounds[index].add(packet)
        elif index in self._texts:
            self._texts[index].add(packet)
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None:
            return
        if index != packet.stream.index:
            self._part_starts.setdefault(packet.stream.index, time * time_base(packet.stream))
        self._starts[index] = min(self._starts.get(index, time), time)
        self._ends[index] = max(self._ends.get(index, 0), time + (packet.duration or 0))
        if index in self._shown:
            self._shown[index].add(packet)

    @property
    def pictures(self) -> list[VideoStream]:
        """The video streams that show something, the programme's first.

        Default streams precede the others. A stream with one frame beside one with more is cover art, flagged or not.
        """
        import av.stream

        flags = av.stream.Disposition
        shown = [
            stream
            for stream in self._container.streams.video
            if stream.index in self._shown and self._shown[stream.index].pts
        ]
        moving = [stream for stream in shown if len(self._shown[stream.index].pts) > 1]
        candidates = [stream for stream in moving or shown if not stream.disposition & flags.attached_pic]
        return sorted(candidates, key=lambda stream: not stream.disposition & flags.default)

    def covers(self, picture: VideoStream | None) -> tuple[int, ...]:
        """Return the indexes, among the video streams, of those that are cover art."""
        return tuple(
            number
            for number, stream in enumerate(self._container.streams.video)
            if stream is not picture and stream.index in self._shown and self._is_cover(stream)
        )

    def _is_cover(self, stream: VideoStream) -> bool:
        import av.stream

        flags = av.stream.Disposition
        flagged = stream.disposition & flags.attached_pic and not stream.disposition & flags.timed_thumbnails
        return bool(flagged) or len(self._shown[stream.index].pts) == 1

    def is_intact(self, stream: VideoStream) -> bool:
        """Return whether anything of a video stream could be decoded."""
        return stream.index in self._samples and self._samples[stream.index].decoded

    def has_sound(self, stream: AudioStream) -> bool:
        """Return whether a sound track has packets that can be decoded."""
        return stream.index in self._sounds and self._sounds[stream.index].decoded

    def clock_findings(self, start: Fraction) -> list[str]:
        """Return a finding if the clock jumps; ``start`` is the time 0 of the programme."""
        jumps = Places()
        for jump_s in self._clock.jumps_s:
            jumps.add(float(jump_s - start), 0)
        return [f"the clock of the file jumps {jumps}: what follows is joined to what is before"] if jumps else []

    def stream_findings(self, start: Fraction) -> list[str]:
        """Return a finding if streams continue others; ``start`` is the time 0 of the programme."""
        changes = Places()
        for time in sorted(self._part_starts.values()):
            changes.add(float(time - start), 0)
        return [f"the streams of the file change {changes}: those that follow continue them"] if changes else []

    def start(self, picture: VideoStream | None) -> Fraction:
        """Return the time 0 of the programme on the file's clock, in seconds."""
        if picture is not None:
            return self._shown[picture.index].start
        return min((sound_start(stream) for _, stream in self.sounds), default=Fraction(0))

    def end(self, streams: Iterable[Stream]) -> Fraction:
        """Return the end of the longest of some streams on the file's clock, in seconds."""
        return max((self._ends.get(stream.index, 0) * time_base(stream) for stream in streams), default=Fraction(0))

    def span(self, stream: Stream) -> tuple[Fraction, Fraction]:
        """Return start and end of a stream's packets on the file's clock, in seconds."""
        tick = time_base(stream)
        return self._starts.get(stream.index, 0) * tick, self._ends.get(stream.index, 0) * tick

    def picture(self, stream: VideoStream) -> Picture:
        """Return the content of a video stream. Raises MediaError if it cannot be decoded, or has lost its times."""
        samples, shown, context = self._samples.get(stream.index), self._shown[stream.index], stream.codec_context
        if samples is not None and not samples.decoded:
            raise MediaError(
                f"{self._name} has a picture ({context.codec.canonical_name}) that cannot be decoded: convert it first"
            )
        times = len(set(shown.pts))
        if len(shown.pts) > _MAX_AT_ONE_TIME * times:
            raise MediaError(
                f"{self._name} is damaged: the {len(shown.pts)} frames of its picture share {times} presentation "
                f"time{'s' if times > 1 else ''}; copy or download it again"
            )
        return Picture(
            codec=context.codec.canonical_name,
            width=context.width,
            height=context.height,
            frame_rate=_frame_rate(stream, shown),
            variable_frame_rate=_varies(shown),
            rotation_deg=samples.rotation_deg if samples else 0,
            index=self._container.streams.video.index(stream),
            field_order=samples.field_order if samples else "",
        )

    def picture_findings(self, stream: VideoStream, start: Fraction) -> list[str]:
        """Return what is odd about the programme's picture; ``start`` is the time 0 of the programme."""
        return [*self._picture_findings(stream, start), *self._later_pictures(stream, start)]

    def _later_pictures(self, picture: VideoStream, start: Fraction) -> list[str]:
        """Return findings about pictures that go on where the programme's has ended."""
        findings, picture_end = [], self.span(picture)[1]
        for stream in self.pictures:
            first, last = self.span(stream)
            if stream is not picture and last > picture_end + GOES_ON_S:
                findings.append(
                    f"a picture ({codec_of(stream)}) from {float(first - start):.1f} to {float(last - start):.1f} s is "
                    f"not kept, but the one before it ({codec_of(picture)}) ends at {float(picture_end - start):.1f} s"
                )
        return findings

    def _picture_findings(self, stream: VideoStream, start: Fraction) -> list[str]:
        samples, codec = self._samples.get(stream.index), codec_of(stream)
        if samples is None:
            return []
        deinterlaced = samples.field_order and not MP4.can_carry(codec)
        interlaced = (
            f"the picture is interlaced ({samples.field_order}); it is deinterlaced, since MP4 cannot hold {codec}"
        )
        return [*samples.findings(start), *([interlaced] if deinterlaced else [])]


def is_decodable(stream: AudioStream) -> bool:
    """Return whether there is a decoder for a sound track, and its sample rate is possible."""
    return _has_decoder(stream) and 0 < stream.codec_context.sample_rate <= _MAX_RATE_HZ


def codec_of(stream: Stream) -> str:
    """Return ffmpeg's name of a stream's codec, or "unknown"."""
    return str(stream.codec_context.codec.canonical_name) if _has_decoder(stream) else "unknown"


def _has_decoder(stream: Stream) -> bool:
    context: Any = stream.codec_context
    return context is not None


def _frame_rate(stream: VideoStream, shown: ShownPictures) -> Fraction:
    if stream.average_rate:
        return Fraction(stream.average_rate)
    span = (max(shown.pts) - min(shown.pts)) * shown.time_base
    return (len(shown.pts) - 1) / span if span else Fraction(25)


def _varies(shown: ShownPictures) -> bool:
    """Return whether more than one interval, and over 1 %, differs from the median by over a fifth and over 2 ms."""
    times = sorted(shown.pts)
    intervals = [later - earlier for earlier, later in pairwise(times)]
    if not intervals:
        return False
    middle = median(intervals)
    tolerance = max(middle / 5, 0.002 / float(shown.time_base))
    off = sum(abs(interval - middle) > tolerance for interval in intervals)
    return off > max(1, len(intervals) / 100)
