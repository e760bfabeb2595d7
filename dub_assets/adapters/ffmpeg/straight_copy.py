"""A copy of a file whose clock jumps, for the ffmpeg program: the same packets on the straight clock."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dub_assets.adapters.ffmpeg.contained import ProcessLimits, contained
from dub_assets.adapters.ffmpeg.container import first_index, opened, packets
from dub_assets.adapters.ffmpeg.ffmpeg import file_url
from dub_assets.adapters.ffmpeg.late_streams import BROADCAST
from dub_assets.core.errors import MediaError
from dub_assets.core.media import LateStreams

if TYPE_CHECKING:
    from av import Packet
    from av.container import InputContainer, OutputContainer
    from av.stream import Stream

_DELAY_S = 1
"""How far decoding times are before presentation times, at least. Muxers require it; Matroska does not store it."""


def straight_copy(source: Path, late: LateStreams | None = None) -> Path:
    """Return a copy of a media file without jumps of its clock, made once a process and deleted when it ends.

    Streams that continue another one are joined to it.
    """
    status = source.stat()
    folder = _copied(source.absolute(), late, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))
    return folder.path / source.name


class _Folder:
    """A temporary folder that is deleted with its object, or when the process ends."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="dub-assets-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@lru_cache(maxsize=1)
def _copied(source: Path, late: LateStreams | None, _identity: tuple[int, ...]) -> _Folder:
    folder = _Folder()
    contained(source, ProcessLimits.of_reading(source), write_copy, source, folder.path / source.name, late)
    return folder


def write_copy(source: Path, target: Path, late: LateStreams | None = None) -> None:
    """Write the copy; see ``straight_copy``, which calls this in a child process."""
    with opened(source, late) as container:
        streams = [stream for stream in _programme(container) if first_index(stream.index, late) == stream.index]
        with _muxer(target, container, streams) as (copy, kept):
            delay_s = 0 if copy.format.name == "mpegts" else _DELAY_S
            last: dict[int, int] = {}
            for packet in packets(container, *streams, late=late):
                time = packet.dts if packet.dts is not None else packet.pts
                index = first_index(packet.stream.index, late)
                same_codec = packet.stream.codec_context.name == container.streams[index].codec_context.name
                if time is None or not packet.size or not same_codec:
                    continue
                last[index] = max(last.get(index, time - 1_000_000_000) + 1, time - round(delay_s / packet.time_base))
                # a damaged time may lie before the decoding time, which muxers refuse
                packet.dts, packet.pts = last[index], max(last[index], packet.pts if packet.pts is not None else time)
                packet.stream = kept[index]
                _mux(copy, packet)


def _mux(copy: OutputContainer, packet: Packet[Any]) -> None:
    """Write a packet; one that the muxer calls damaged is left out."""
    import av

    with suppress(av.error.InvalidDataError):
        copy.mux(packet)


@contextmanager
def _muxer(
    target: Path, source: InputContainer, streams: Sequence[Stream]
) -> Iterator[tuple[OutputContainer, dict[int, Stream]]]:
    """Open a copy in a container that can hold the streams of a source; yield it, and its streams by their indexes.

    Raises MediaError if there is none.
    """
    import av

    for muxer in ("mpegts",) if source.format.name in BROADCAST else ("matroska", "asf", "mov"):
        with av.open(file_url(target), "w", format=muxer) as copy:
            try:
                kept = {stream.index: copy.add_stream_from_template(stream, opaque=True) for stream in streams}
                copy.start_encoding()
            except (ValueError, av.FFmpegError):
                continue
            yield copy, kept
            return
    raise MediaError(f"{target.name} has a clock that jumps, and codecs that cannot be copied: convert it first")


def _programme(container: InputContainer) -> list[Stream]:
    """Return the streams to copy: sounds, pictures, and subtitles if the copy has the container of the source."""
    kinds = {"audio", "video"} | ({"subtitle"} if container.format.name.startswith("matroska") else set())
    return [stream for stream in container.streams if stream.type in kinds and stream.codec_context is not None]
