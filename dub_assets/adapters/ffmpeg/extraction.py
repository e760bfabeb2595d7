"""The sound track to dub: decoded, placed on the programme's clock to the sample, and judged for damage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dub_assets.adapters.ffmpeg.contained import ProcessLimits, contained
from dub_assets.adapters.ffmpeg.container import opened, packets, programme_start, time_base
from dub_assets.adapters.ffmpeg.cutting import selector
from dub_assets.adapters.ffmpeg.damage import Damage
from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg, analysis, media_input, time_limit_s
from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.adapters.ffmpeg.straight_copy import straight_copy
from dub_assets.core.errors import MediaError
from dub_assets.core.files import atomic_file
from dub_assets.core.media import LAYOUTS, ExtractedSound, LateStreams, MediaInfo
from dub_assets.core.ports import SoundWriter
from dub_assets.core.signal.sound import Samples, Sound, silence
from dub_assets.core.timing import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler, AudioStream, Packet
    from av.container import InputContainer
    from soxr import ResampleStream

_JUMP_S = Fraction(3, 100)
"""Sound whose timestamps jump further begins at its own time; smaller jumps are rounding errors of the container."""

_RESAMPLER = "HQ"
_BLOCK_FRAMES = 10 * SAMPLE_RATE_HZ


def extract_sound(ffmpeg: Ffmpeg, source: Path, info: MediaInfo, target: Path) -> ExtractedSound:
    """Write the chosen track as 48 kHz FLAC of 24 bit, in a child process; see ``ports.MediaTool``."""
    check_readable(ffmpeg, source, info)
    reading, duration_s = ProcessLimits.of_reading(source), info.duration_ms // 1000
    limits = replace(reading, cpu_s=reading.cpu_s + 20 + duration_s // 4, wall_s=reading.wall_s + duration_s)
    with atomic_file(target) as partial:
        return contained(source, limits, write_sound, source, info, partial)


def check_readable(ffmpeg: Ffmpeg, source: Path, info: MediaInfo) -> None:
    """Raise MediaError if the ffmpeg program cannot read a file: its libraries differ from those that probe files.

    Of a file whose clock jumps or whose streams change, the program reads the straight copy.
    """
    import ffmpeg as graphs

    path = straight_copy(source, info.late_streams) if info.is_copied_straight else source
    read = media_input(path, **analysis(info))
    sounds = [read[f"a:{track.index}"] for track in (info.track, *info.other_tracks)]
    streams = [*sounds, *([read[selector(info.picture)]] if info.picture else [])]
    graph = graphs.output(*streams, "-", format="null", c="copy")
    ffmpeg.run(graph, doing=f"read {source.name}", limit_s=time_limit_s(info))


def write_sound(source: Path, info: MediaInfo, target: Path) -> ExtractedSound:
    """Write the chosen track; see ``extract_sound``, which calls this in a child process."""
    channels, damage = info.track.channels, Damage()
    late = info.late_streams
    with opened(source, late) as container:
        start = programme_start(container, info.picture.index if info.picture else None, info.held_ms, late)
    with (
        opened(source, late) as container,
        SoundfileSoundFiles().writer(target, channels=channels, rate_hz=SAMPLE_RATE_HZ) as file,
    ):
        if info.track.index >= len(container.streams.audio):
            raise MediaError(f"could not decode the sound of {source.name}: the file has changed; dub it again")
        stream = container.streams.audio[info.track.index]
        interleaver = _Interleaver(channels)
        clock = _ProgrammeClock(file, channels, info.sound_frames, damage)
        for frame in _decoded(container, stream, start, damage, late):
            time = None if frame.pts is None else frame.pts * (frame.time_base or time_base(stream)) - start
            at_s = float(clock.expected if time is None else time)
            if interleaver.differs(frame):
                damage.channels_change(channels, frame.layout.nb_channels, at_s)
            samples = damage.without_noise(interleaver.samples(frame), at_s, frame.sample_rate)
            clock.add(time, samples, frame.sample_rate)
        clock.finish()
        extracted = damage.judged(source.name)
        if not clock.has_sound:
            raise MediaError(
                f"{source.name} is damaged: by its timestamps, no sound of track {info.track.index} lies within the "
                "programme; copy or download it again"
            )
        # a stream that continues another one may have another codec
        return replace(extracted, intact=extracted.intact and not (late and late.continued))


def _decoded(
    container: InputContainer, stream: AudioStream, start: Fraction, damage: Damage, late: LateStreams | None
) -> Iterator[AudioFrame]:
    """Yield the frames of every packet that can be decoded, and count the others."""
    import av

    tick = time_base(stream)
    packet: Packet[AudioStream]
    for packet in packets(container, stream, late=late):
        frames: list[AudioFrame] = []
        try:
            frames = packet.decode()
            lost = any(frame.is_corrupt for frame in frames)
        except av.FFmpegError:
            lost = True
        if packet.size:
            at = packet.pts if packet.pts is not None else packet.dts or 0
            damage.packet(float(at * tick - start), float((packet.duration or 0) * tick), lost=lost)
        yield from frames


class _Interleaver:
    """Converts frames to samples of shape (frames, channels); other numbers of channels are mixed."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._shape: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None

    def differs(self, frame: AudioFrame) -> bool:
        """Return True if this frame is the first one with another number of channels."""
        return frame.layout.nb_channels != self._channels and self._shape != _shape(frame)

    def samples(self, frame: AudioFrame) -> Samples:
        """Return the samples of a frame."""
        import av

        if self._resampler is None or self._shape != _shape(frame):
            # PyAV reads beyond the planes of a planar frame of 8 channels.
            mixed = frame.layout.nb_channels != self._channels
            layout = LAYOUTS[self._channels - 1] if mixed else frame.layout
            self._resampler, self._shape = av.AudioResampler(format="flt", layout=layout), _shape(frame)
        (interleaved,) = self._resampler.resample(frame)
        return np.asarray(interleaved.to_ndarray(), np.float32).reshape(frame.samples, -1)


def _shape(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


class _ProgrammeClock:
    """Writes decoded sound at 48 kHz, every stretch at its own time.

    A stretch is sound without a jump of the timestamps or a change of the rate. Gaps between stretches are silent; of
    stretches that overlap, the first one is kept. Sound before time 0 and after the end is cut.
    """

    def __init__(self, file: SoundWriter, channels: int, frames: int, damage: Damage) -> None:
        self._file, self._channels, self._frames, self._damage = file, channels, frames, damage
        self.expected = Fraction(0)
        """Time at which the sound goes on if it does not jump, in seconds."""
        self._rate_hz = 0
        self._stream: ResampleStream | None = None
        self._written = 0
        self._surplus = 0
        """Frames of the stretch that are still to be cut, since they lie before what is written."""
        self._early = 0
        """Those of them that lie before time 0."""
        self.has_sound = False
        """Whether any sound lies within the programme."""

    def add(self, time: Fraction | None, samples: Samples, rate_hz: int) -> None:
        """Add the next sound; ``time`` is that of its first frame in seconds, None if it continues."""
        time = self.expected if time is None else time
        if not self._rate_hz or rate_hz != self._rate_hz or abs(time - self.expected) > _JUMP_S:
            self._begin(time, rate_hz)
        self.expected += Fraction(len(samples), rate_hz)
        self._write(samples if self._stream is None else self._stream.resample_chunk(samples))

    def finish(self) -> None:
        """Write what the resampler still holds, and silence up to the end of the programme."""
        self._flush()
        self._write_silence(self._frames)

    def _begin(self, time: Fraction, rate_hz: int) -> None:
        import soxr

        self._flush()
        first = not self._rate_hz
        at = round(time * SAMPLE_RATE_HZ)
        gap_s = (at - self._written) / SAMPLE_RATE_HZ
        if gap_s > 0 and not first:
            self._damage.gaps.add(self._written / SAMPLE_RATE_HZ, gap_s)
        elif gap_s < 0 and not first:
            self._damage.overlaps.add(float(time), -gap_s)
        self._write_silence(at)
        self._surplus = max(0, self._written - at)
        self._early = max(0, min(-at, self._surplus))
        self.expected, self._rate_hz = time, rate_hz
        resampled = rate_hz != SAMPLE_RATE_HZ
        self._stream = (
            soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, self._channels, dtype="float32", quality=_RESAMPLER)
            if resampled
            else None
        )

    def _flush(self) -> None:
        if self._stream is not None:
            self._write(self._stream.resample_chunk(np.zeros((0, self._channels), np.float32), last=True))
            self._stream = None

    def _write(self, samples: Samples) -> None:
        cut, early = min(self._surplus, len(samples)), min(self._early, len(samples))
        if early:
            self._damage.cut_before_start(samples[:early], SAMPLE_RATE_HZ)
        self._surplus -= cut
        self._early -= early
        samples = samples[cut : cut + self._frames - self._written]
        if len(samples):
            self._file.write(Sound(samples=samples, rate_hz=SAMPLE_RATE_HZ))
            self._written += len(samples)
            self.has_sound = True

    def _write_silence(self, end: int) -> None:
        end = min(end, self._frames)
        while (missing := min(end - self._written, _BLOCK_FRAMES)) > 0:
            self._file.write(silence(missing, self._channels, SAMPLE_RATE_HZ))
            self._written += missing
