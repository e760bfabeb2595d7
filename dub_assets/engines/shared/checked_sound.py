"""Checks of sound before a model processes it."""

from __future__ import annotations

import numpy as np

from dub_assets.core.errors import MediaError
from dub_assets.core.signal.sound import Samples, Sound


def checked_samples(sound: Sound, *, rate_hz: int, engine: str) -> Samples:
    """Return the samples of a sound.

    Raises ValueError for another sample rate, MediaError if a sample is NaN or infinite.
    """
    if sound.rate_hz != rate_hz:
        raise ValueError(f"{engine} takes sound at {rate_hz} Hz, not at {sound.rate_hz} Hz")
    if not np.isfinite(sound.samples).all():
        raise MediaError("the sound has samples that are not finite: decode or repair the file first")
    return sound.samples
