"""The length that the header of a file declares, in time, pictures or bytes, which shows whether it was cut short.

Libavformat replaces lengths in bytes by what is there. Their sources: RIFF (Microsoft, 1991), RF64 (EBU Tech 3306),
Sony Wave64, AIFF (Apple, 1989), Core Audio Format (Apple), ASF (Microsoft, 3.2), Sun's audio format.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dub_assets.adapters.ffmpeg.container import opened, picture_stream, programme_start, time_base
from dub_assets.core.containers import Length, container_of
from dub_assets.core.errors import MediaError

if TYPE_CHECKING:
    from av.container import InputContainer

_UNKNOWN = {0, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1}
"""Sizes of writers that could not go back to the header."""

_STREAMED = range(0x7FFF0000, 0x80000001)
"""Sizes that mean the same in RIFF files: the largest length of some writers, less their header."""

_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_IS_BROADCAST = 1
_MAX_CHUNKS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunks:
    """A format of chunks: where the first one begins, their header, and the name of the one with the sound.

    Chunks are padded to a multiple of ``alignment``. The size of a chunk may include its header.
    """

    first: int
    header: str
    sound: bytes
    alignment: int
    with_header: bool = False

    def end_of_sound(self, file: BinaryIO) -> int:
        """Return where the chunk with the sound should end, 0 if its size is unknown."""
        file.seek(self.first)
        large = 0
        for _ in range(_MAX_CHUNKS):
            name, size = _read(file, self.header)
            start = file.tell()
            size -= struct.calcsize(self.header) if self.with_header else 0
            if name == b"ds64":
                _, large = _read(file, "<QQ")
            elif name.startswith(self.sound):
                size = large or size
                return 0 if size in _UNKNOWN or size in _STREAMED else start + size
            file.seek(start + max(0, size) + -size % self.alignment)
        return 0


_CHUNKS: Mapping[str, _Chunks] = {
    "wav": _Chunks(first=12, header="<4sI", sound=b"data", alignment=2),
    "w64": _Chunks(first=40, header="<16sQ", sound=b"data", alignment=8, with_header=True),
    "aiff": _Chunks(first=12, header=">4sI", sound=b"SSND", alignment=2),
    "caf": _Chunks(first=8, header=">4sQ", sound=b"data", alignment=1),
}


def check_whole(container: InputContainer, path: Path, *, end: Fraction, estimated: bool) -> None:
    """Raise MediaError if the packets end, at ``end``, long before the length that the container declares.

    ``estimated``: libavformat says that it estimated the length by the bit rate.
    """
    declared = _declared_end(container, path, end=end, estimated=estimated)
    if declared - end > max(Fraction(1, 4), min(Fraction(2), declared / 20)):
        raise MediaError(
            f"{path.name} is cut short: it should last {float(declared):.1f} s, but ends after {float(end):.1f} s; "
            "copy or download it again"
        )


def _declared_end(container: InputContainer, path: Path, *, end: Fraction, estimated: bool) -> Fraction:
    """Return the end that the container declares, in seconds on its own clock; 0 if it declares none."""
    length = container_of(container.format.name).length
    picture = picture_stream(container)
    if length is Length.BYTES:
        return end * _declared_size(path, container.format.name) / path.stat().st_size
    if length is Length.FRAME_COUNT and picture is not None and picture.average_rate:
        return picture.frames / Fraction(picture.average_rate)
    has_header = length is Length.WITH_ENCODER_DELAY and bool(container.streams.audio[0].start_time)
    declares = (length is Length.STORED and not estimated) or has_header
    return Fraction(container.duration or 0, 1_000_000) if declares else Fraction(0)


def _declared_size(path: Path, demuxer: str) -> int:
    """Return the size in bytes that a file should have at least; 0 if its header declares none."""
    try:
        with path.open("rb") as file:
            if demuxer == "asf":
                return _asf(file)
            if demuxer == "au":
                _, offset, size = _read(file, ">4sII")
                return 0 if size in _UNKNOWN else offset + size
            return _CHUNKS[demuxer].end_of_sound(file)
    except (struct.error, OSError, OverflowError):  # the file ends within a header, or names an impossible size
        return 0


def _asf(file: BinaryIO) -> int:
    header = file.read(65536)
    at = header.find(_ASF_FILE_PROPERTIES)
    if at < 0:
        return 0
    (size,) = struct.unpack_from("<Q", header, at + 40)
    (flags,) = struct.unpack_from("<I", header, at + 88)
    return 0 if flags & _ASF_IS_BROADCAST or size in _UNKNOWN else size


def _read(file: BinaryIO, layout: str) -> Any:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def declared_ms(path: Path) -> int:
    """Return the length of picture and sound of an MP4 from its header, from the programme's time 0 on."""
    with opened(path) as container:
        start = programme_start(container)
        streams = [stream for stream in container.streams if stream.type in {"audio", "video"} and stream.duration]
        ends = [((stream.start_time or 0) + (stream.duration or 0)) * time_base(stream) for stream in streams]
    return math.ceil((max(ends, default=start) - start) * 1000)
