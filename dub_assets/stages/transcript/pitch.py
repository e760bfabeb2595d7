"""The pitch of a voice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.signal.sound import Sound

LOWEST_HZ, HIGHEST_HZ = 60.0, 400.0

_FRAME_S, _HOP_S = 0.05, 0.02
"""A frame has three periods of the lowest pitch."""

_VOICED = 0.6
"""Least autocorrelation of a voiced frame, one period later."""

_LOUD_SHARE = 0.1
"""Frames with less than this share of the mean power are ignored."""

_OCTAVE_COST = 0.03
"""Cost of an octave downwards, in autocorrelation: twice a period is a period too."""


def pitches_hz(sound: Sound) -> NDArray[np.float64]:
    """Return the pitch of each voiced frame of a mono sound, by autocorrelation (Boersma 1993)."""
    size, hop = int(_FRAME_S * sound.rate_hz), int(_HOP_S * sound.rate_hz)
    samples = sound.samples[:, 0]
    if len(samples) < size:
        return np.empty(0)
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    frames = frames[power > _LOUD_SHARE * power.mean()]
    lags = np.arange(int(sound.rate_hz / HIGHEST_HZ), int(sound.rate_hz / LOWEST_HZ) + 1)
    window = np.hanning(size)
    correlation = _autocorrelation((frames - frames.mean(axis=1, keepdims=True)) * window, lags)
    correlation = correlation / _autocorrelation(window[np.newaxis], lags)
    inner = correlation[:, 1:-1]
    peaks = (inner >= correlation[:, :-2]) & (inner >= correlation[:, 2:])
    merit = np.where(peaks, inner - _OCTAVE_COST * np.log2(lags[1:-1] * HIGHEST_HZ / sound.rate_hz), -np.inf)
    best = merit.argmax(axis=1)
    voiced = np.take_along_axis(np.where(peaks, inner, 0.0), best[:, np.newaxis], axis=1)[:, 0] >= _VOICED
    pitches: NDArray[np.float64] = sound.rate_hz / lags[1:-1][best[voiced]]
    return pitches


def median_pitch_hz(sounds: Sequence[Sound]) -> float | None:
    """Return the median over all voiced frames, None if there are none."""
    pitches = np.concatenate([pitches_hz(sound) for sound in sounds]) if sounds else np.empty(0)
    return round(float(np.median(pitches)), 1) if len(pitches) else None


def _autocorrelation(frames: NDArray[np.float64], lags: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the autocorrelation of each frame at these lags, over that at lag 0."""
    length = 2 * frames.shape[1]
    full = np.fft.irfft(np.square(np.abs(np.fft.rfft(frames, length))), length)
    ratio: NDArray[np.float64] = full[:, lags] / np.maximum(full[:, :1], 1e-12)
    return ratio
