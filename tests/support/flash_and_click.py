"""Clips whose picture flashes when their sound clicks, and where both are in a file, as a player shows it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import soundfile
from support.media_clips import ffmpeg

from dub_assets.adapters.ffmpeg.ffmpeg import file_url

RATE_HZ = 48_000
FLASHES_S = (1.0, 2.0, 3.2)
LENGTH_S = 4.0
_SIZE = (64, 48)
_FRAME_S = 0.04
_CLICK_FRAMES = 480
_CLICK = 0.4
_APART_FRAMES = RATE_HZ // 5
"""Clicks are further apart; what is nearer is the same one."""


def write_picture(
    path: Path, *options: object, flashes_s: Sequence[float] = FLASHES_S, length_s: float = LENGTH_S
) -> Path:
    """Write a grey picture of 25 frames a second that is white for two frames at each flash."""
    frames = np.full(round(length_s / _FRAME_S), 40, np.uint8)
    for flash_s in flashes_s:
        first = round(flash_s / _FRAME_S)
        frames[first : first + 2] = 235
    raw = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{_SIZE[0]}x{_SIZE[1]}", "-r", 25, "-i", "pipe:")
    encoder = options or ("-c:v", "libx264", "-preset", "veryfast", "-g", 12)
    ffmpeg(*raw, "-pix_fmt", "yuv420p", *encoder, path, stdin=frames.repeat(_SIZE[0] * _SIZE[1]).tobytes())
    return path


def write_sound(path: Path, *, clicks_s: Sequence[float] = FLASHES_S, length_s: float = LENGTH_S) -> Path:
    """Write faint noise with a click of 10 ms at each time."""
    random = np.random.default_rng(0)
    samples = random.uniform(-1e-3, 1e-3, round(length_s * RATE_HZ))
    for click_s in clicks_s:
        first = round(click_s * RATE_HZ)
        samples[first : first + _CLICK_FRAMES] = random.uniform(-0.8, 0.8, _CLICK_FRAMES)
    soundfile.write(path, samples, RATE_HZ, subtype="PCM_16")
    return path


def clicks_s(samples: np.ndarray, rate_hz: int = RATE_HZ) -> list[float]:
    """Return the times of the clicks in a sound, in seconds."""
    loud = np.flatnonzero(np.abs(samples) > _CLICK)
    firsts = [at for n, at in enumerate(loud) if n == 0 or at - loud[n - 1] > _APART_FRAMES * rate_hz / RATE_HZ]
    return [float(at) / rate_hz for at in firsts]


def clicks_of(path: Path, track: int) -> list[float]:
    """Return the times of the clicks in a sound track of a file, as a player plays it: with its gaps."""
    times: list[float] = []
    interleave = av.AudioResampler(format="flt").resample  # PyAV reads beyond the planes of a planar frame
    with av.open(file_url(path)) as container:
        for frame in container.decode(audio=track):
            start_s = float(frame.pts * frame.time_base)
            (interleaved,) = interleave(frame)
            samples = interleaved.to_ndarray().reshape(frame.samples, -1)[:, 0]
            new = (start_s + click_s for click_s in clicks_s(samples, frame.sample_rate))
            times += [click_s for click_s in new if not times or click_s - times[-1] > _APART_FRAMES / RATE_HZ]
    return times


def flashes_of(path: Path) -> list[float]:
    """Return the times of the flashes that a player shows."""
    flashes, white = [], False
    with av.open(file_url(path)) as container:
        for frame in container.decode(video=0):
            was, white = white, bool(frame.to_ndarray(format="gray").mean() > 140)
            if white and not was:
                flashes.append(float(frame.pts * frame.time_base))
    return flashes


def write_dub(path: Path, original: Path) -> Path:
    """Write a dub that clicks where a sound file does."""
    samples = soundfile.read(original, always_2d=True)[0][:, 0]
    dub = np.zeros(len(samples))
    for click_s in clicks_s(samples):
        first = round(click_s * RATE_HZ)
        dub[first : first + _CLICK_FRAMES] = np.random.default_rng(1).uniform(-0.8, 0.8, _CLICK_FRAMES)[
            : len(dub) - first
        ]
    soundfile.write(path, dub, RATE_HZ, subtype="PCM_24")
    return path
