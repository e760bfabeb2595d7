"""Everything in the sample that is not speech: the music, and at its places the chime and the applause."""

from __future__ import annotations

import numpy as np

from dub_assets.core.timing import FRAMES_PER_MS, SAMPLE_RATE_HZ
from sample.music import Mono, Stereo, add, music, struck
from sample.timeline import DURATION_MS, Event, events

MUSIC_DBFS = -28.0
"""RMS of the music in dB under full scale; about -26 LUFS, 7 dB under the speech."""

BELL = ((0.5, 0.25, 900.0), (1.0, 1.0, 700.0), (2.01, 0.45, 420.0), (3.02, 0.2, 240.0), (4.18, 0.12, 140.0))
"""Partials of a door bell: (ratio, amplitude, time constant in ms)."""


def bed() -> Stereo:
    """The bed stem at 48 kHz, as long as the sample."""
    track = music(DURATION_MS)
    track *= np.float32(10 ** (MUSIC_DBFS / 20) / np.sqrt(np.mean(track**2)))
    for event in events():
        start = event.interval.start_frame
        track[start : event.interval.end_frame] += _sound(event)
    return track


def _sound(event: Event) -> Stereo:
    """An event's sound, as long as its interval."""
    duration_ms = event.interval.duration_ms
    return _chime(duration_ms) if event.name == "chime" else _applause(duration_ms)


def _chime(duration_ms: int) -> Stereo:
    """A door chime of two tones, E5 and C5, the second from the other side."""
    track = np.zeros((duration_ms * FRAMES_PER_MS, 2), dtype=np.float32)
    for at_ms, frequency_hz, pan in ((0, 659.26, -0.4), (650, 523.25, 0.4)):
        add(track, at_ms, struck(frequency_hz, duration_ms - at_ms, BELL), gain=0.16, pan=pan)
    return track


def _applause(duration_ms: int) -> Stereo:
    """A small hall clapping: some thirty pairs of hands, each with its own sound, pace and place."""
    rng = np.random.default_rng(1812)
    track = np.zeros((duration_ms * FRAMES_PER_MS, 2), dtype=np.float32)
    for pan in np.linspace(-1, 1, 32):
        clap = _clap(rng)
        pace_ms = rng.uniform(190, 300)
        at_ms = rng.uniform(0, 500)
        until_ms = rng.uniform(0.7, 1) * duration_ms - 60
        while at_ms < until_ms:
            add(track, at_ms, clap, gain=rng.uniform(0.1, 0.22), pan=pan)
            at_ms += pace_ms * rng.uniform(0.9, 1.1)
    position = np.linspace(0, 1, len(track), dtype=np.float32)
    track *= (np.minimum(position / 0.12, 1) * np.minimum((1 - position) / 0.35, 1))[:, None]
    return track


def _clap(rng: np.random.Generator) -> Mono:
    """One clap: a short burst of noise that rings where the hollow of the hands does."""
    time_s = np.arange(60 * FRAMES_PER_MS, dtype=np.float32) / SAMPLE_RATE_HZ
    ring_hz = rng.uniform(700, 2_200)
    noise = np.convolve(rng.standard_normal(time_s.size), np.hanning(int(rng.integers(4, 14))), mode="same")
    hollow = 1 + np.sin(2 * np.pi * ring_hz * time_s)
    clap: Mono = (noise / np.abs(noise).max() * hollow * np.exp(-time_s / 0.009)).astype(np.float32)
    return clap
