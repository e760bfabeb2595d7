"""What Whisper listens to: mono tracks of at most one window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.speech import SpeechChunk
from dub_assets.engines.whisper.whisper import RATE_HZ, WINDOW_S

WINDOW_FRAMES = WINDOW_S * RATE_HZ

Track = NDArray[np.float32]
"""Mono samples, shape ``(frames,)``."""


def track_of(chunk: SpeechChunk) -> Track:
    """The samples of a chunk. Raises ValueError where it is not mono, of another rate, or longer than a window."""
    if chunk.sound.rate_hz != RATE_HZ or chunk.sound.channels != 1 or chunk.sound.frames > WINDOW_FRAMES:
        raise ValueError(f"Whisper takes mono chunks of at most {WINDOW_S} s at {RATE_HZ} Hz")
    return chunk.sound.samples[:, 0]
