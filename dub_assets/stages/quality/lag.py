"""How far one sound lies behind another."""

from __future__ import annotations

import numpy as np

from dub_assets.core.signal.sound import Sound


def lag_frames(sound: Sound, reference: Sound) -> int | None:
    """By how many frames ``sound`` is later than ``reference`` (negative: earlier), by cross-correlation.

    Both have the same rate; None where one of them is silent.
    """
    late, early = (each.mono().samples[:, 0].astype(np.float64) for each in (sound, reference))
    if not late.any() or not early.any():
        return None
    size = 1 << (len(late) + len(early) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(late, size) * np.conj(np.fft.rfft(early, size)), size)
    peak = int(np.argmax(product))
    return peak if peak < len(late) else peak - size
