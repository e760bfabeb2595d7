"""Peaks and mel spectrum of a sound, in columns of equal time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.signal.sound import Sound

SPECTROGRAM_RATE_HZ = 24_000
"""Rate of the sound that spectrograms are computed from: up to 12 kHz, the range of speech."""
BANDS = 48
LOWEST_HZ, HIGHEST_HZ = 60.0, 11_000.0
SILENCE_DB = -120.0

_WINDOW = 1024
_LONGEST_STEP = 512


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spectrogram:
    """A sound in columns of equal time: ``peaks`` (columns; 0 to 1) and ``levels_db`` (columns, bands; low to high)."""

    peaks: NDArray[np.float32]
    levels_db: NDArray[np.float32]


def spectrogram(blocks: Iterable[Sound], *, columns_per_s: int) -> Spectrogram:
    """Return the spectrogram of a sound given in blocks at ``SPECTROGRAM_RATE_HZ``; channels are averaged.

    Bands are triangles of equal width on the mel scale (``2595 log10(1 + f / 700)``); a full-scale sine reads 0 dB,
    within 2 dB, in its band. Only the result grows with the length of the sound. Raises ValueError if a column is not a
    whole number of frames, or if the rate is another one.
    """
    if SPECTROGRAM_RATE_HZ % columns_per_s:
        raise ValueError(f"{columns_per_s} columns a second do not divide {SPECTROGRAM_RATE_HZ} Hz")
    hop = SPECTROGRAM_RATE_HZ // columns_per_s
    windows = next(parts for parts in range(1, hop + 1) if hop % parts == 0 and hop // parts <= _LONGEST_STEP)
    filters = _mel_filters()
    peaks, powers = [], []
    tail = np.zeros(_WINDOW // 2, dtype=np.float32)
    for frames, following in _in_whole_columns(blocks, hop):
        sound = np.concatenate([tail, frames, following])
        tail = np.concatenate([tail, frames])[-len(tail) :]
        peaks.append(np.abs(frames.reshape(-1, hop)).max(axis=1))
        powers.append(_powers(sound, hop // windows, len(frames)) @ filters)
    if not peaks:
        return Spectrogram(peaks=np.zeros(0, np.float32), levels_db=np.zeros((0, BANDS), np.float32))
    power = np.concatenate(powers).reshape(-1, windows, BANDS).mean(axis=1)
    levels_db = 10.0 * np.log10(np.maximum(power, 10.0 ** (SILENCE_DB / 10.0)))
    return Spectrogram(peaks=np.concatenate(peaks).astype(np.float32), levels_db=levels_db.astype(np.float32))


def shades(levels_db: NDArray[np.float32], *, brightest_db: float, range_db: float, count: int) -> NDArray[np.uint8]:
    """Return levels as numbers from 0 (``range_db`` below the brightest, or less) to ``count - 1``."""
    brightness = (levels_db - (brightest_db - range_db)) / range_db
    numbers: NDArray[np.uint8] = np.clip(np.rint(brightness * (count - 1)), 0, count - 1).astype(np.uint8)
    return numbers


def _in_whole_columns(blocks: Iterable[Sound], hop: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Yield mono frames in multiples of ``hop``, zeros at the end, each with the half window that follows."""
    half_window = _WINDOW // 2
    waiting = np.zeros(0, dtype=np.float32)
    for block in blocks:
        if block.rate_hz != SPECTROGRAM_RATE_HZ:
            raise ValueError(f"a spectrogram needs {SPECTROGRAM_RATE_HZ} Hz, not {block.rate_hz} Hz")
        waiting = np.concatenate([waiting, block.mono().samples[:, 0]])
        whole = (len(waiting) - half_window) // hop * hop
        if whole > 0:
            yield waiting[:whole], waiting[whole : whole + half_window]
            waiting = waiting[whole:]
    if len(waiting):
        whole = -(-len(waiting) // hop) * hop
        padded = np.pad(waiting, (0, whole - len(waiting) + half_window))
        yield padded[:whole], padded[whole:]


def _powers(sound: NDArray[np.float32], step: int, frames: int) -> NDArray[np.float64]:
    """Return the power spectra of windows that are centred on every ``step``-th of ``frames`` frames."""
    windows = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[:frames:step]
    shape = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    spectra = np.fft.rfft(windows * shape, axis=1)
    powers: NDArray[np.float64] = np.square(np.abs(spectra) * (2.0 / shape.sum()))
    return powers


def _mel_filters() -> NDArray[np.float64]:
    """Return the weights of the spectrum's bins (rows) in the bands (columns)."""
    low, high = _mel(LOWEST_HZ), _mel(HIGHEST_HZ)
    edges = 700.0 * (10.0 ** (np.linspace(low, high, BANDS + 2) / 2595.0) - 1.0)
    bins = np.fft.rfftfreq(_WINDOW, 1 / SPECTROGRAM_RATE_HZ)[:, None]
    narrowest = SPECTROGRAM_RATE_HZ / _WINDOW  # a band narrower than the spectrum's bins still covers one
    below = np.maximum(edges[1:-1] - edges[:-2], narrowest)
    above = np.maximum(edges[2:] - edges[1:-1], narrowest)
    rising, falling = 1.0 - (edges[1:-1] - bins) / below, 1.0 - (bins - edges[1:-1]) / above
    weights: NDArray[np.float64] = np.clip(np.minimum(rising, falling), 0.0, 1.0)
    return weights


def _mel(hz: float) -> float:
    return 2595.0 * float(np.log10(1.0 + hz / 700.0))
