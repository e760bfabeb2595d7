"""The lag of one sound behind another."""

from __future__ import annotations

import numpy as np

from dub_assets.core.signal.sound import Sound


def lag_frames(sound: Sound, reference: Sound) -> int | None:
    """Return how many frames ``sound`` is later than ``reference`` (negative: earlier), by cross-correlation.

    Both have the same rate. Return None if one of them is silent.
    """
    samples, expected = (given.mono().samples[:, 0].astype(np.float64) for given in (sound, reference))
    if not samples.any() or not expected.any():
        return None
    size = 1 << (len(samples) + len(expected) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(samples, size) * np.conj(np.fft.rfft(expected, size)), size)
    peak = int(np.argmax(product))
    return peak if peak < len(samples) else peak - size
