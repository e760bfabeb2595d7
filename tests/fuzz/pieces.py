"""The structure of media files: boxes, elements, packets, pages, chunks and frames, and numbers in their headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Number = tuple[int, int]
"""Offset and width in bytes of a number in a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a file that the format knows: a box, a packet and so on, with the numbers of its header and tables."""

    start: int
    end: int
    body: int
    """Where the content begins, after the header."""
    numbers: tuple[Number, ...] = ()


_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf", b"mvex", b"dinf"}
_MAX_NUMBERS = 64


def _words(start: int, end: int, width: int = 4) -> tuple[Number, ...]:
    """Return every number of a table."""
    return tuple((at, width) for at in range(start, end - width + 1, width))[:_MAX_NUMBERS]


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Piece]:
    """Yield the boxes of ISO BMFF and QuickTime."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8]
        stop = start + size if 8 <= size <= end - start else end
        yield Piece(start=start, end=stop, body=start + 8, numbers=((start, 4), *_words(start + 8, stop)))
        if kind in _CONTAINERS:
            yield from boxes(data, start + 8, stop)
        start = stop


_MASTERS = {0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0xE0, 0xE1, 0x1F43B675, 0xA0, 0x1C53BB6B, 0xBB, 0xB7}


def elements(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Piece]:
    """Yield the elements of Matroska."""
    end = len(data) if end is None else end
    while start < end and data[start]:
        id_width = 9 - data[start].bit_length()
        size_at = start + id_width
        if size_at >= end or not data[size_at]:
            return
        width = 9 - data[size_at].bit_length()
        size = int.from_bytes(data[size_at : size_at + width], "big") & ((1 << 7 * width) - 1)
        body = size_at + width
        stop = min(end, body + size)
        numbers = ((size_at, width), *([(body, stop - body)] if 0 < stop - body <= 8 else _words(body, body + 8, 1)))
        yield Piece(start=start, end=stop, body=body, numbers=numbers)
        if int.from_bytes(data[start:size_at], "big") in _MASTERS:
            yield from elements(data, body, stop)
        start = stop


def _chunks(data: bytes, start: int, end: int, order: str, align: int = 2) -> Iterator[Piece]:
    while start + 8 <= end:
        size = int.from_bytes(data[start + 4 : start + 8], order)  # type: ignore[arg-type]
        stop = min(end, start + 8 + size + size % align)
        yield Piece(start=start, end=stop, body=start + 8, numbers=((start + 4, 4), *_words(start + 8, stop)[:24]))
        if data[start : start + 4] in {b"RIFF", b"LIST", b"FORM"}:
            yield from _chunks(data, start + 12, stop, order, align)
        start = stop


def riff(data: bytes) -> Iterator[Piece]:
    """Yield the chunks of AVI and WAV."""
    return _chunks(data, 0, len(data), "little")


def iff(data: bytes) -> Iterator[Piece]:
    """Yield the chunks of AIFF."""
    return _chunks(data, 0, len(data), "big")


def transport_packets(data: bytes) -> Iterator[Piece]:
    """Yield the packets of an MPEG transport stream; their numbers are those of headers, tables and timestamps."""
    for start in range(0, len(data) - 187, 188):
        yield Piece(start=start, end=start + 188, body=start + 4, numbers=_words(start, start + 24, 1))


def _between(pattern: bytes, header: int, width: int = 1) -> Callable[[bytes], Iterator[Piece]]:
    """Return a splitter of a format whose parts each begin with a pattern."""

    def split(data: bytes) -> Iterator[Piece]:
        starts = [found.start() for found in re.finditer(pattern, data, re.DOTALL)]
        for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
            body = min(end, start + header)
            yield Piece(start=start, end=end, body=body, numbers=_words(start, body, width))

    return split


def flv_tags(data: bytes) -> Iterator[Piece]:
    """Yield the tags of FLV."""
    start = 13
    while start + 11 <= len(data):
        size = int.from_bytes(data[start + 1 : start + 4], "big")
        end = min(len(data), start + 15 + size)
        numbers = ((start + 1, 3), (start + 4, 3), (start + 7, 1), (start, 1), (start + 11, 1), (start + 12, 4))
        yield Piece(start=start, end=end, body=start + 11, numbers=numbers)
        start = end


STRUCTURES: dict[str, Callable[[bytes], Iterator[Piece]]] = {
    ".mp4": boxes,
    ".mov": boxes,
    ".m4a": boxes,
    ".mkv": elements,
    ".webm": elements,
    ".ts": transport_packets,
    ".mpg": _between(rb"\x00\x00\x01[\xb9-\xff]", 24),
    ".avi": riff,
    ".wav": riff,
    ".w64": _between(rb"....\xf3\xac\xd3\x11", 24, 8),
    ".aiff": iff,
    ".caf": _between(rb"(?:caff|desc|pakt|kuki|data|chan|info)", 32, 4),
    ".flv": flv_tags,
    ".wmv": _between(rb"(?:\x30\x26\xb2\x75\x8e\x66\xcf\x11|....\xb7\xa9\xcf\x11|\x82\x00\x00)", 32, 2),
    ".mxf": _between(rb"\x06\x0e\x2b\x34", 32),
    ".ogv": _between(b"OggS", 27),
    ".ogg": _between(b"OggS", 27),
    ".mp3": _between(rb"\xff[\xfa\xfb]", 8),
    ".aac": _between(rb"\xff[\xf0-\xf9]", 7),
    ".flac": _between(rb"\xff[\xf8\xf9]", 16),
}
"""By suffix: how a file is split into pieces."""
