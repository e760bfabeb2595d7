"""Integrated loudness against EBU Tech 3341 and against ffmpeg's meter, and mixes of two layers foreseen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dub_assets.core.signal.loudness import KWeighting, LayerPowers, integrated_lufs, loudness_powers, powers
from dub_assets.core.signal.sound import Sound, silence

RATE_HZ = 48_000


def sine(dbfs: float, seconds: float, channels: int = 2, hz: float = 1000.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * time)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def sound(*parts: np.ndarray) -> Sound:
    return Sound(samples=np.concatenate(parts), rate_hz=RATE_HZ)


def lufs(*parts: np.ndarray) -> float | None:
    return integrated_lufs(loudness_powers([sound(*parts)]))


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
)
def test_the_compliance_signals_of_ebu_tech_3341(levels, expected):
    """Cases 1 to 5, tolerance 0.1 LU."""
    assert lufs(*(sine(level, seconds) for level, seconds in levels)) == pytest.approx(expected, abs=0.1)


def test_surround_channels_count_more_and_the_low_frequency_channel_nothing():
    samples = np.zeros((5 * RATE_HZ, 6), dtype=np.float32)
    samples[:, 3] = sine(-6, 5)[:, 0]
    assert lufs(samples) is None
    samples[:, 4] = sine(-20, 5)[:, 0]
    front = np.zeros_like(samples)
    front[:, 0] = sine(-20, 5)[:, 0]
    assert lufs(samples) - lufs(front) == pytest.approx(1.49, abs=0.01)


def test_the_result_does_not_depend_on_the_blocks():
    programme = np.random.default_rng(1).normal(0, 0.1, (3 * RATE_HZ + 77, 2)).astype(np.float32)
    ends = [0, 1, 5000, 5001, 60_000, 120_000, len(programme)]
    blocks = [Sound(samples=programme[a:b], rate_hz=RATE_HZ) for a, b in pairwise(ends)]
    assert integrated_lufs(loudness_powers(blocks)) == pytest.approx(lufs(programme), abs=1e-4)


def test_silence_and_less_than_400_ms_have_no_loudness():
    assert lufs(sine(-20, 0.3)) is None
    assert integrated_lufs(loudness_powers([silence(RATE_HZ, 2, RATE_HZ)])) is None
    assert integrated_lufs(loudness_powers([])) is None


def layers() -> tuple[LayerPowers, np.ndarray, np.ndarray]:
    random = np.random.default_rng(2)
    background = random.normal(0, 0.02, (10 * RATE_HZ, 2)).astype(np.float32)
    speech = np.zeros_like(background)
    speech[RATE_HZ : 6 * RATE_HZ] = random.normal(0, 0.1, (5 * RATE_HZ, 1))
    below, above = KWeighting().weigh(background), KWeighting().weigh(speech)
    found = LayerPowers(background=powers(below, below), cross=powers(below, above), speech=powers(above, above))
    return found, background, speech


@pytest.mark.parametrize("speech_db", [-6.0, 0.0, 2.5])
def test_the_loudness_of_any_mix_of_two_layers_follows_from_their_powers(speech_db):
    found, background, speech = layers()
    assert found.lufs(speech_db) == pytest.approx(lufs(background + speech * 10 ** (speech_db / 20)), abs=0.01)


def test_the_gain_for_a_loudness_is_found_and_held_within_its_limit():
    found, *_ = layers()
    assert found.speech_db_for(found.lufs(1.7), most_db=3.0) == pytest.approx(1.7, abs=0.01)
    assert found.speech_db_for(0.0, most_db=3.0) == pytest.approx(3.0, abs=0.01)
    assert found.speech_db_for(-60.0, most_db=3.0) == pytest.approx(-3.0, abs=0.01)
