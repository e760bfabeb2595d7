"""Silero's voice activity model, from the wheel of faster-whisper: whether a chunk contains speech at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dub_assets.engines.telemetry import disable_telemetry

SILERO_FRAMES = 512
SPEECH_PROBABILITY = 0.3
"""A track whose highest probability of speech is lower contains no words.

Measured at equal peaks: noise, hum, clicks and chords stay under 0.2; speech at 0 dB over noise is over 0.9.
"""


def holds_speech(track: NDArray[np.float32], probability: float = SPEECH_PROBABILITY) -> bool:
    """Return whether a mono track at 16 kHz contains speech. It is scaled to a peak of 0.5, as levels matter."""
    disable_telemetry()
    from faster_whisper.vad import get_vad_model

    peak = float(np.abs(track).max(initial=0.0))
    if peak == 0.0:
        return False
    frames = np.pad(track * (0.5 / peak), (0, -len(track) % SILERO_FRAMES))
    return bool(get_vad_model()(frames).max() >= probability)
