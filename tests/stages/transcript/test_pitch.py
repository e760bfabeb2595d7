from __future__ import annotations

import numpy as np
import pytest

from dub_assets.core.signal.sound import Sound
from dub_assets.stages.transcript.pitch import median_pitch_hz, pitches_hz

RATE_HZ = 16_000


def sound(samples) -> Sound:
    return Sound(samples=np.asarray(samples, np.float32)[:, None], rate_hz=RATE_HZ)


def buzz(pitch_hz: float, seconds: float = 1.0, partials: int = 12) -> np.ndarray:
    """A tone with partials that fall off by 6 dB an octave, the first one missing half of its strength."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    strengths = [0.5, *(1 / number for number in range(2, partials + 1))]
    tones = [s * np.sin(2 * np.pi * pitch_hz * n * time + n) for n, s in enumerate(strengths, start=1)]
    return 0.1 * np.sum(tones, axis=0)


@pytest.mark.parametrize("pitch_hz", [75, 110, 160, 220, 330])
def test_finds_the_pitch_of_a_tone_within_two_percent(pitch_hz: float):
    assert median_pitch_hz([sound(buzz(pitch_hz))]) == pytest.approx(pitch_hz, rel=0.02)


def test_noise_and_silence_have_no_pitch():
    noise = np.random.default_rng(2).standard_normal(RATE_HZ) * 0.1
    assert len(pitches_hz(sound(noise))) < 3
    assert median_pitch_hz([sound(np.zeros(RATE_HZ))]) is None
    assert median_pitch_hz([sound(np.zeros(10))]) is None
    assert median_pitch_hz([]) is None


def test_noise_under_a_tone_does_not_change_its_pitch():
    noise = np.random.default_rng(2).standard_normal(RATE_HZ) * 0.03
    assert median_pitch_hz([sound(buzz(140) + noise)]) == pytest.approx(140, rel=0.02)


def test_the_median_counts_every_voiced_frame():
    assert median_pitch_hz([sound(buzz(100, 3.0)), sound(buzz(300, 1.0))]) == pytest.approx(100, rel=0.02)
