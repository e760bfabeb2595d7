"""Probing of media files with PyAV: their streams, length and completeness."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dub_assets.adapters.ffmpeg.container import ShownPictures, opened, picture_stream, sound_start, time_base
from dub_assets.core.containers import Length, container_of
from dub_assets.core.errors import MediaError
from dub_assets.core.limits import MediaLimits
from dub_assets.core.media import MediaInfo, Picture, SoundTrack

if TYPE_CHECKING:
    from av import AudioStream, Packet, VideoStream
    from av.container import InputContainer
    from av.stream import Stream

MAX_CHANNELS = 8
"""Limit of FLAC."""


def probe(path: Path, limits: MediaLimits) -> MediaInfo:
    """Return the content of a media file. Reads all packets and decodes the first picture.

    Raises MediaError if the file does not exist, is no media file, has no sound or length, is cut short or too large.
    """
    with opened(path) as container:
        size_bytes = path.stat().st_size
        limits.check_size(size_bytes, path.name)
        limits.check_duration((container.duration or 0) / 1e6, path.name)
        stream = picture_stream(container)
        if stream is not None:
            limits.check_picture(stream.codec_context.width, stream.codec_context.height, path.name)
        tracks = _tracks(container, path.name)
        scan = _Scan(container)
        scan.check_whole(path.name)
        duration = scan.end - scan.start
        if duration <= 0:
            raise MediaError(f"{path.name} has no length: give a file with at least one frame")
        limits.check_duration(float(duration), path.name)
        return MediaInfo(
            container=container.format.name,
            size_bytes=size_bytes,
            duration_ms=math.ceil(duration * 1000),
            picture=scan.picture(),
            tracks=tracks,
            track=next((track for track in tracks if track.default), tracks[0]),
        )


def _tracks(container: InputContainer, name: str) -> tuple[SoundTrack, ...]:
    import av.stream

    # A track without a decoder has no codec context: it is skipped, but counted.
    known = [(index, stream) for index, stream in enumerate(container.streams.audio) if _is_decodable(stream)]
    if not known:
        raise MediaError(f"{name} has no sound track that can be decoded: there is nothing to dub")
    tracks = tuple(
        SoundTrack(
            index=index,
            codec=stream.codec_context.codec.canonical_name,
            channels=stream.codec_context.channels,
            rate_hz=stream.codec_context.sample_rate,
            language=stream.language if stream.language != "und" else None,
            default=bool(stream.disposition & av.stream.Disposition.default),
        )
        for index, stream in known
    )
    if not all(1 <= track.channels <= MAX_CHANNELS for track in tracks):
        raise MediaError(f"{name} has a sound track of more than {MAX_CHANNELS} channels: mix it down first")
    return tracks


def _is_decodable(stream: AudioStream) -> bool:
    context: Any = stream.codec_context
    return context is not None and bool(context.sample_rate)


class _Scan:
    """One pass over all packets of a file: the ends of its streams and the times of its pictures."""

    def __init__(self, container: InputContainer) -> None:
        self._container = container
        self._picture = picture_stream(container)
        self._shown = ShownPictures(self._picture) if self._picture is not None else None
        self._rotation: int | None = None
        self._ends: dict[int, int] = {}  # by stream, in its time base
        for packet in container.demux():
            self._add(packet)

    def _add(self, packet: Packet[Any]) -> None:
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None:
            return
        index = packet.stream_index
        self._ends[index] = max(self._ends.get(index, 0), time + (packet.duration or 0))
        if self._shown is not None and packet.stream is self._picture:
            self._shown.add(packet)
            if self._rotation is None:
                self._rotation = _rotation_deg(packet)

    @property
    def start(self) -> Fraction:
        """Time 0 of the programme on the file's clock, in seconds."""
        if self._shown is not None:
            return self._shown.start
        return min(sound_start(stream) for stream in self._container.streams.audio)

    @property
    def end(self) -> Fraction:
        """End of the longest of picture and sound tracks on the file's clock, in seconds."""
        programme: list[Stream] = [*self._container.streams.audio]
        if self._picture is not None:
            programme.append(self._picture)
        return self._end_of(programme)

    def _end_of(self, streams: Iterable[Stream]) -> Fraction:
        return max(self._ends.get(stream.index, 0) * time_base(stream) for stream in streams)

    def check_whole(self, name: str) -> None:
        """Raise MediaError if the packets end long before the length that the container declares."""
        declared = _declared_end(self._container)
        actual = self._end_of(self._container.streams)
        if declared - actual > max(Fraction(1, 4), min(Fraction(2), declared / 20)):
            raise MediaError(
                f"{name} is cut short: it should last {float(declared):.1f} s, but ends after {float(actual):.1f} s; "
                "copy or download it again"
            )

    def picture(self) -> Picture | None:
        """The picture, or None."""
        if self._picture is None or self._shown is None:
            return None
        context = self._picture.codec_context
        return Picture(
            codec=context.codec.canonical_name,
            width=context.width,
            height=context.height,
            frame_rate=_frame_rate(self._picture, self._shown),
            variable_frame_rate=_varies(self._shown),
            rotation_deg=self._rotation or 0,
        )


def _declared_end(container: InputContainer) -> Fraction:
    """Return the end that the container declares, in seconds on its own clock; 0 if it declares none."""
    length = container_of(container.format.name).length
    picture = picture_stream(container)
    if length is Length.FRAME_COUNT and picture is not None and picture.average_rate:
        return picture.frames / Fraction(picture.average_rate)
    has_header = length is Length.WITH_ENCODER_DELAY and bool(container.streams.audio[0].start_time)
    declares = length is Length.STORED or has_header
    return Fraction(container.duration or 0, 1_000_000) if declares else Fraction(0)


def _rotation_deg(packet: Packet[Any]) -> int | None:
    """Return how far a player turns the picture clockwise, in degrees; None if the packet gives no picture yet."""
    import av

    try:
        frames = packet.decode()
    except av.error.InvalidDataError:
        return None
    return next((-frame.rotation % 360 for frame in frames), None)


def _frame_rate(stream: VideoStream, shown: ShownPictures) -> Fraction:
    if stream.average_rate:
        return Fraction(stream.average_rate)
    span = (max(shown.pts) - min(shown.pts)) * shown.time_base
    return (len(shown.pts) - 1) / span if span else Fraction(25)


def _varies(shown: ShownPictures) -> bool:
    """Return whether more than one interval, and over 1 %, differs from the median by over a fifth and over 2 ms."""
    intervals = np.diff(np.sort(np.array(shown.pts, dtype=np.float64))) * float(shown.time_base)
    if not len(intervals):
        return False
    median = float(np.median(intervals))
    off = np.count_nonzero(np.abs(intervals - median) > max(median / 5, 0.002))
    return bool(off > max(1, len(intervals) / 100))
