"""Log-mel filterbank energies as Kaldi computes them, on which speaker embedders are trained."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
BINS = 80
FRAME, HOP = 400, 160
"""25 ms every 10 ms."""

_FFT = 512
_PREEMPHASIS = 0.97
_LOWEST_HZ = 20.0
_FLOOR = float(np.finfo(np.float32).eps)
_FULL_SCALE = 32_768.0
"""Kaldi's samples are 16-bit integers."""


def filterbank(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return energies of shape ``(frames, 80)`` , less each bin's mean, of 25 ms or more at 16 kHz."""
    frames = np.lib.stride_tricks.sliding_window_view(samples * np.float32(_FULL_SCALE), FRAME)[::HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    frames[:, 1:] -= _PREEMPHASIS * frames[:, :-1]
    frames[:, 0] *= 1.0 - _PREEMPHASIS
    powers = np.square(np.abs(np.fft.rfft(frames * _window(), _FFT)))
    energies = np.log(np.maximum(powers @ _triangles().T, _FLOOR))
    centred: NDArray[np.float32] = (energies - energies.mean(axis=0)).astype(np.float32)
    return centred


@cache
def _window() -> NDArray[np.float64]:
    """Return Povey's window: a Hann window to the power of 0.85."""
    hann: NDArray[np.float64] = np.hanning(FRAME)
    return hann**0.85


@cache
def _triangles() -> NDArray[np.float64]:
    """Return filters of shape ``(80, 257)``: triangles of equal width on the mel scale of O'Shaughnessy."""
    low, high = _mel(np.array([_LOWEST_HZ, RATE_HZ / 2]))
    width = (high - low) / (BINS + 1)
    left = low + width * np.arange(BINS)[:, np.newaxis]
    bins = _mel(np.arange(_FFT // 2 + 1) * RATE_HZ / _FFT)
    filters: NDArray[np.float64] = np.maximum(0.0, np.minimum(bins - left, left + 2 * width - bins) / width)
    filters[:, -1] = 0.0  # Kaldi leaves out the last bin of the transform
    return filters


def _mel(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    mel: NDArray[np.float64] = 1127.0 * np.log1p(frequency_hz / 700.0)
    return mel
