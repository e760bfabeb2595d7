"""The music under the sample's speech, made here: pads, plucks, a bass and a light beat; stereo, 60 s at 80 bpm.

Everything comes from numpy and fixed seeds, so that the bed is known to the sample.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.timing import FRAMES_PER_MS, SAMPLE_RATE_HZ

Stereo = NDArray[np.float32]
"""Shape ``(frames, 2)``."""

Mono = NDArray[np.float32]

BEAT_MS = 750
BAR_MS = 4 * BEAT_MS

Chord = tuple[int, ...]
"""MIDI notes, the bass first."""

CHORDS: tuple[Chord, ...] = (
    (50, 57, 61, 64, 66),  # D maj9
    (47, 54, 57, 61, 66),  # B m9
    (43, 54, 59, 62, 66),  # G maj7
    (45, 52, 57, 62, 64),  # A sus4
    (54, 57, 62, 64, 69),  # D add9 over F sharp
    (52, 55, 59, 62, 66),  # E m9
    (43, 50, 57, 59, 66),  # G maj9
    (45, 55, 59, 61, 64),  # A 9
)
"""A chord for each bar; the loop of eight ends on its first chord."""

PATTERN = (0, 2, 4, 3, 1, 4, 2, 3)
"""Which note of the chord each eighth of a bar plucks."""


def music(duration_ms: int) -> Stereo:
    """The mixed bed at full level (peak near 1), fading out over the last bar."""
    bars = duration_ms // BAR_MS
    chords = [CHORDS[bar % len(CHORDS)] for bar in range(bars - 1)] + [CHORDS[0]]
    rng = np.random.default_rng(1859)
    frames = duration_ms * FRAMES_PER_MS
    wet = _plucks(chords, frames)
    wet += _scaled(_pads(chords, rng, frames), 0.9)
    dry = _scaled(_bass(chords, frames), 0.4)
    dry += _scaled(_beat(bars, rng, frames), 0.5)
    mixed = wet + dry
    mixed += _scaled(_reverberated(wet + _scaled(dry, 0.3), rng), 0.35)
    fade = np.clip(np.arange(frames, 0, -1, dtype=np.float32) / (BAR_MS * FRAMES_PER_MS), 0, 1) ** 1.5
    mixed *= fade[:, None]
    return _scaled(mixed, 1 / float(np.abs(mixed).max()))


def add(track: Stereo, at_ms: float, sound: Mono, *, gain: float = 1.0, pan: float = 0.0) -> None:
    """Mix a mono sound into a track in place; ``pan`` from -1 (left) to 1, at constant power."""
    start = round(at_ms * FRAMES_PER_MS)
    cut = sound[: track.shape[0] - start]
    angle = (pan + 1) * np.pi / 4
    track[start : start + cut.size, 0] += cut * np.float32(gain * np.cos(angle))
    track[start : start + cut.size, 1] += cut * np.float32(gain * np.sin(angle))


def struck(frequency_hz: float, length_ms: int, partials: tuple[tuple[float, float, float], ...]) -> Mono:
    """A struck or plucked tone: partials as (ratio, amplitude, time constant in ms)."""
    time_s = np.arange(length_ms * FRAMES_PER_MS, dtype=np.float32) / SAMPLE_RATE_HZ
    tone = np.zeros_like(time_s)
    for ratio, amplitude, decay_ms in partials:
        tone += amplitude * np.exp(-time_s * 1000 / decay_ms) * np.sin(2 * np.pi * frequency_hz * ratio * time_s)
    attack = np.minimum(time_s / 0.003, 1)
    release = np.minimum((time_s[-1] - time_s) / 0.02, 1)
    shaped: Mono = tone * attack * release
    return shaped


def _scaled(sound: Stereo, gain: float) -> Stereo:
    """The sound at another level."""
    return np.multiply(sound, np.float32(gain), dtype=np.float32)


def _hz(note: int) -> float:
    return float(440 * 2 ** ((note - 69) / 12))


def _pads(chords: list[Chord], rng: np.random.Generator, frames: int) -> Stereo:
    """A soft choir: each chord drawn as a spectrum of spread harmonics with a random phase per channel."""
    rendered = {chord: _pad(chord, rng) for chord in sorted(set(chords))}
    track = np.zeros((frames, 2), dtype=np.float32)
    for bar, chord in enumerate(chords):
        start = bar * BAR_MS * FRAMES_PER_MS
        cut = rendered[chord][: frames - start]
        track[start : start + len(cut)] += cut
    return track


def _pad(chord: Chord, rng: np.random.Generator) -> Stereo:
    """One chord of the choir, a bar and a half long with its fades, RMS 0.1 (the PADsynth idea)."""
    frames = BAR_MS * FRAMES_PER_MS * 3 // 2
    bins_hz = np.fft.rfftfreq(frames, 1 / SAMPLE_RATE_HZ)
    amplitude = np.zeros_like(bins_hz)
    for note in chord:
        for harmonic in range(1, 9):
            centre_hz = _hz(note) * harmonic
            amplitude += harmonic**-1.9 * np.exp(-(((bins_hz - centre_hz) / (0.0035 * centre_hz)) ** 2))
    phases = rng.uniform(0, 2 * np.pi, size=(bins_hz.size, 2))
    sound = np.fft.irfft(amplitude[:, None] * np.exp(1j * phases), n=frames, axis=0)
    ramp = np.sin(np.linspace(0, np.pi / 2, frames // 3)) ** 2
    sound[: ramp.size] *= ramp[:, None]
    sound[-ramp.size :] *= ramp[::-1, None]
    level: Stereo = (0.1 * sound / np.sqrt(np.mean(sound**2))).astype(np.float32)
    return level


def _plucks(chords: list[Chord], frames: int) -> Stereo:
    """A broken chord in eighths, wandering between the sides, with an echo on the other side."""
    tones: dict[int, Mono] = {}
    track = np.zeros((frames, 2), dtype=np.float32)
    for bar, chord in enumerate(chords[:-1]):
        for eighth, which in enumerate(PATTERN):
            note = chord[which] + 12
            if note not in tones:
                partials = tuple((float(k), 0.22 * k**-1.4, 620 / k**0.8) for k in range(1, 10))
                tones[note] = struck(_hz(note), 1_800, partials)
            at_ms = bar * BAR_MS + eighth * BEAT_MS / 2
            pan = 0.7 * np.sin(0.9 * (bar * len(PATTERN) + eighth))
            accent = 1.0 if eighth % 4 == 0 else 0.7
            add(track, at_ms, tones[note], gain=accent, pan=pan)
            add(track, at_ms + 0.75 * BEAT_MS, tones[note], gain=0.3 * accent, pan=-pan)
    return track


def _bass(chords: list[Chord], frames: int) -> Stereo:
    """The chord's root on the first beat, softly again before the third."""
    partials = ((1.0, 0.6, 900.0), (2.0, 0.2, 500.0), (3.0, 0.06, 300.0))
    track = np.zeros((frames, 2), dtype=np.float32)
    for bar, chord in enumerate(chords):
        tone = struck(_hz(chord[0] - 12), 1_900, partials)
        add(track, bar * BAR_MS, tone)
        add(track, bar * BAR_MS + 1.5 * BEAT_MS, tone, gain=0.6)
    return track


def _beat(bars: int, rng: np.random.Generator, frames: int) -> Stereo:
    """A felt kick, a brushed snare and a shaker, from the second bar until the last two."""
    time_s = np.arange(260 * FRAMES_PER_MS, dtype=np.float32) / SAMPLE_RATE_HZ
    kick = np.exp(-time_s / 0.07) * np.sin(2 * np.pi * (52 * time_s + 1.6 * (1 - np.exp(-time_s / 0.025))))
    hiss = np.diff(rng.standard_normal(time_s.size + 1)).astype(np.float32)
    brush = hiss * np.exp(-time_s / 0.045) * np.minimum(time_s / 0.012, 1)
    shaker = np.diff(hiss, prepend=0) * np.exp(-time_s / 0.022) * np.minimum(time_s / 0.015, 1)
    track = np.zeros((frames, 2), dtype=np.float32)
    for bar in range(1, bars - 2):
        for eighth in range(8):
            at_ms = bar * BAR_MS + eighth * BEAT_MS / 2
            add(track, at_ms, shaker, gain=0.035 if eighth % 2 else 0.02, pan=0.5)
            if eighth in {0, 5}:
                add(track, at_ms, kick, gain=0.55 if eighth == 0 else 0.35)
            if eighth in {2, 6}:
                add(track, at_ms, brush, gain=0.09, pan=-0.25)
    return track


def _reverberated(dry: Stereo, rng: np.random.Generator) -> Stereo:
    """A small hall: a decaying tail of noise, another for each channel, without rumble and hiss."""
    length = 1_600 * FRAMES_PER_MS
    time_s = np.arange(length) / SAMPLE_RATE_HZ
    tail = rng.standard_normal((length, 2)) * (np.minimum(time_s / 0.01, 1) * np.exp(-time_s / 0.32))[:, None]
    size = dry.shape[0] + length
    size += -size % SAMPLE_RATE_HZ  # a length of small factors
    bins_hz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ)
    colour = bins_hz / (bins_hz + 250) / (1 + (bins_hz / 3_000) ** 2)
    hall = np.fft.rfft(tail, n=size, axis=0) * colour[:, None]
    hall /= np.sqrt(np.mean(np.abs(hall) ** 2, axis=0))
    wet: Stereo = np.fft.irfft(np.fft.rfft(dry, n=size, axis=0) * hall, n=size, axis=0).astype(np.float32)
    return wet[: dry.shape[0]]
