"""The ends of an utterance: where speech begins and ends in what an engine gave."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MARGIN_MS = 20
"""Kept before the first and after the last sound."""

_FLOOR_DB = -50.0
"""Under the loudest 5 ms of the utterance; the quietest consonants measured lie 40 dB under it."""

_WINDOW_MS = 5
_FULL_SCALE = 0.98


def trimmed(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Mono speech, shape ``(frames,)``, with at most ``MARGIN_MS`` of silence at both ends, no sample over 0.98.

    A stretch that is silent throughout comes back empty.
    """
    if not len(samples):
        return samples
    window = rate_hz * _WINDOW_MS // 1000
    power = np.convolve(np.square(samples, dtype=np.float64), np.full(window, 1 / window), mode="same")
    heard = np.flatnonzero(power > power.max() * 10 ** (_FLOOR_DB / 10))
    if not len(heard):
        return samples[:0]
    margin = rate_hz * MARGIN_MS // 1000
    speech = samples[max(0, heard[0] - margin) : heard[-1] + 1 + margin]
    peak = float(np.abs(speech).max())
    return speech * np.float32(min(1.0, _FULL_SCALE / peak))
