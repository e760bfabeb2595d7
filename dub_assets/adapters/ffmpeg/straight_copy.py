"""A copy of a file whose clock jumps, for the ffmpeg program: the same packets on the straight clock."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dub_assets.adapters.ffmpeg.contained import ProcessLimits, contained
from dub_assets.adapters.ffmpeg.container import opened, packets
from dub_assets.adapters.ffmpeg.ffmpeg import file_url

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream

_BROADCAST = frozenset({"mpegts", "mpeg"})

_DELAY_S = 1
"""How far decoding times are before presentation times, at least. Muxers require it; Matroska does not store it."""


def straight_copy(source: Path) -> Path:
    """Return a copy of a media file without jumps of its clock, made once a process and deleted when it ends."""
    status = source.stat()
    folder = _copied(source.absolute(), (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))
    return folder.path / source.name


class _Folder:
    """A temporary folder that is deleted with its object, or when the process ends."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="dub-assets-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@lru_cache(maxsize=1)
def _copied(source: Path, _identity: tuple[int, ...]) -> _Folder:
    folder = _Folder()
    contained(source, ProcessLimits.of_reading(source), write_copy, source, folder.path / source.name)
    return folder


def write_copy(source: Path, target: Path) -> None:
    """Write the copy; see ``straight_copy``, which calls this in a child process."""
    import av

    with opened(source) as container:
        broadcast = container.format.name in _BROADCAST
        delay_s = 0 if broadcast else _DELAY_S
        with av.open(file_url(target), "w", format="mpegts" if broadcast else "matroska") as copy:
            streams = _programme(container)
            kept = {stream.index: copy.add_stream_from_template(stream, opaque=True) for stream in streams}
            last: dict[int, int] = {}
            for packet in packets(container, *streams):
                time, index = packet.dts if packet.dts is not None else packet.pts, packet.stream.index
                if time is None or not packet.size:
                    continue
                last[index] = max(last.get(index, time - 1_000_000_000) + 1, time - round(delay_s / packet.time_base))
                # a damaged time may lie before the decoding time, which muxers refuse
                packet.dts, packet.pts = last[index], max(last[index], packet.pts if packet.pts is not None else time)
                packet.stream = kept[index]
                copy.mux(packet)


def _programme(container: InputContainer) -> list[Stream]:
    return [
        stream for stream in container.streams if stream.type in {"audio", "video"} and stream.codec_context is not None
    ]
