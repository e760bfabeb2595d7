"""Sounds, stretched."""

from __future__ import annotations

from typing import Any

import numpy as np

from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg
from dub_assets.core.signal.sound import Sound

MIN_TEMPO, MAX_TEMPO = 0.5, 2.0
STRETCH_TOLERANCE_S = 0.02


def stretch(ffmpeg: Ffmpeg, sound: Sound, tempo: float) -> Sound:
    """Return the sound ``tempo`` (0.5 to 2) times as fast, at the same pitch; see ``ports.MediaTool``."""
    if not MIN_TEMPO <= tempo <= MAX_TEMPO:
        raise ValueError(f"tempo {tempo} is outside {MIN_TEMPO} to {MAX_TEMPO}")
    if tempo == 1 or not sound.frames:
        return sound
    import ffmpeg as graphs

    raw = {"format": "f32le", "ar": sound.rate_hz, "ac": sound.channels}
    graph = (
        graphs.input("pipe:0", protocol_whitelist="pipe", **raw)
        .filter("atempo", tempo)
        .output("pipe:1", acodec="pcm_f32le", **raw)
    )
    stretched, _ = ffmpeg.run(graph, doing="stretch speech", stdin=sound.samples.astype("<f4").tobytes())
    samples = np.frombuffer(stretched, dtype="<f4").astype(np.float32).reshape(-1, sound.channels)
    return Sound(samples=_within_tolerance(samples, sound, tempo), rate_hz=sound.rate_hz)


def _within_tolerance(samples: Any, sound: Sound, tempo: float) -> Any:
    """Pad or cut samples whose length is off by more than the tolerance, as atempo's are at extreme tempos."""
    tolerance = int(STRETCH_TOLERANCE_S * sound.rate_hz)
    exact = round(sound.frames / tempo)
    shortest, longest = exact - tolerance, exact + tolerance
    missing = max(0, shortest - len(samples))
    return np.pad(samples, ((0, missing), (0, 0)))[:longest]
