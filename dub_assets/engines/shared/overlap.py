"""Working through a programme in segments that overlap, and joining what a model makes of them without a seam."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from dub_assets.core.signal.sound import Samples

Work = Callable[[Sequence[Samples]], Sequence[Samples]]
"""Makes something of each segment, of equal shape."""


def overlapped(
    blocks: Iterable[Samples], work: Work, *, segment: int, overlap: float, at_once: int
) -> Iterator[tuple[Samples, Samples]]:
    """Yield ``(input, result)`` blocks of equal shape, which joined are as long as the input; memory stays constant.

    ``segment`` is the length in frames that ``work`` is given, zeros filling up the last ones, ``overlap`` the share of
    it that neighbours have in common: there they fade into each other. ``at_once`` segments are worked on together;
    neither that nor the length of the blocks changes the result.
    """
    stride = max(1, round(segment * (1 - overlap)))
    enough = (at_once - 1) * stride + segment
    joiner = _Joiner(segment, stride)
    rest: Samples | None = None
    for block in blocks:
        rest = block if rest is None else np.concatenate([rest, block])
        while len(rest) >= enough:
            yield from joiner.joined(rest[:enough], at_once, work)
            rest = rest[at_once * stride :]
    while rest is not None and len(rest):
        count = min(at_once, -(-len(rest) // stride))
        yield from joiner.joined(rest[: (count - 1) * stride + segment], count, work)
        rest = rest[count * stride :]


class _Joiner:
    """Fades each segment's result into the one before it."""

    def __init__(self, segment: int, stride: int) -> None:
        rising = np.arange(1, segment // 2 + 1)
        falling = np.arange(segment - segment // 2, 0, -1)
        window = np.concatenate([rising, falling]).astype(np.float32)
        self._window = (window / window.max())[:, None]
        self._segment, self._stride = segment, stride
        self._weight = np.zeros((segment, 1), dtype=np.float32)
        self._sum: Samples | None = None

    def joined(self, samples: Samples, count: int, work: Work) -> Iterator[tuple[Samples, Samples]]:
        """What is finished once the next ``count`` segments of ``samples`` are in; less at the programme's end."""
        starts = [place * self._stride for place in range(count)]
        for start, result in zip(starts, work([self._cut(samples, start) for start in starts]), strict=True):
            finished = self._added(result)
            known = samples[start : start + self._stride]
            yield known, finished[: len(known)]

    def _cut(self, samples: Samples, start: int) -> Samples:
        segment = samples[start : start + self._segment]
        return np.pad(segment, ((0, self._segment - len(segment)), (0, 0)))

    def _added(self, result: Samples) -> Samples:
        """One stride of frames that no later segment reaches."""
        total = np.zeros_like(result) if self._sum is None else self._sum
        total, weight = total + result * self._window, self._weight + self._window
        finished: Samples = (total[: self._stride] / weight[: self._stride]).astype(np.float32, copy=False)
        self._sum, self._weight = _shifted(total, self._stride), _shifted(weight, self._stride)
        return finished


def _shifted(samples: Samples, frames: int) -> Samples:
    """Later by ``frames``, zeros at the end."""
    return np.pad(samples[frames:], ((0, frames), (0, 0)))
