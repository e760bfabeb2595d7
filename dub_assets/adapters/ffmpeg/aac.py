"""AAC: the packets of a sound, and the MP4 track that packets make.

The encoder is libavcodec's, in this process. Noise substitution is off: its decoder draws noise by a generator whose
state depends on all packets before, so packets that are kept would sound different after an edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dub_assets.adapters.ffmpeg.ffmpeg import file_url
from dub_assets.core.containers import MP4
from dub_assets.core.media import AAC_FRAMES, LAYOUTS, EncodedSound
from dub_assets.core.ports import PacketWriter
from dub_assets.core.signal.sound import Samples, Sound
from dub_assets.core.timing import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.codec.context import CodecContext
    from av.container import OutputContainer

_TICK = Fraction(1, SAMPLE_RATE_HZ)


def aac_bit_rate(channels: int) -> int:
    """Return the bit rate of a track."""
    return max(128_000, 96_000 * channels)


def encode_aac(sound: Sound) -> EncodedSound:
    """Return a sound at 48 kHz as AAC, and what its packets decode to."""
    import av

    encoder = av.CodecContext.create("aac", "w")
    _configure(encoder, sound.channels)
    packets: list[bytes] = []
    for frame in (*_frames(sound), None):
        packets += (bytes(packet) for packet in encoder.encode(frame))
    configuration = bytes(encoder.extradata or b"")
    decoded = _decoded(packets, configuration, sound.channels)[: sound.frames]
    return EncodedSound(
        packets=tuple(packets), decoded=Sound(samples=decoded, rate_hz=SAMPLE_RATE_HZ), configuration=configuration
    )


def decode_aac(packets: Sequence[bytes], like: EncodedSound) -> Sound:
    """Return what packets decode to, from the end of the first one on; see ``ports.MediaTool``."""
    samples = _decoded(packets, like.configuration, like.decoded.channels)
    return Sound(samples=samples, rate_hz=SAMPLE_RATE_HZ)


def _configure(encoder: CodecContext, channels: int) -> None:
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE_HZ, _layout(channels), "fltp"  # type: ignore[attr-defined]
    encoder.bit_rate, encoder.time_base, encoder.thread_count = aac_bit_rate(channels), _TICK, 1
    encoder.options = {"aac_pns": "0"}


def _layout(channels: int) -> str:
    """Return the layout of a track. AAC has back channels where 5.0 and 5.1 have side channels."""
    return LAYOUTS[channels - 1].removesuffix("(side)")


def _frames(sound: Sound) -> Iterator[AudioFrame]:
    import av

    # PyAV reads and writes beyond the planes of a planar frame of 8 channels: frames are interleaved here.
    for start in range(0, sound.frames, AAC_FRAMES):
        samples = np.ascontiguousarray(sound.samples[start : start + AAC_FRAMES]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="flt", layout=_layout(sound.channels))
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE_HZ, start, _TICK
        yield frame


def _decoded(packets: Iterable[bytes], configuration: bytes, channels: int) -> Samples:
    """Return what packets decode to, without the first one, which needs the packet before it."""
    import av

    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = configuration
    blocks: list[Samples] = []
    for packet in (*map(av.Packet, packets), None):
        blocks += (_in_order(frame, channels) for frame in decoder.decode(packet))
    return np.concatenate(blocks)[AAC_FRAMES:]


def _in_order(frame: AudioFrame, channels: int) -> Samples:
    """Return a frame with its channels in the order of the sound: some layouts have another one in AAC."""
    import av

    (interleaved,) = av.AudioResampler(format="flt").resample(frame)
    samples: Samples = interleaved.to_ndarray().astype(np.float32, copy=False).reshape(frame.samples, -1)
    names = [channel.name for channel in frame.layout.channels]
    wanted = [channel.name for channel in av.AudioLayout(_layout(channels)).channels]
    if names == wanted or set(names) != set(wanted):
        return samples
    return samples[:, [names.index(name) for name in wanted]]


@contextmanager
def aac_track(path: Path, sound: EncodedSound, frames: int) -> Iterator[PacketWriter]:
    """Write an MP4 of one AAC track of ``frames`` frames. ``sound`` is any sound encoded with the same channels."""
    import av

    with av.open(file_url(path), "w", format=MP4.muxer) as container:
        stream = container.add_stream("aac", rate=SAMPLE_RATE_HZ)
        _configure(stream.codec_context, sound.decoded.channels)
        stream.metadata["handler_name"] = "Dub"
        yield _AacWriter(container, stream, frames)


class _AacWriter:
    """Appends packets to a track; the last one is as long as the sound that is left."""

    def __init__(self, container: OutputContainer, stream: AudioStream, frames: int) -> None:
        self._container = container
        self._stream = stream
        self._left = frames + AAC_FRAMES
        self._next = -AAC_FRAMES

    def write(self, packets: Iterable[bytes]) -> None:
        """Append packets."""
        import av

        for content in packets:
            packet = av.Packet(content)
            packet.stream, packet.time_base = self._stream, _TICK
            packet.pts = packet.dts = self._next
            packet.duration = min(AAC_FRAMES, self._left)
            packet.is_keyframe = True
            self._container.mux(packet)
            self._next += AAC_FRAMES
            self._left -= AAC_FRAMES
