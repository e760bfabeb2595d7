"""A look-ahead true-peak limiter that works block by block and leaves everything else untouched."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.signal.level import TRUE_PEAK_FILTERS, TRUE_PEAK_TAPS, factor, oversampled_peaks
from dub_assets.core.signal.sound import Samples, Sound

ATTACK_FRAMES = 240
"""How long before a peak the gain begins to fall: 5 ms at 48 kHz."""
RELEASE_DB_PER_FRAME = 1.0 / 800
"""How fast the gain rises again: 60 dB a second at 48 kHz."""

_CHUNK_FRAMES = 1 << 16
_HALF = TRUE_PEAK_TAPS // 2
_HOLD = ATTACK_FRAMES + _HALF
# frames before and behind a chunk that its gain depends on, the release apart
_REACH = _HOLD + _HALF
_MOST_OVERSHOOT = float(np.abs(TRUE_PEAK_FILTERS).sum(axis=1).max())


def limit_true_peak(blocks: Iterable[Sound], ceiling_dbtp: float) -> Iterator[Sound]:
    """The programme with its true peak (``level.true_peak_dbtp``) at ``ceiling_dbtp`` at most, within 0.1 dB.

    One block out for each block in, of the same length and aligned to the sample; all channels share one gain. The
    gain is exactly 1, and samples are bit-identical, up to 6 ms before a peak over the ceiling and again once its
    reduction has been released. The result does not depend on how the programme is cut into blocks.

    The gain that each peak needs is released by 60 dB a second, held at its least over the attack, and smoothed in dB
    by a triangle as wide as that hold: each value is then a mean of values none of which is too high for the peak.
    """
    shapes: deque[tuple[int, int]] = deque()
    rate_hz = 0
    ready = _Frames()

    def taken() -> Iterator[Samples]:
        nonlocal rate_hz
        for block in blocks:
            rate_hz = block.rate_hz
            shapes.append(block.samples.shape)
            yield block.samples

    for chunk in _limited(_windows(taken()), ceiling_dbtp):
        ready.append(chunk)
        while shapes and shapes[0][0] <= ready.count:
            yield Sound(samples=ready.pop(*shapes.popleft()), rate_hz=rate_hz)
    while shapes:  # empty blocks at the end
        yield Sound(samples=ready.pop(*shapes.popleft()), rate_hz=rate_hz)


class _Frames:
    """Frames of sound, first in, first out."""

    def __init__(self) -> None:
        self._parts: list[Samples] = []
        self.count = 0

    def append(self, samples: Samples) -> None:
        self._parts.append(samples)
        self.count += len(samples)

    def peek(self, frames: int) -> Samples:
        """The first ``frames``, which stay."""
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts)]
        return self._parts[0][:frames]

    def pop(self, frames: int, channels: int) -> Samples:
        """The first ``frames``, removed."""
        if not frames:
            return np.zeros((0, channels), dtype=np.float32)
        first = self.peek(frames)
        self._parts = [self._parts[0][frames:]]
        self.count -= frames
        return first


def _windows(blocks: Iterator[Samples]) -> Iterator[Samples]:
    """Chunks of fixed length (the last may be shorter) with ``_REACH`` frames of context, zeros at both ends."""
    waiting = _Frames()
    context: Samples | None = None
    for block in blocks:
        if context is None:
            context = np.zeros((_REACH, block.shape[1]), dtype=np.float32)
            waiting.append(context)
        waiting.append(block)
        while waiting.count >= _CHUNK_FRAMES + 2 * _REACH:
            yield waiting.peek(_CHUNK_FRAMES + 2 * _REACH)
            waiting.pop(_CHUNK_FRAMES, block.shape[1])
    if context is not None:
        waiting.append(context)
    while (left := min(_CHUNK_FRAMES, waiting.count - 2 * _REACH)) > 0:
        yield waiting.peek(left + 2 * _REACH)
        waiting.pop(left, 1)


def _limited(windows: Iterator[Samples], ceiling_dbtp: float) -> Iterator[Samples]:
    """The chunk inside each window, times its gain."""
    frame = 0
    release = np.inf
    for window in windows:
        chunk = window[_REACH:-_REACH]
        needed_db = _needed_db(window, ceiling_dbtp)
        ramp = RELEASE_DB_PER_FRAME * np.arange(frame, frame + len(needed_db))
        fallen = np.minimum.accumulate(np.minimum(needed_db - ramp, release))
        gain_db = _smoothed(_least(fallen + ramp, 2 * _HALF + ATTACK_FRAMES + 1))
        yield chunk * (10.0 ** (gain_db / 20.0)).astype(np.float32)[:, None] if gain_db.any() else chunk.copy()
        release = fallen[len(chunk) - 1]
        frame += len(chunk)


def _needed_db(window: Samples, ceiling_dbtp: float) -> NDArray[np.float64]:
    """The gain (dB, 0 at most) that brings each frame, and the peaks around it, to the ceiling."""
    inner = window[_HALF:-_HALF]
    needed = np.zeros(len(inner))
    ceiling = factor(ceiling_dbtp)
    if np.abs(window).max() * _MOST_OVERSHOOT <= ceiling:
        return needed
    peaks = np.maximum(oversampled_peaks(window)[1:], np.abs(inner).max(axis=1))
    over = peaks > ceiling
    needed[over] = 20.0 * np.log10(ceiling / peaks[over].astype(np.float64))
    return needed


def _least(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The least of each ``width`` neighbours, by doubling."""
    span = 1
    while 2 * span <= width:
        values = np.minimum(values[:-span], values[span:])
        span *= 2
    rest = width - span
    return np.minimum(values[:-rest], values[rest:]) if rest else values


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean under a triangle of ``ATTACK_FRAMES + 1`` frames: two running means, exact over zeros."""
    width = ATTACK_FRAMES // 2 + 1
    for _ in range(2):
        sums = np.concatenate([[0.0], np.cumsum(values)])
        values = (sums[width:] - sums[:-width]) / width
    return values
