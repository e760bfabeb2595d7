"""A look-ahead true-peak limiter that works block by block and changes only what is near a peak."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.signal.level import MOST_OVERSHOOT, TRUE_PEAK_TAPS, factor, oversampled_peaks
from dub_assets.core.signal.sound import Samples, Sound

ATTACK_FRAMES = 240
"""Time before a peak in which the gain falls: 5 ms at 48 kHz."""
RELEASE_DB_PER_FRAME = 1.0 / 800
"""Rise of the gain after a peak: 60 dB a second at 48 kHz."""

_CHUNK_FRAMES = 1 << 16
_HALF = TRUE_PEAK_TAPS // 2
_HOLD = ATTACK_FRAMES + _HALF
# Frames before and after a chunk on which its gain depends, apart from the release.
_REACH = _HOLD + _HALF


def limit_true_peak(blocks: Iterable[Sound], ceiling_dbtp: float) -> Iterator[Sound]:
    """Yield the programme with its true peak at ``ceiling_dbtp`` at most, within 0.1 dB.

    Each block has the length of its input block and is aligned to the sample. All channels share one gain. The gain is
    exactly 1, and samples are bit-identical, up to 6 ms before a peak over the ceiling and after the release. The
    result does not depend on how the programme is cut into blocks. True peaks are those of ITU-R BS.1770-4, Annex 2.

    The gain that a peak needs is released by 60 dB a second, held over the attack, and smoothed in dB by a triangle as
    wide as the hold. So each smoothed value is a mean of values that are all low enough for the peak.
    """
    shapes: deque[tuple[int, int]] = deque()
    rate_hz = 0
    ready = _Frames()

    def samples_of_blocks() -> Iterator[Samples]:
        nonlocal rate_hz
        for block in blocks:
            rate_hz = block.rate_hz
            shapes.append(block.samples.shape)
            yield block.samples

    for chunk in _limited(_windows(samples_of_blocks()), ceiling_dbtp):
        ready.append(chunk)
        while shapes and shapes[0][0] <= ready.count:
            yield Sound(samples=ready.pop(*shapes.popleft()), rate_hz=rate_hz)
    while shapes:  # empty blocks at the end
        yield Sound(samples=ready.pop(*shapes.popleft()), rate_hz=rate_hz)


class _Frames:
    """A queue of frames."""

    def __init__(self) -> None:
        self._parts: list[Samples] = []
        self.count = 0

    def append(self, samples: Samples) -> None:
        self._parts.append(samples)
        self.count += len(samples)

    def peek(self, frames: int) -> Samples:
        """Return the first ``frames`` and keep them."""
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts)]
        return self._parts[0][:frames]

    def pop(self, frames: int, channels: int) -> Samples:
        """Return the first ``frames`` and remove them."""
        if not frames:
            return np.zeros((0, channels), dtype=np.float32)
        first = self.peek(frames)
        self._parts = [self._parts[0][frames:]]
        self.count -= frames
        return first


def _windows(blocks: Iterator[Samples]) -> Iterator[Samples]:
    """Yield chunks of fixed length (the last may be shorter) with ``_REACH`` frames of context on both sides."""
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
    """Yield the chunk inside each window, times its gain."""
    frame = 0
    release = np.inf
    for window in windows:
        chunk = window[_REACH:-_REACH]
        needed_db = _needed_db(window, ceiling_dbtp)
        ramp = RELEASE_DB_PER_FRAME * np.arange(frame, frame + len(needed_db))
        lowest = np.minimum.accumulate(np.minimum(needed_db - ramp, release))
        gain_db = _smoothed(_minimum(lowest + ramp, 2 * _HALF + ATTACK_FRAMES + 1))
        yield chunk * (10.0 ** (gain_db / 20.0)).astype(np.float32)[:, None] if gain_db.any() else chunk.copy()
        release = lowest[len(chunk) - 1]
        frame += len(chunk)


def _needed_db(window: Samples, ceiling_dbtp: float) -> NDArray[np.float64]:
    """Return the gain (dB, at most 0) that brings each frame, and the peaks around it, to the ceiling."""
    inner = window[_HALF:-_HALF]
    needed = np.zeros(len(inner))
    ceiling = factor(ceiling_dbtp)
    if np.abs(window).max() * MOST_OVERSHOOT <= ceiling:
        return needed
    peaks = np.maximum(oversampled_peaks(window)[1:], np.abs(inner).max(axis=1))
    over = peaks > ceiling
    needed[over] = 20.0 * np.log10(ceiling / peaks[over].astype(np.float64))
    return needed


def _minimum(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the minimum of each ``width`` neighbours, by doubling."""
    span = 1
    while 2 * span <= width:
        values = np.minimum(values[:-span], values[span:])
        span *= 2
    rest = width - span
    return np.minimum(values[:-rest], values[rest:]) if rest else values


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean under a triangle of ``ATTACK_FRAMES + 1`` frames: two running means, exact for zeros."""
    width = ATTACK_FRAMES // 2 + 1
    for _ in range(2):
        sums = np.concatenate([[0.0], np.cumsum(values)])
        values = (sums[width:] - sums[:-width]) / width
    return values
