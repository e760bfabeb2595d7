"""Sound files: read in part or in blocks, at any rate, and written atomically."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.errors import ObjectCorruptError, ObjectMissingError
from dub_assets.core.files import atomic_file, disk_full
from dub_assets.core.ports import SoundWriter
from dub_assets.core.signal.sound import Samples, Sound, silence
from dub_assets.core.timing import Interval

if TYPE_CHECKING:
    from soundfile import SoundFile

_RESAMPLER = "HQ"
"""Quality of soxr with 20 bits of precision."""

_BITS = {".wav": 16, ".flac": 24}
"""Bits a sample, by suffix."""

_ENDLESS = 2**62
"""libsndfile reports more frames than this for a FLAC file whose header was never completed."""


class SoundfileSoundFiles:
    """``ports.SoundFiles`` with libsndfile and soxr."""

    def channels(self, path: Path) -> int:
        """Return the number of channels of a file."""
        with _opened(path) as file:
            return int(file.channels)

    def read(self, path: Path, interval: Interval | None = None) -> Sound:
        """Return an interval of a file, cut at the end of the file, or the whole file."""
        with _opened(path) as file:
            if interval is None:
                return _next(file, file.frames)
            start, end = (ms * file.samplerate // 1000 for ms in (interval.start_ms, interval.end_ms))
            file.seek(min(start, file.frames))
            return _next(file, end - start)

    def blocks(self, path: Path, *, block_ms: int = 10_000, rate_hz: int | None = None) -> Iterator[Sound]:
        """Yield a file in blocks, resampled to ``rate_hz`` if given, without seams between the blocks.

        The number of resampled frames is the file's length at the new rate, rounded.
        """
        with _opened(path) as file:
            plain = _blocks(file, max(1, block_ms * file.samplerate // 1000))
            yield from plain if rate_hz in (None, file.samplerate) else _resampled(plain, file, rate_hz)

    @contextmanager
    def writer(self, path: Path, *, channels: int, rate_hz: int, comment: str | None = None) -> Iterator[SoundWriter]:
        """Write ``.wav`` (16-bit PCM) or ``.flac`` (24 bit); samples over full scale are clipped.

        The file appears complete on leaving, or not at all. ``comment`` is stored behind the samples, so that a WAV
        keeps its header of 44 bytes. Raises OutOfSpaceError.
        """
        import soundfile

        if path.suffix not in _BITS:
            raise ValueError(f"{path.name}: sound is written as .wav or .flac")
        bits = _BITS[path.suffix]
        kind = {"subtype": f"PCM_{bits}", "format": path.suffix[1:].upper()}
        with atomic_file(path) as partial:
            try:
                with soundfile.SoundFile(partial, "w", rate_hz, channels, **kind) as file:
                    yield _PcmWriter(file, bits)
                    if comment is not None:
                        file.comment = comment
            except soundfile.LibsndfileError as error:
                raise disk_full(path, str(error)) from error

    def resample(self, sound: Sound, rate_hz: int) -> Sound:
        """Return the sound at another rate."""
        if rate_hz == sound.rate_hz or not sound.frames:
            return Sound(samples=sound.samples, rate_hz=rate_hz)
        import soxr

        return Sound(samples=soxr.resample(sound.samples, sound.rate_hz, rate_hz, _RESAMPLER), rate_hz=rate_hz)


@contextmanager
def _opened(path: Path) -> Iterator[SoundFile]:
    import soundfile

    if not path.is_file():
        raise ObjectMissingError(f"there is no sound file {path}: regenerate it")
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames > _ENDLESS:
                raise ObjectCorruptError(f"{path} was cut short: regenerate it")
            yield file
    except soundfile.SoundFileError as error:
        raise ObjectCorruptError(f"{path} is not a sound file that can be read: regenerate it") from error


def _next(file: SoundFile, frames: int) -> Sound:
    samples: Samples = file.read(frames, dtype="float32", always_2d=True)
    return Sound(samples=samples, rate_hz=file.samplerate)


def _blocks(file: SoundFile, frames: int) -> Iterator[Sound]:
    while (block := _next(file, frames)).frames:
        yield block


def _resampled(blocks: Iterator[Sound], file: SoundFile, rate_hz: int) -> Iterator[Sound]:
    import soxr

    stream = soxr.ResampleStream(file.samplerate, rate_hz, file.channels, dtype="float32", quality=_RESAMPLER)
    remaining = file.frames
    left = (2 * file.frames * rate_hz + file.samplerate) // (2 * file.samplerate)  # rounded
    for block in blocks:
        remaining -= block.frames
        samples = stream.resample_chunk(block.samples, last=remaining == 0)[:left]
        left -= len(samples)
        if len(samples):
            yield Sound(samples=samples, rate_hz=rate_hz)
    if left:
        yield silence(left, file.channels, rate_hz)


class _PcmWriter:
    """Appends integer samples to an open file."""

    def __init__(self, file: SoundFile, bits: int) -> None:
        self._file = file
        self._bits = bits

    def write(self, sound: Sound) -> None:
        self._file.write(_pcm(sound.samples, self._bits) << (32 - self._bits))


def _pcm(samples: Samples, bits: int) -> NDArray[np.int32]:
    """Round samples to integers of ``bits`` (full scale is 2^(bits-1)) and clip them."""
    full_scale = 1 << (bits - 1)
    rounded = np.rint(samples * np.float32(full_scale)).clip(-full_scale, full_scale - 1)
    return np.asarray(rounded, dtype=np.int32)
