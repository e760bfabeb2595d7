"""Integrated loudness by ITU-R BS.1770-4 (EBU R 128), from powers that can be added up before gating."""

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
"""Length of the impulse response, after which it has fallen by over 150 dB."""

_SURROUND = 1.41
_WEIGHTS = {
    4: (1.0, 1.0, _SURROUND, _SURROUND),
    5: (1.0, 1.0, 1.0, _SURROUND, _SURROUND),
    6: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND),
    7: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND, _SURROUND),
    8: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND, _SURROUND, _SURROUND),
}
"""Channel weights by the number of channels, in the order of WAV and FLAC; 0 for LFE. Other layouts have 1."""

Powers = NDArray[np.float64]
"""K-weighted mean squares, one for each hop of 100 ms, summed over the channels by their weights."""


class KWeighting:
    """The K-weighting filter for a programme at 48 kHz, block by block."""

    def __init__(self) -> None:
        self._tail: Samples | None = None

    def weigh(self, block: Samples) -> Samples:
        """Return the next block, filtered, of the same shape."""
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
    """Return the weight of each channel."""
    return np.array(_WEIGHTS.get(channels, (1.0,) * channels))


def hop_frames(frames: int) -> int:
    """Return ``frames`` rounded down to whole hops."""
    return frames // _HOP_FRAMES * _HOP_FRAMES


def powers(first: Samples, second: Samples) -> Powers:
    """Return the powers of the product of two filtered blocks of whole hops; for one block twice, its own powers."""
    channels = first.shape[1]
    hops = (each.reshape(-1, _HOP_FRAMES, channels) for each in (first, second))
    products = np.einsum("hfc,hfc->hc", *hops, dtype=np.float64)
    return np.asarray(products @ weights_of(channels) / _HOP_FRAMES, dtype=np.float64)


def loudness_powers(programme: Iterable[Sound]) -> Powers:
    """Return the powers of a programme at 48 kHz, block by block, without a last incomplete hop."""
    weighting, hop_powers = KWeighting(), [np.zeros(0)]
    rest: Samples | None = None
    for block in programme:
        weighed = weighting.weigh(block.samples)
        joined = weighed if rest is None else np.concatenate([rest, weighed])
        whole = hop_frames(len(joined))
        rest = joined[whole:]
        hop_powers.append(powers(joined[:whole], joined[:whole]))
    return np.concatenate(hop_powers)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerPowers:
    """The powers of background and speech, and of their product, which give the loudness of any mix of the two."""

    background: Powers
    cross: Powers
    speech: Powers

    def lufs(self, speech_db: float) -> float | None:
        """Return the integrated loudness of the mix with this gain on the speech."""
        gain = factor(speech_db)
        return integrated_lufs(self.background + 2 * gain * self.cross + gain**2 * self.speech)

    def speech_db_for(self, target_lufs: float, *, most_db: float) -> float:
        """Return the gain on the speech, within ``±most_db``, that brings the mix nearest to a loudness."""
        low, high = -most_db, most_db
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            lufs = self.lufs(middle)
            low, high = (middle, high) if lufs is None or lufs < target_lufs else (low, middle)
        return (low + high) / 2


def integrated_lufs(of: Powers) -> float | None:
    """Return the integrated, gated loudness in LUFS; None for silence and for less than 400 ms."""
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
