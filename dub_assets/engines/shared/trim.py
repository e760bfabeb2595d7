"""Trimming of the silence at both ends of synthesised speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MARGIN_MS = 20
"""Silence kept before the first and after the last sound."""

_FLOOR_DB = -50.0
"""Level of silence relative to the loudest 5 ms of the utterance; the quietest consonants are at -40 dB."""

_WINDOW_MS = 5
_FULL_SCALE = 0.98


def trimmed(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Return mono speech, shape ``(frames,)``, with at most ``MARGIN_MS`` of silence at both ends and peaks up to 0.98.

    Samples that are all silent give an empty array.
    """
    if not len(samples):
        return samples
    window = rate_hz * _WINDOW_MS // 1000
    power = np.convolve(np.square(samples, dtype=np.float64), np.full(window, 1 / window), mode="same")
    audible = np.flatnonzero(power > power.max() * 10 ** (_FLOOR_DB / 10))
    if not len(audible):
        return samples[:0]
    margin = rate_hz * MARGIN_MS // 1000
    speech = samples[max(0, audible[0] - margin) : audible[-1] + 1 + margin]
    peak = float(np.abs(speech).max())
    return speech * np.float32(min(1.0, _FULL_SCALE / peak))
