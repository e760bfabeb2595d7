"""Picture cuts: exactly the frames that are shown within an interval of the programme."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dub_assets.adapters.ffmpeg.container import opened, packets, picture_stream, programme_start, time_base
from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg, file_url, media_input
from dub_assets.adapters.ffmpeg.straight_copy import straight_copy
from dub_assets.core.containers import MP4, container_of
from dub_assets.core.errors import MediaError
from dub_assets.core.files import atomic_file
from dub_assets.core.media import Picture, PictureCut

if TYPE_CHECKING:
    from av import Packet, VideoStream
    from av.container import InputContainer

H264 = {
    "vcodec": "libx264",
    "preset": "veryfast",
    "crf": 18,
    "pix_fmt": "yuv420p",
    "fps_mode": "passthrough",
    "enc_time_base": "1:120000",  # a multiple of milliseconds and of every usual frame rate
}
"""Options of encoded pictures: every frame at its own time."""

_EXACT_S = 5e-6
"""Tolerance of times: less than half a tick of usual time bases (90 kHz), more than the rounding of a double."""

_LIMIT_S = 600
"""Limit of time to decode and encode a clip, and one more second for each second of the programme before it."""

_STEPS_BACK_S = (0, 4, 32)
"""Distances before a cut at which a key picture is looked for, before the file is read from its start."""


def cut_picture(ffmpeg: Ffmpeg, cut: PictureCut, target: Path) -> None:
    """Write the picture of an interval as MP4, turned upright; see ``ports.MediaTool``.

    An interval that is shorter than a frame, or after the last one, has the one frame that is shown then.
    """
    if cut.clock_jumps or cut.late_streams is not None:
        cut = replace(cut, source=straight_copy(cut.source, cut.late_streams))
    frames = _frames_within(cut)
    options: dict[str, object] = {"itsoffset": f"{-float(frames.first):.6f}"}
    if frames.seek is not None:
        at_s = math.ceil(frames.seek * 1_000_000) / 1_000_000
        options |= {"seek_timestamp": 1, "noaccurate_seek": None, "ss": f"{at_s:.6f}"}
    length_s = float(frames.last - frames.first)
    graph = (
        media_input(cut.source, **options)[selector(cut.picture)]
        .filter("trim", end=f"{length_s + 1:.6f}")  # decoding stops here
        .filter("select", f"between(t,{-_EXACT_S:.6f},{length_s + _EXACT_S:.6f})")
        .filter("setpts", "if(N,PTS,0)")  # the first frame may be held
    )
    with atomic_file(target) as partial:
        ffmpeg.run(
            encodable(graph, cut.picture).output(
                file_url(partial), format=MP4.muxer, **MP4.options, map_metadata=-1, map_chapters=-1, **H264
            ),
            doing=f"cut the picture of {cut.source.name}",
            limit_s=_LIMIT_S + cut.interval.end_ms // 1000,
        )


def selector(picture: Picture | None) -> str:
    """Return how ffmpeg selects the picture of an input."""
    return "V:0" if picture is None or picture.index is None else f"v:{picture.index}"


def encodable(stream: Any, picture: Picture | None) -> Any:
    """Deinterlace a picture if it is interlaced, and scale it to even width and height, which 4:2:0 needs."""
    if picture is not None and picture.field_order:
        stream = stream.filter("bwdif", mode="send_frame", deint="interlaced")
    return stream.filter("scale", "max(2,trunc(iw/2)*2)", "max(2,trunc(ih/2)*2)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frames:
    """Times of a cut on the file's clock.

    ``first`` is that of the first frame, or when it begins to be held; ``seek`` is None to read from the start.
    """

    first: Fraction
    last: Fraction
    seek: Fraction | None


def _frames_within(cut: PictureCut) -> _Frames:
    import av

    path, interval = cut.source, cut.interval
    index = cut.picture.index if cut.picture is not None else None
    with opened(path) as container:
        stream = _picture_of(container, index)
        start = programme_start(container, index)
        held = Fraction(max(0, cut.held_ms - interval.start_ms), 1000)
        begin, end = (start + Fraction(max(0, ms - cut.held_ms), 1000) for ms in (interval.start_ms, interval.end_ms))
        for step_s in _STEPS_BACK_S:
            if begin - step_s <= start:
                break
            try:
                container.seek(math.floor((begin - step_s) / time_base(stream)), stream=stream)
            except av.FFmpegError:  # past the end, in a container without an index
                break
            frames = _frames_from_here(container, stream, start, begin, end)
            if frames is not None:
                return frames
    with opened(path) as container:
        frames = _frames_from_here(container, _picture_of(container, index), start, begin, end)
    if frames is None:
        raise MediaError(f"{path.name} has no picture at {interval.start_ms} ms: give another file")
    return replace(frames, first=frames.first - held, seek=None)


def _picture_of(container: InputContainer, index: int | None) -> VideoStream:
    stream = picture_stream(container, index)
    if stream is None:
        raise MediaError("there is no picture to cut: do not ask for clips of a file with sound only")
    return stream


def _frames_from_here(
    container: InputContainer, stream: VideoStream, start: Fraction, begin: Fraction, end: Fraction
) -> _Frames | None:
    """Read from the current position to ``end``; None if there is no key picture at or before ``begin``."""
    tick = time_base(stream)
    shown: list[Fraction] = []
    key: Packet[VideoStream] | None = None
    for packet in packets(container, stream):
        if packet.pts is None:
            continue
        if packet.dts is not None and packet.dts * tick > end:
            break
        time = packet.pts * tick
        if packet.is_keyframe and time <= begin:
            key, shown = packet, []
        if not packet.is_discard:
            shown.append(time)
    if key is None or key.pts is None:
        return None
    within = [time for time in shown if begin <= time < end]
    within = within or [max(time for time in shown if time <= begin)]
    indexed = container_of(container.format.name).seeks_to_key_pictures
    # In other containers ffmpeg seeks by decoding times and starts at the next key picture: seek a second earlier.
    seek = key.pts * tick if indexed or key.dts is None else key.dts * tick - 1
    return _Frames(first=min(within), last=max(within), seek=seek if seek > start else None)
