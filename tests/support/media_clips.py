"""Clips that the media tests make for themselves: numbered frames, noise whose place can be found to the sample."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from hashlib import sha256
from pathlib import Path

import av
import numpy as np
import soundfile
import soxr

from dub_assets.adapters.ffmpeg.ffmpeg import file_url, find_ffmpeg

SIZE = (160, 96)
SECONDS = 3
H264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "25")
_BITS, _BAND = 8, 20  # a frame's number, a vertical band a bit


def ffmpeg(*arguments: object, stdin: bytes | None = None) -> None:
    """Run ffmpeg, failing loudly."""
    command = [str(find_ffmpeg()), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(command, input=stdin, check=True)


def numbered(path: Path, *options: object, rate: object = 25, seconds: int = SECONDS) -> Path:
    """A video without sound whose frames show their numbers, top half plain, bottom half inverted."""
    count = int(Fraction(str(rate)) * seconds)
    bits = np.arange(count)[:, None] >> np.arange(_BITS) & 1
    band = np.repeat(bits, _BAND, axis=1)
    halves = np.stack([band, 1 - band], axis=1).repeat(SIZE[1] // 2, axis=1)
    raw = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{SIZE[0]}x{SIZE[1]}", "-r", rate, "-i", "pipe:")
    ffmpeg(*raw, "-pix_fmt", "yuv420p", *(options or H264), path, stdin=(halves * 219 + 16).astype(np.uint8).tobytes())
    return path


def numbers(path: Path) -> list[tuple[Fraction, int]]:
    """Presentation time and number of every frame that a player shows: upright frames of ``numbered``, at any size."""
    with av.open(file_url(path)) as container:
        return [(frame.pts * frame.time_base, _number(frame)) for frame in container.decode(video=0)]


def _number(frame: av.VideoFrame) -> int:
    grey = frame.to_ndarray(format="gray", width=SIZE[0], height=SIZE[1]).astype(float)
    middle = grey.shape[0] // 2
    top, bottom = (half.reshape(middle, _BITS, _BAND)[4:-4, :, 4:-4].mean(axis=(0, 2)) for half in np.split(grey, 2))
    assert np.all(np.abs(top - bottom) > 100), "the frame shows no number"
    return int(((top > bottom) << np.arange(_BITS)).sum())


@cache
def noise(rate_hz: int, channels: int = 1, seconds: int = SECONDS) -> np.ndarray:
    """Noise from 100 Hz to 5 kHz, every channel its own, peak 0.5; shape (frames, channels)."""
    samples = np.random.default_rng(channels).standard_normal((rate_hz * seconds, channels))
    spectrum = np.fft.rfft(samples, axis=0)
    frequency = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    spectrum[(frequency < 100) | (frequency > 5000)] = 0
    samples = np.fft.irfft(spectrum, len(samples), axis=0)
    return samples / np.abs(samples).max() * 0.5


def write_noise(path: Path, rate_hz: int, channels: int = 1, seconds: int = SECONDS) -> Path:
    """The noise as a sound file."""
    soundfile.write(path, noise(rate_hz, channels, seconds), rate_hz, subtype="PCM_24")
    return path


def lag_frames(heard: np.ndarray, reference: np.ndarray, rate_hz: int) -> float:
    """By how many frames at 48 kHz ``heard`` (48 kHz, mono) comes after ``reference`` (at ``rate_hz``), to 1/100."""
    expected = soxr.resample(reference, rate_hz, 48_000, "VHQ")
    length = 1 << (len(heard) + len(expected)).bit_length()
    likeness = np.fft.irfft(np.fft.rfft(heard, length) * np.conj(np.fft.rfft(expected, length)))
    peak = int(likeness.argmax())
    before, at, after = (likeness[(peak + step) % length] for step in (-1, 0, 1))
    lag = peak + 0.5 * (before - after) / (before - 2 * at + after)
    return lag - length if lag > length / 2 else lag


def packet_hashes(path: Path) -> list[str]:
    """The picture's packets, bit by bit."""
    with av.open(file_url(path)) as container:
        return [sha256(bytes(packet)).hexdigest() for packet in container.demux(video=0) if packet.size]


def without_time_steps(path: Path, table: int) -> None:
    """Set the time steps of a track of an MP4 file to 0; ``table`` counts its ``stts`` boxes."""
    data, at = bytearray(path.read_bytes()), 0
    for _ in range(table + 1):
        at = data.index(b"stts", at) + 8
    (entries,) = struct.unpack_from(">I", data, at)
    for entry in range(entries):
        struct.pack_into(">I", data, at + 8 + 8 * entry, 0)
    path.write_bytes(data)


def decoded(path: Path, track: int = 0) -> tuple[Fraction, np.ndarray]:
    """Time of the first frame that is heard, and the samples (frames, channels) of a sound track."""
    with av.open(file_url(path)) as container:
        blocks = list(container.decode(audio=track))
    # As in adapters/ffmpeg/excerpt.py: PyAV reads beyond the planes of a planar frame of 8 channels.
    interleave = av.AudioResampler(format="flt").resample
    interleaved = [frame.to_ndarray().reshape(block.samples, -1) for block in blocks for frame in interleave(block)]
    return blocks[0].pts * blocks[0].time_base, np.concatenate(interleaved)


@contextmanager
def opened(path: Path) -> Iterator[av.container.InputContainer]:
    """A media file as PyAV sees it."""
    with av.open(file_url(path)) as container:
        yield container


def leftovers(folder: Path, expected: Sequence[Path] = ()) -> list[str]:
    """What lies in a folder beside what should."""
    return sorted(path.name for path in folder.iterdir() if path not in expected)
