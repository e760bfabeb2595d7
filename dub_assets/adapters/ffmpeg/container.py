"""An open media file: its packets, its picture stream and the time 0 of its programme."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dub_assets.adapters.ffmpeg.ffmpeg import LATE_STREAMS, WHOLE_FILE, file_url
from dub_assets.adapters.ffmpeg.ffmpeg_features import DEMUXERS
from dub_assets.adapters.ffmpeg.straight_clock import StraightClock
from dub_assets.core.errors import MediaError
from dub_assets.core.media import LateStreams

if TYPE_CHECKING:
    from av import AudioStream, Packet, VideoStream
    from av.container import InputContainer
    from av.stream import Stream

_REORDERED = 32
"""Codecs reorder pictures by less than this many packets."""


_READ_ON = {"fpsprobesize": "1000000000"}
"""Option that reads on where all streams that were found so far are known."""


class UnseenStreamsError(Exception):
    """The file has streams that were not found when it was opened; the scan catches it and reads the file again."""


@contextmanager
def opened(path: Path, late: LateStreams | None = None) -> Iterator[InputContainer]:
    """Open a media file for reading. Raises MediaError if it is none, or turns out to be damaged while it is read.

    If there are late streams, the whole file is read to find them.
    """
    import av

    if not path.exists():
        raise MediaError(f"there is no file {path}: check the path")
    if not path.is_file():
        raise MediaError(f"{path} is not a file: give a video or sound file")
    if path.stat().st_size == 0:
        raise MediaError(f"{path} is empty: give a video or sound file")
    # AVI has no presentation times: libavformat derives them.
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file", "fflags": "+genpts", **LATE_STREAMS}
    options |= WHOLE_FILE | _READ_ON if late is not None else {}
    try:
        container = av.open(file_url(path), options=options, metadata_errors="replace")
    except PermissionError as error:
        raise MediaError(f"{path} may not be read: change its permissions") from error
    except (av.FFmpegError, ValueError) as error:
        raise _unreadable(path, error) from error
    with container:
        try:
            yield container
        except av.FFmpegError as error:
            raise MediaError(f"{path.name} is damaged ({error.strerror}): give a whole file") from error


def _unreadable(path: Path, error: Exception) -> MediaError:
    """Return the error of a file that cannot be opened; libavformat's log names a format that is not accepted."""
    _, demuxer, reason = getattr(error, "log", None) or (0, "", "")
    if reason.startswith("Format not on whitelist"):
        return MediaError(
            f"{path.name} is not a media file that can be dubbed: the format {demuxer} is not accepted; "
            "convert it to MP4, for example"
        )
    return MediaError(f"{path.name} is not a media file that can be read, or was cut short: give a video or sound file")


def packets(
    container: InputContainer, *streams: Stream, clock: StraightClock | None = None, late: LateStreams | None = None
) -> Iterator[Packet[Any]]:
    """Yield the packets of the given streams, or of all, in stored order, and one empty packet a stream at the end.

    Their times are on the straight clock, see ``StraightClock``. Packets of streams that continue a given one belong
    to it; the last packet before such a change is left out, since libavformat returns it at the end of the file.
    Raises UnseenStreamsError at the end if the file has streams that were not found when it was opened.
    """
    clock = clock or StraightClock(container.format.name)
    wanted = {stream.index for stream in streams or container.streams}
    positions: dict[int, int] = {}
    try:
        for packet in container.demux():
            index = first_index(packet.stream.index, late)
            if late is not None and late.continued and packet.size and packet.pos is not None:
                if packet.pos < positions.get(index, 0):
                    continue
                positions[index] = packet.pos
            if packet.stream.type in {"audio", "video"}:  # a jump is found from all of them
                clock.move(packet, index)
            elif packet.stream.type == "subtitle":
                clock.follow(packet)
            if index in wanted:
                yield packet
    except IndexError as error:  # PyAV flushes streams that it has no object for
        if late is None:
            raise UnseenStreamsError("streams appear midway: read the file with late_streams") from error


def first_index(index: int, late: LateStreams | None) -> int:
    """Return the index of the stream that a stream continues, or its own."""
    continued = late.continued if late is not None else ()
    return next((first for first, part in continued if part == index), index)


def picture_stream(container: InputContainer, index: int | None = None) -> VideoStream | None:
    """Return a video stream by its index among all video streams (``v:1`` in ffmpeg), or None.

    Without an index, return the first that is not cover art (``V:0``), or None.
    """
    import av.stream

    if index is not None:
        return container.streams.video[index]
    art = av.stream.Disposition.attached_pic
    return next((stream for stream in container.streams.video if not stream.disposition & art), None)


def programme_start(
    container: InputContainer, picture_index: int | None = None, held_ms: int = 0, late: LateStreams | None = None
) -> Fraction:
    """Return the time 0 of the programme on the file's own clock, in seconds; reads the first packets.

    It is ``held_ms`` before the presentation time of the first picture, or that of the first audible sound if there is
    no picture.
    """
    picture = picture_stream(container, picture_index)
    if picture is None:
        return min(sound_start(stream) for stream in container.streams.audio)
    shown = ShownPictures(picture)
    for packet in packets(container, picture, late=late):
        shown.add(packet)
        if len(shown.pts) > _REORDERED:
            break
    return shown.start - Fraction(held_ms, 1000)


def sound_start(stream: AudioStream) -> Fraction:
    """Return the time of the first sound after the encoder's delay, in seconds on the file's own clock."""
    return (stream.start_time or 0) * time_base(stream)


def time_base(stream: Stream) -> Fraction:
    """Return the unit of a stream's timestamps, in seconds."""
    return stream.time_base or Fraction(1)


class ShownPictures:
    """Collects the presentation times of the pictures that a player shows, from packets in stored order.

    Pictures that an edit list hides are left out, and those before the first key picture, which cannot be decoded.
    """

    def __init__(self, stream: VideoStream) -> None:
        self.pts: list[int] = []
        self.time_base = time_base(stream)
        self._key: int | None = None

    def add(self, packet: Packet[Any]) -> None:
        """Add the next packet."""
        if packet.pts is None:
            return
        if self._key is None and packet.is_keyframe:
            self._key = packet.pts
        if self._key is not None and packet.pts >= self._key and not packet.is_discard:
            self.pts.append(packet.pts)

    @property
    def start(self) -> Fraction:
        """Time of the first picture in seconds. Raises MediaError if there is none."""
        if not self.pts:
            raise MediaError("the picture has no frame that can be shown: give another file")
        return min(self.pts) * self.time_base
