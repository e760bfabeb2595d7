"""The boxes of MP4 files, and a flag in them that ffmpeg cannot clear."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_ENABLED = 0x000001


def switch_off_subtitles(path: Path) -> None:
    """Clear the flag ``track_enabled`` (ISO/IEC 14496-12, 8.3.2) of every subtitle track of an MP4, in place.

    ffmpeg enables the first subtitle track whatever its disposition; players then show it unrequested.
    """
    with path.open("r+b") as file:
        end = path.stat().st_size
        for moov in boxes(file, 0, end, b"moov"):
            for track in boxes(file, *moov, b"trak"):
                if _handler(file, track) == b"sbtl":
                    _disable(file, track)


def _handler(file: BinaryIO, track: tuple[int, int]) -> bytes:
    for mdia in boxes(file, *track, b"mdia"):
        for start, _ in boxes(file, *mdia, b"hdlr"):
            file.seek(start + 8)
            return file.read(4)
    return b""


def _disable(file: BinaryIO, track: tuple[int, int]) -> None:
    for start, _ in boxes(file, *track, b"tkhd"):
        file.seek(start)
        version_and_flags = int.from_bytes(file.read(4), "big")
        file.seek(start)
        file.write((version_and_flags & ~_ENABLED).to_bytes(4, "big"))


def boxes(file: BinaryIO, start: int, end: int, wanted: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of the content of every box of a kind between two offsets."""
    while start + 8 <= end:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        content = start + 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            content += 8
        if size < content - start:
            return
        if kind == wanted:
            yield content, start + size
        start += size
