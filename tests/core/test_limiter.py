from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from support.measures import true_peak_dbtp

from dub_assets.core.signal.level import apply_gain_db, peak_dbfs
from dub_assets.core.signal.limiter import limit_true_peak
from dub_assets.core.signal.sound import Sound, silence

RATE_HZ = 48_000
FRAMES = 3 * RATE_HZ  # more than two of the limiter's own chunks


def sound(samples: NDArray[np.float64]) -> Sound:
    return Sound(samples=samples.reshape(len(samples), -1).astype(np.float32), rate_hz=RATE_HZ)


def limited(programme: Sound, ceiling_dbtp: float = -1.0) -> Sound:
    (result,) = limit_true_peak([programme], ceiling_dbtp)
    return result


def noise(level: float, channels: int = 2, seed: int = 0) -> Sound:
    return sound(np.random.default_rng(seed).standard_normal((FRAMES, channels)) * level)


def bursts() -> NDArray[np.float64]:
    """Twelve samples of full alternation here and there: the worst that an interpolator can be given."""
    random = np.random.default_rng(3)
    samples = np.zeros(FRAMES)
    for at in random.integers(0, FRAMES - 12, 100):
        samples[at : at + 12] = random.choice([-1, 1], 12) * random.uniform(0.5, 8)
    return samples


def switching() -> NDArray[np.float64]:
    random = np.random.default_rng(4)
    return random.standard_normal(FRAMES) * np.repeat(random.choice([0.05, 1, 5], FRAMES // 480), 480)


TIME = np.arange(FRAMES)
HARSH: dict[str, Callable[[], NDArray[np.float64]]] = {
    "noise": lambda: np.random.default_rng(1).standard_normal((FRAMES, 2)) * 4,
    "a square": lambda: np.sign(np.sin(2 * np.pi * 1_000 / RATE_HZ * TIME)),
    "peaks between samples": lambda: 1.4 * np.sin(np.pi / 2 * TIME + np.pi / 4),
    "near the highest frequency": lambda: 1.4 * np.sin(2 * np.pi / 2.1 * TIME),
    "random signs": lambda: np.sign(np.random.default_rng(2).standard_normal(FRAMES)) * 2,
    "a low tone": lambda: 1.5 * np.sin(2 * np.pi * 40 / RATE_HZ * TIME),
    "bursts": bursts,
    "switching levels": switching,
    "a constant": lambda: np.full(FRAMES, 3.0),
}


@pytest.mark.parametrize("ceiling_dbtp", [-1.0, -9.0])
@pytest.mark.parametrize("kind", HARSH)
def test_the_true_peak_stays_at_the_ceiling(kind: str, ceiling_dbtp: float) -> None:
    """Tolerance 0.1 dB."""
    programme = sound(HARSH[kind]())
    assert true_peak_dbtp(programme) > ceiling_dbtp + 2
    assert true_peak_dbtp(limited(programme, ceiling_dbtp)) <= ceiling_dbtp + 0.1


def test_samples_under_the_ceiling_are_unchanged() -> None:
    programme = apply_gain_db(noise(0.2), -3.0)
    assert -3.0 < true_peak_dbtp(programme) < -1.0
    assert np.array_equal(limited(programme).samples, programme.samples)


def test_samples_far_from_a_peak_are_identical_and_near_it_turned_down() -> None:
    programme = noise(0.1)
    samples = programme.samples.copy()
    peak = RATE_HZ
    samples[peak, 0] = 2.0
    result = limited(Sound(samples=samples, rate_hz=RATE_HZ)).samples
    before, after = peak - RATE_HZ * 6 // 1000, peak + RATE_HZ * 135 // 1000
    assert np.array_equal(result[:before], samples[:before])
    assert np.array_equal(result[after:], samples[after:])
    assert abs(float(result[peak, 0])) == pytest.approx(10 ** (-1 / 20), abs=0.01)
    turned_down = np.abs(result[peak - 24 : peak + 24]) < np.abs(samples[peak - 24 : peak + 24])
    assert turned_down.all(), "both channels"


def test_the_gain_is_one_for_all_channels_smooth_and_released_at_60_db_a_second() -> None:
    carrier = np.full((FRAMES, 2), 0.001)
    carrier[:, 1] *= -0.5
    peak = 70_000
    carrier[peak, 0] = 10 ** (5 / 20)
    gains = limited(sound(carrier)).samples / sound(carrier).samples
    assert np.allclose(gains[:, 0], gains[:, 1], atol=1e-6)
    gains_db = 20 * np.log10(gains[:, 0].astype(np.float64))
    assert gains_db.min() == pytest.approx(-6.0, abs=0.001)
    assert np.abs(np.diff(gains_db)).max() < 0.1
    half = peak + 240 + 50 * 48
    assert gains_db[half] == pytest.approx(-3.0, abs=0.2), "3 dB of 6 after 50 ms"


def test_output_is_aligned_and_as_long_as_the_input() -> None:
    programme = noise(0.5)
    result = limited(programme)
    assert result.samples.shape == programme.samples.shape
    assert result.rate_hz == RATE_HZ
    lags = [
        float((result.samples[8:-8, 0] * np.roll(programme.samples[:, 0], lag)[8:-8]).sum()) for lag in range(-4, 5)
    ]
    assert int(np.argmax(lags)) == 4


@given(st.lists(st.integers(0, 40_000), max_size=8), st.integers(0, 3))
@settings(max_examples=25)
def test_the_result_does_not_depend_on_the_blocks(sizes: list[int], seed: int) -> None:
    programme = noise(0.4, seed=seed).samples[: sum(sizes)]
    ends = np.cumsum([0, *sizes])
    blocks = [Sound(samples=programme[start:end], rate_hz=RATE_HZ) for start, end in pairwise(ends)]
    results = list(limit_true_peak(iter(blocks), -3.0))
    assert [block.samples.shape for block in results] == [block.samples.shape for block in blocks]
    if blocks:
        joined = np.concatenate([block.samples for block in results])
        assert np.array_equal(joined, limited(Sound(samples=programme, rate_hz=RATE_HZ), -3.0).samples)


def test_a_chunk_and_its_neighbours_meet_without_a_seam() -> None:
    """A peak beside the border of the limiter's chunks of 65,536 frames acts on both sides."""
    for peak in (65_535, 65_536, 65_600, 131_071):
        carrier = np.full(FRAMES, 0.01)
        carrier[peak] = 2.0
        result = limited(sound(carrier))
        gains = result.samples[:, 0] / sound(carrier).samples[:, 0]
        assert np.abs(np.diff(20 * np.log10(gains.astype(np.float64)))).max() < 0.12
        assert peak_dbfs(result) == pytest.approx(-1.0, abs=0.01)


def test_blocks_come_out_while_the_programme_still_runs() -> None:
    taken = 0

    def programme() -> Iterator[Sound]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield Sound(samples=noise(0.3, seed=taken).samples[:48_000], rate_hz=RATE_HZ)

    out = limit_true_peak(programme(), -1.0)
    next(out)
    assert taken <= 3


def test_nothing_silence_and_empty_blocks_pass() -> None:
    assert list(limit_true_peak([], -1.0)) == []
    assert [block.frames for block in limit_true_peak([silence(0, 2, RATE_HZ)], -1.0)] == [0]
    assert not limited(silence(500, 6, RATE_HZ)).samples.any()
    single = limited(sound(np.array([4.0])))
    assert float(single.samples[0, 0]) == pytest.approx(10 ** (-1 / 20), abs=0.01)
    assert math.isfinite(true_peak_dbtp(single))
