"""Replaces packets of the first sound track of an MP4, and its first subtitle track; all else is copied.

The file is one that ffmpeg wrote (ISO/IEC 14496-12): one ``moov``, one ``mdat`` and few other boxes. New packets take
the places of old ones, so tracks stay interleaved.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.errors import NotSpliceableError

_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_LARGEST = 0xFFFFFFFF
_COPY_BYTES = 1 << 20

Numbers = NDArray[np.int64]


class SampleTable:
    """The samples of a track: places and sizes in bytes, and the box of the track."""

    def __init__(self, track: Box) -> None:
        self.track = track
        self.stbl = track.inside(b"mdia", b"minf", b"stbl")
        fixed, count = self.stbl.child(b"stsz").numbers(">II", 4)
        listed = np.frombuffer(self.stbl.child(b"stsz").content, ">u4", -1 if not fixed else 0, 12).astype(np.int64)
        self.sizes = np.full(count, fixed) if fixed else listed[:count]
        self.chunks = self.stbl.chunk_offsets()
        runs = np.frombuffer(self.stbl.child(b"stsc").content, ">u4", -1, 8).reshape(-1, 3).astype(np.int64)
        per_chunk = np.repeat(runs[:, 1], np.diff([*(runs[:, 0] - 1), len(self.chunks)]))
        if per_chunk.sum() != len(self.sizes):
            raise NotSpliceableError("its sample tables do not agree")
        starts = np.cumsum(self.sizes) - self.sizes
        first = np.minimum(np.cumsum(per_chunk) - per_chunk, max(0, len(starts) - 1))
        self.offsets = np.repeat(self.chunks, per_chunk) + starts - np.repeat(starts[first], per_chunk)


class Box:
    """A box in memory: its name, and its content as bytes or, if it is a container that is read here, as boxes."""

    def __init__(self, name: bytes, content: bytes) -> None:
        self.name = name
        self.content = content
        self.children = list(_boxes(content)) if name in _CONTAINERS else None

    def child(self, name: bytes) -> Box:
        """Return the first child of a name. Raises NotSpliceableError if there is none."""
        found = next((child for child in self.children or () if child.name == name), None)
        if found is None:
            raise NotSpliceableError(f"{self.name!r} has no {name!r}")
        return found

    def has(self, name: bytes) -> bool:
        """Return whether there is a child of a name."""
        return any(child.name == name for child in self.children or ())

    def inside(self, *path: bytes) -> Box:
        """Return a box below this one."""
        box = self
        for name in path:
            box = box.child(name)
        return box

    def numbers(self, layout: str, offset: int) -> tuple[int, ...]:
        """Return numbers of the content."""
        return struct.unpack_from(layout, self.content, offset)

    def chunk_offsets(self) -> Numbers:
        """Return the offsets of the chunks of a sample table."""
        box, dtype = (self.child(b"stco"), ">u4") if self.has(b"stco") else (self.child(b"co64"), ">u8")
        return np.frombuffer(box.content, dtype, -1, 8).astype(np.int64)

    def set_chunk_offsets(self, offsets: Numbers) -> None:
        """Replace the offsets of the chunks of a sample table."""
        box, dtype = (self.child(b"stco"), ">u4") if self.has(b"stco") else (self.child(b"co64"), ">u8")
        if dtype == ">u4" and len(offsets) and offsets.max() > _LARGEST:
            raise NotSpliceableError("it becomes larger than its offsets reach")
        box.content = struct.pack(">II", 0, len(offsets)) + offsets.astype(dtype).tobytes()

    def encoded(self) -> bytes:
        """Return the box as bytes."""
        content = self.content if self.children is None else b"".join(child.encoded() for child in self.children)
        return struct.pack(">I4s", 8 + len(content), self.name) + content


_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}


class DubbedFile:
    """A dubbed video that is open for reading."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._boxes = list(_top_level(file))
        names = [name for name, *_ in self._boxes]
        if names.count(b"moov") != 1 or names.count(b"mdat") != 1:
            raise NotSpliceableError("it has not one moov and one mdat")
        _, start, header, end = next(box for box in self._boxes if box[0] == b"moov")
        file.seek(start + header)
        self._moov = Box(b"moov", file.read(end - start - header))
        self.dub = SampleTable(self._track(b"soun"))

    def packets(self, first: int, last: int) -> list[bytes]:
        """Return the packets of the dub from ``first`` to before ``last``."""
        return self._read(self.dub, first, last)

    def write(self, target: Path, packets: Mapping[int, bytes], subtitles: Path | None) -> None:
        """Write the file with other packets of the dub, by number, and with the subtitle track of another file.

        Content credentials are left out: they are those of the old file.
        """
        changes = {int(self.dub.offsets[n]): (int(self.dub.sizes[n]), content) for n, content in packets.items()}
        self._set_sizes(packets)
        lead = b""
        if subtitles is not None:
            old = SampleTable(self._track(b"sbtl"))
            changes |= {int(at): (int(size), b"") for at, size in zip(old.offsets, old.sizes, strict=True)}
            lead = self._replace_subtitles(old, subtitles)
        _, mdat_start, mdat_header, mdat_end = next(box for box in self._boxes if box[0] == b"mdat")
        places = np.array(sorted(changes), dtype=np.int64)
        growth = np.cumsum([0, *(len(changes[int(at)][1]) - changes[int(at)][0] for at in places)])
        header = _mdat_header(mdat_end - mdat_start - mdat_header + len(lead) + int(growth[-1]), mdat_header)
        kept = [box for box in self._boxes if not self._is_credential(box)]
        sizes = [end - start for name, start, _, end in kept if start < mdat_start and name != b"moov"]
        moov_first = any(name == b"moov" and start < mdat_start for name, start, *_ in kept)
        content_at = sum(sizes) + (len(self._moov.encoded()) if moov_first else 0) + len(header)
        moved = content_at + len(lead) - (mdat_start + mdat_header)
        self._move_chunks(lambda old: old + moved + growth[np.searchsorted(places, old)], content_at if lead else None)
        with target.open("wb") as file:
            for name, start, head, end in kept:
                if name == b"moov":
                    file.write(self._moov.encoded())
                elif name == b"mdat":
                    file.write(header + lead)
                    self._write_media(file, changes, start + head, end)
                else:
                    self._copy(file, start, end)

    def _write_media(self, file: BinaryIO, changes: Mapping[int, tuple[int, bytes]], at: int, end: int) -> None:
        for place in sorted(changes):
            size, content = changes[place]
            self._copy(file, at, place)
            file.write(content)
            at = place + size
        self._copy(file, at, end)

    def _set_sizes(self, packets: Mapping[int, bytes]) -> None:
        box = self.dub.stbl.child(b"stsz")
        if box.numbers(">I", 4)[0]:
            raise NotSpliceableError("all its packets have one size")
        sizes = self.dub.sizes.copy()
        sizes[list(packets)] = [len(content) for content in packets.values()]
        box.content = box.content[:12] + sizes.astype(">u4").tobytes()

    def _replace_subtitles(self, old: SampleTable, subtitles: Path) -> bytes:
        """Give the subtitle track the samples of another file, in one chunk; return their bytes."""
        with subtitles.open("rb") as file:
            other = _FileWithTrack(file, b"sbtl")
            new, content = other.table, b"".join(other.read(0, len(other.table.sizes)))
        duration = _edit_duration(new.track) * _timescale(self._moov) // other.timescale
        new.stbl.child(b"stsc").content = struct.pack(">IIIII", 0, 1, 1, len(new.sizes), 1)
        new.stbl.set_chunk_offsets(np.zeros(1, dtype=np.int64))
        edit = struct.pack(">I4sIIQqI", 36, b"elst", 1 << 24, 1, duration, 0, 1 << 16)
        by_name = {b"mdia": new.track.child(b"mdia"), b"edts": Box(b"edts", edit)}
        old.track.children = [by_name.get(child.name, child) for child in old.track.children or ()]
        header = old.track.child(b"tkhd")
        at, layout = (28, ">Q") if header.content[0] else (20, ">I")
        if not header.content[0] and duration > _LARGEST:
            raise NotSpliceableError("its subtitles become too long")
        packed = struct.pack(layout, duration)
        header.content = header.content[:at] + packed + header.content[at + len(packed) :]
        return content

    def _move_chunks(self, moved: Callable[[Numbers], Numbers], subtitles_at: int | None) -> None:
        replaced = self._track(b"sbtl") if subtitles_at is not None else None
        for track in (box for box in self._moov.children or () if box.name == b"trak"):
            stbl = track.inside(b"mdia", b"minf", b"stbl")
            at = np.array([subtitles_at]) if track is replaced else moved(stbl.chunk_offsets())
            stbl.set_chunk_offsets(at)

    def _track(self, handler: bytes) -> Box:
        return _track(self._moov, handler)

    def _read(self, table: SampleTable, first: int, last: int) -> list[bytes]:
        return _samples(self._file, table, first, last)

    def _copy(self, target: BinaryIO, start: int, end: int) -> None:
        self._file.seek(start)
        while start < end:
            content = self._file.read(min(_COPY_BYTES, end - start))
            if not content:
                raise NotSpliceableError("it was cut short")
            start += target.write(content)

    def _is_credential(self, box: tuple[bytes, int, int, int]) -> bool:
        name, start, header, _ = box
        self._file.seek(start + header)
        return name == b"uuid" and self._file.read(len(_C2PA)) == _C2PA


class _FileWithTrack:
    """A small MP4 with one track."""

    def __init__(self, file: BinaryIO, handler: bytes) -> None:
        self._file = file
        _, start, header, end = next(box for box in _top_level(file) if box[0] == b"moov")
        file.seek(start + header)
        moov = Box(b"moov", file.read(end - start - header))
        self.timescale = _timescale(moov)
        self.table = SampleTable(_track(moov, handler))

    def read(self, first: int, last: int) -> list[bytes]:
        """Return samples."""
        return _samples(self._file, self.table, first, last)


def _track(moov: Box, handler: bytes) -> Box:
    """Return the first track with a handler."""
    for track in (box for box in moov.children or () if box.name == b"trak"):
        if track.inside(b"mdia", b"hdlr").content[8:12] == handler:
            return track
    raise NotSpliceableError(f"it has no track {handler!r}")


def _timescale(moov: Box) -> int:
    """Return the units a second in which a file counts the times of edits."""
    header = moov.child(b"mvhd")
    return header.numbers(">I", 20 if header.content[0] else 12)[0]


def _edit_duration(track: Box) -> int:
    """Return the length of a track that is shown from its beginning."""
    content = track.child(b"edts").content[8:]
    (count,) = struct.unpack_from(">I", content, 4)
    duration, media_time = struct.unpack_from(">Qq" if content[0] else ">Ii", content, 8)
    if count != 1 or media_time:
        raise NotSpliceableError("its subtitles have an edit list")
    return int(duration)


def _samples(file: BinaryIO, table: SampleTable, first: int, last: int) -> list[bytes]:
    contents = []
    for offset, size in zip(table.offsets[first:last], table.sizes[first:last], strict=True):
        file.seek(int(offset))
        contents.append(file.read(int(size)))
    return contents


def _mdat_header(size: int, length: int) -> bytes:
    if length == 8 and 8 + size > _LARGEST:
        raise NotSpliceableError("it becomes larger than its offsets reach")
    return struct.pack(">I4s", 8 + size, b"mdat") if length == 8 else struct.pack(">I4sQ", 1, b"mdat", 16 + size)


def _boxes(content: bytes) -> Iterator[Box]:
    start = 0
    while start + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, start)
        if size < 8 or start + size > len(content):
            raise NotSpliceableError(f"a box {name!r} goes beyond its end")
        yield Box(name, content[start + 8 : start + size])
        start += size


def _top_level(file: BinaryIO) -> Iterator[tuple[bytes, int, int, int]]:
    """Yield name, start, length of the header and end of every box of a file."""
    end = file.seek(0, os.SEEK_END)
    start = 0
    while start + 8 <= end:
        file.seek(start)
        size, name = struct.unpack(">I4s", file.read(8))
        header = 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            header = 16
        if size < header or start + size > end:
            raise NotSpliceableError("a box goes beyond its end")
        yield name, start, header, start + size
        start += size
