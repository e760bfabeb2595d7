"""Samples of the streams of a file, decoded while it is scanned."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from dub_assets.adapters.ffmpeg.container import time_base

if TYPE_CHECKING:
    from av import AudioStream, Packet, VideoFrame, VideoStream

_PIXELS = 400_000_000
"""Pixels that are decoded of a stream: 200 pictures of 1920 x 1080, about 2 s of CPU time."""

MAX_TEXT_BYTES = 32_000
"""Longest line of subtitles that is kept. MP4 holds 65,535 bytes, styles included."""

_MAX_NAMED = 5

_FIELD_ORDERS = {2: "top field first", 3: "bottom field first", 4: "top field first", 5: "bottom field first"}
"""By libavcodec's ``AVFieldOrder``, as ffmpeg writes it and Apple's programs do: 4 (``TB``) is top field first."""


class PictureSamples:
    """Key pictures of a video stream, at regular times: rotation, interlacing, and changes of size."""

    def __init__(self, stream: VideoStream, duration_s: float) -> None:
        context = stream.codec_context
        context.thread_count = 1  # without threads, a frame comes out as soon as it is complete
        self._tick = time_base(stream)
        self._field_order = int(context.field_order)
        self._step_s = duration_s * context.width * context.height / _PIXELS
        self._next_s = float("-inf")
        self._sizes: list[tuple[Fraction, int, int]] = []
        self._interlaced = False
        self.decoded = False
        """Whether any picture could be decoded."""
        self.rotation_deg = 0
        """How far a player turns the picture clockwise, in degrees."""

    def add(self, packet: Packet[Any]) -> None:
        """Decode the next packet if it is due. The empty packet at the end returns what the decoder holds back."""
        import av

        time_s = float((packet.pts if packet.pts is not None else packet.dts or 0) * self._tick)
        if packet.size and self.decoded and not (packet.is_keyframe and time_s >= self._next_s):
            return
        self._next_s = time_s + self._step_s
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError):
            return
        for frame in frames:
            self._note(frame)

    def _note(self, frame: VideoFrame) -> None:
        if not self.decoded:
            self.rotation_deg = -frame.rotation % 360
        self.decoded = True
        self._interlaced |= frame.interlaced_frame
        if not self._sizes or self._sizes[-1][1:] != (frame.width, frame.height):
            self._sizes.append((Fraction(frame.pts or 0) * self._tick, frame.width, frame.height))

    @property
    def field_order(self) -> str:
        """Which field of an interlaced picture comes first; "" if it is progressive."""
        return _FIELD_ORDERS.get(self._field_order, "order unknown") if self._interlaced else ""

    def findings(self, start: Fraction) -> list[str]:
        """Return a finding if the size of the picture changes; ``start`` is the time 0 of the programme."""
        if len(self._sizes) <= 1:
            return []
        (_, width, height), *later = self._sizes
        named = [f"{width} x {height} at {float(at - start):.1f} s" for at, width, height in later[:_MAX_NAMED]]
        more = f" and {len(later) - len(named)} times more" if len(later) > len(named) else ""
        return [f"the size of the picture changes from {width} x {height} to {', '.join(named)}{more}"]


class SoundSample:
    """A sound track, decoded until a frame comes out."""

    def __init__(self) -> None:
        self.decoded = False
        """Whether any sound could be decoded."""

    def add(self, packet: Packet[AudioStream]) -> None:
        """Decode the next packet if nothing was decoded yet."""
        import av

        if self.decoded:
            return
        try:
            self.decoded = any(frame.samples for frame in packet.decode())
        except (av.FFmpegError, ValueError):
            return


class TextSample:
    """The lines of a subtitle track, and how many of them cannot be read or held by MP4."""

    def __init__(self, codec: str) -> None:
        self._utf8 = codec in {"subrip", "ass", "ssa", "webvtt", "text"}
        self.lines = 0
        self.unreadable = 0
        self.too_long = 0

    def add(self, packet: Packet[Any]) -> None:
        """Count the next line."""
        self.lines += bool(packet.size)
        self.too_long += packet.size > MAX_TEXT_BYTES
        if self._utf8:
            try:
                bytes(packet).decode()
            except UnicodeDecodeError:
                self.unreadable += 1
