"""Processing a programme in overlapping windows, whose results are cross-faded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from dub_assets.core.signal.sound import Samples

Process = Callable[[Sequence[Samples]], Sequence[Samples]]
"""Returns a result of equal shape for each window."""


def overlapped(
    blocks: Iterable[Samples], process: Process, *, window: int, overlap: float, batch: int
) -> Iterator[tuple[Samples, Samples]]:
    """Yield ``(input, result)`` blocks of equal shape, which joined have the length of the input.

    ``window`` is the length of a window in frames; the last windows are padded with zeros. ``overlap`` is the share of
    it that neighbours have in common, where they fade into each other. ``batch`` windows are processed at once; neither
    that nor the length of the blocks changes the result. Memory does not grow with the programme.
    """
    stride = max(1, round(window * (1 - overlap)))
    batch_frames = (batch - 1) * stride + window
    joiner = _Joiner(window, stride)
    rest: Samples | None = None
    for block in blocks:
        rest = block if rest is None else np.concatenate([rest, block])
        while len(rest) >= batch_frames:
            yield from joiner.joined(rest[:batch_frames], batch, process)
            rest = rest[batch * stride :]
    while rest is not None and len(rest):
        count = min(batch, -(-len(rest) // stride))
        yield from joiner.joined(rest[: (count - 1) * stride + window], count, process)
        rest = rest[count * stride :]


class _Joiner:
    """Fades the result of each window into that of the window before it."""

    def __init__(self, window: int, stride: int) -> None:
        rising = np.arange(1, window // 2 + 1)
        falling = np.arange(window - window // 2, 0, -1)
        fade = np.concatenate([rising, falling]).astype(np.float32)
        self._fade = (fade / fade.max())[:, None]
        self._window, self._stride = window, stride
        self._weight = np.zeros((window, 1), dtype=np.float32)
        self._sum: Samples | None = None

    def joined(self, samples: Samples, count: int, process: Process) -> Iterator[tuple[Samples, Samples]]:
        """Process the next ``count`` windows of ``samples``, and yield one stride of input and result for each.

        The last stride of the programme is shorter.
        """
        starts = [place * self._stride for place in range(count)]
        results = process([self._padded(samples, start) for start in starts])
        for start, result in zip(starts, results, strict=True):
            finished = self._added(result)
            source = samples[start : start + self._stride]
            yield source, finished[: len(source)]

    def _padded(self, samples: Samples, start: int) -> Samples:
        window = samples[start : start + self._window]
        return np.pad(window, ((0, self._window - len(window)), (0, 0)))

    def _added(self, result: Samples) -> Samples:
        """Add a window's result, and return the stride of frames that no later window reaches."""
        total = np.zeros_like(result) if self._sum is None else self._sum
        total, weight = total + result * self._fade, self._weight + self._fade
        finished: Samples = (total[: self._stride] / weight[: self._stride]).astype(np.float32, copy=False)
        self._sum, self._weight = _shifted(total, self._stride), _shifted(weight, self._stride)
        return finished


def _shifted(samples: Samples, frames: int) -> Samples:
    """Return samples without the first ``frames``, with as many zeros at the end."""
    return np.pad(samples[frames:], ((0, frames), (0, 0)))
