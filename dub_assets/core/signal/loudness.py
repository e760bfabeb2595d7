"""Integrated loudness by ITU-R BS.1770-4 (EBU R 128), as powers that can be added up before they are weighed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.signal.level import factor
from dub_assets.core.signal.sound import Samples, Sound
from dub_assets.core.timing import FRAMES_PER_MS

_HOP_FRAMES = 100 * FRAMES_PER_MS
"""Gating blocks are 400 ms long and overlap by three quarters: four hops each."""
_HOPS_A_BLOCK = 4
_HALVINGS = 16
_OFFSET_LUFS = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0

# The two filters of the K-weighting at 48 kHz: the head's shelf, then the high pass.
_STAGES = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)
_TAPS = 4096
"""The response has fallen by over 150 dB by then."""

_SURROUND = 1.41
_WEIGHTS = {
    4: (1.0, 1.0, _SURROUND, _SURROUND),
    5: (1.0, 1.0, 1.0, _SURROUND, _SURROUND),
    6: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND),
    7: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND, _SURROUND),
    8: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND, _SURROUND, _SURROUND),
}
"""By the number of channels, in the order of WAV and FLAC; others count 1. The low-frequency channel counts nothing."""

Powers = NDArray[np.float64]
"""K-weighted mean squares, added up over the channels by their weights; one a hop of 100 ms."""


class KWeighting:
    """The K-weighting of a programme at 48 kHz that comes block by block; all its channels alike."""

    def __init__(self) -> None:
        self._tail: Samples | None = None

    def weigh(self, block: Samples) -> Samples:
        """The next block, filtered; of the same shape."""
        if self._tail is None:
            self._tail = np.zeros((_TAPS - 1, block.shape[1]), dtype=np.float32)
        joined = np.concatenate([self._tail, block])
        self._tail = joined[len(joined) - (_TAPS - 1) :]
        size = 1 << (len(joined) - 1).bit_length()
        response = np.fft.rfft(_impulse_response(), size)[:, None].astype(np.complex64)
        filtered = np.fft.irfft(np.fft.rfft(joined, size, axis=0) * response, size, axis=0)
        return np.asarray(filtered[_TAPS - 1 : len(joined)], dtype=np.float32)


def _impulse_response() -> NDArray[np.float64]:
    response = np.ones(_TAPS + 1, dtype=np.complex128)
    for numerator, denominator in _STAGES:
        response *= np.fft.rfft(numerator, 2 * _TAPS) / np.fft.rfft(denominator, 2 * _TAPS)
    return np.fft.irfft(response)[:_TAPS]


def weights_of(channels: int) -> NDArray[np.float64]:
    """What each channel counts."""
    return np.array(_WEIGHTS.get(channels, (1.0,) * channels))


def hop_frames(frames: int) -> int:
    """The frames of as many whole hops as there are."""
    return frames // _HOP_FRAMES * _HOP_FRAMES


def powers(first: Samples, second: Samples) -> Powers:
    """The powers of the product of two weighted blocks of whole hops; of a block with itself: its own."""
    channels = first.shape[1]
    hops = (each.reshape(-1, _HOP_FRAMES, channels) for each in (first, second))
    products = np.einsum("hfc,hfc->hc", *hops, dtype=np.float64)
    return np.asarray(products @ weights_of(channels) / _HOP_FRAMES, dtype=np.float64)


def loudness_powers(programme: Iterable[Sound]) -> Powers:
    """The powers of a programme at 48 kHz, given block by block; what is less than a hop at the end is left out."""
    weighting, found = KWeighting(), [np.zeros(0)]
    rest: Samples | None = None
    for block in programme:
        weighed = weighting.weigh(block.samples)
        joined = weighed if rest is None else np.concatenate([rest, weighed])
        whole = hop_frames(len(joined))
        rest = joined[whole:]
        found.append(powers(joined[:whole], joined[:whole]))
    return np.concatenate(found)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerPowers:
    """The powers of a programme of two layers: of each, and of their product. Any mix of the two follows."""

    background: Powers
    cross: Powers
    speech: Powers

    def lufs(self, speech_db: float) -> float | None:
        """The integrated loudness of the mix with this gain on the speech."""
        gain = factor(speech_db)
        return integrated_lufs(self.background + 2 * gain * self.cross + gain**2 * self.speech)

    def speech_db_for(self, target_lufs: float, *, most_db: float) -> float:
        """The gain on the speech, within ``most_db`` both ways, that brings the mix nearest to a loudness."""
        low, high = -most_db, most_db
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            found = self.lufs(middle)
            low, high = (middle, high) if found is None or found < target_lufs else (low, middle)
        return (low + high) / 2


def integrated_lufs(of: Powers) -> float | None:
    """The integrated loudness in LUFS, gated; None where there is none: silence, or less than 400 ms."""
    if len(of) < _HOPS_A_BLOCK:
        return None
    sums = np.concatenate([[0.0], np.cumsum(of)])
    blocks = np.maximum(sums[_HOPS_A_BLOCK:] - sums[:-_HOPS_A_BLOCK], 0.0) / _HOPS_A_BLOCK
    audible = blocks[blocks > _power(_ABSOLUTE_GATE_LUFS)]
    if not audible.size:
        return None
    counted = audible[audible > audible.mean() * 10 ** (_RELATIVE_GATE_LU / 10)]
    return _OFFSET_LUFS + 10 * math.log10(counted.mean())


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LUFS) / 10))
