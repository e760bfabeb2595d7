"""Sound for the tests of engines: recorded speech from an installed package, and synthetic music and noise."""

from __future__ import annotations

from functools import cache
from importlib import util
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import SpeechChunk
from dub_assets.core.timing import Interval

Track = NDArray[np.float32]

SPEECH = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, "
    "it was the epoch of belief, it was the epoch of incredulity,"
)
"""Text of the first ``SPEECH_MS`` milliseconds, read by a man with a British accent."""
SPEECH_MS = 13_000


@cache
def speech(rate_hz: int = 48_000) -> Track:
    """Return the opening of A Tale of Two Cities, 44 s."""
    package = util.find_spec("moonshine_voice")
    samples, own_rate = soundfile.read(Path(package.origin).parent / "assets" / "two_cities.wav", dtype="float32")
    return soxr.resample(samples, own_rate, rate_hz).astype(np.float32)


def melody(frames: int, rate_hz: int = 48_000) -> Track:
    """Return plucked notes with seven partials, two a second, always the same."""
    random = np.random.default_rng(3)
    time = np.arange(rate_hz // 2) / rate_hz
    pitches = random.choice([220, 247, 262, 294, 330, 349, 392], size=2 * frames // rate_hz + 1)
    partials = [[np.sin(2 * np.pi * pitch * h * time) / h**1.5 for h in range(1, 8)] for pitch in pitches]
    return np.concatenate([np.sum(note, axis=0) * np.exp(-3 * time) for note in partials])[:frames].astype(np.float32)


def noise(frames: int, seed: int = 4) -> Track:
    """Return white noise with a standard deviation of 0.05, the same for the same seed."""
    return (np.random.default_rng(seed).standard_normal(frames) * 0.05).astype(np.float32)


def under(speech: Track, bed: Track, ratio_db: float) -> Track:
    """Return the bed at a level ``ratio_db`` below the speech."""
    return (bed * np.sqrt(np.mean(speech**2) / np.mean(bed**2)) * 10 ** (-ratio_db / 20)).astype(np.float32)


def sound(*channels: Track, rate_hz: int = 48_000) -> Sound:
    """Return a sound with these tracks as channels."""
    return Sound(samples=np.stack(channels, axis=1).astype(np.float32), rate_hz=rate_hz)


def blocks(whole: Sound, frames: int) -> list[Sound]:
    """Cut a sound into blocks."""
    return [
        Sound(samples=whole.samples[start : start + frames], rate_hz=whole.rate_hz)
        for start in range(0, whole.frames, frames)
    ]


def chunk(track: Track, start_ms: int = 0, *, rate_hz: int = 16_000) -> SpeechChunk:
    """Return a chunk of speech that starts at ``start_ms`` of the programme."""
    length_ms = len(track) * 1000 // rate_hz
    return SpeechChunk(
        interval=Interval(start_ms=start_ms, end_ms=start_ms + length_ms), sound=sound(track, rate_hz=rate_hz)
    )


def loud_ms(track: Track, rate_hz: int, *, over_dbfs: float = -45.0, gap_ms: int = 300) -> NDArray[np.bool_]:
    """Return for each millisecond whether its 10 ms frame is over a level; gaps of up to ``gap_ms`` are closed."""
    size = rate_hz // 100
    frames = track[: len(track) // size * size].reshape(-1, size)
    loud = np.sqrt(np.mean(frames**2, axis=1)) > 10 ** (over_dbfs / 20)
    for frame, next_frame in pairwise(np.flatnonzero(loud)):
        if 10 * (next_frame - frame) <= gap_ms:
            loud[frame:next_frame] = True
    return np.repeat(loud, 10)
