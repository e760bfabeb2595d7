"""Sound in memory: a block, a segment or a line, never a whole programme."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Shape ``(frames, channels)``, full scale ±1.0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sound:
    """Samples of shape ``(frames, channels)``, float32, full scale ±1.0, at ``rate_hz``."""

    samples: Samples
    rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2:
            raise ValueError(f"sound has the shape (frames, channels), not {self.samples.shape}")

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.samples.shape[0])

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[1])

    @property
    def duration_ms(self) -> int:
        """Whole milliseconds (rounded down)."""
        return self.frames * 1000 // self.rate_hz

    def mono(self) -> Sound:
        """Return the mean of all channels, as one channel."""
        return Sound(samples=self.samples.mean(axis=1, keepdims=True, dtype=np.float32), rate_hz=self.rate_hz)


def silence(frames: int, channels: int, rate_hz: int) -> Sound:
    """Return silence of the given shape."""
    return Sound(samples=np.zeros((frames, channels), dtype=np.float32), rate_hz=rate_hz)
