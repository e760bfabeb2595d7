from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dub_assets.core.signal.sound import Sound
from dub_assets.stages.report.spectrogram import (
    BANDS,
    SILENCE_DB,
    SPECTROGRAM_RATE_HZ,
    Spectrogram,
    shades,
    spectrogram,
)


def sine(hz: float, seconds: float = 2.0, level: float = 1.0) -> np.ndarray:
    at = np.arange(int(seconds * SPECTROGRAM_RATE_HZ)) / SPECTROGRAM_RATE_HZ
    return (level * np.sin(2 * np.pi * hz * at)).astype(np.float32)


def spectrogram_of(samples: np.ndarray, columns_per_s: int = 50, cuts: tuple[int, ...] = ()) -> Spectrogram:
    blocks = [Sound(samples=part[:, None], rate_hz=SPECTROGRAM_RATE_HZ) for part in np.split(samples, cuts)]
    return spectrogram(blocks, columns_per_s=columns_per_s)


def centre_hz(band: int) -> float:
    low, high = 2595 * np.log10(1 + np.array([60.0, 11_000.0]) / 700)
    return 700 * (10 ** ((low + (high - low) * (band + 1) / (BANDS + 1)) / 2595) - 1)


@pytest.mark.parametrize("band", [12, 24, 40])
@pytest.mark.parametrize("level_db", [0.0, -20.0])
def test_shows_a_sine_in_its_band_at_its_level(band: int, level_db: float) -> None:
    levels = spectrogram_of(sine(centre_hz(band), level=10 ** (level_db / 20))).levels_db[5:-5]
    assert set(levels.argmax(axis=1)) == {band}
    assert levels[:, band] == pytest.approx(level_db, abs=2)
    assert levels[:, [band - 8, band + 7]].max() < level_db - 30


def test_shows_a_click_in_its_column() -> None:
    samples = np.zeros(SPECTROGRAM_RATE_HZ, dtype=np.float32)
    samples[480 * 20 + 240] = 0.5
    picture = spectrogram_of(samples)
    assert picture.peaks.argmax() == 20
    assert picture.peaks[20] == 0.5
    assert abs(int(picture.levels_db.sum(axis=1).argmax()) - 20) <= 1


def test_averages_channels_and_shows_silence_as_dark() -> None:
    tone = sine(1_000)
    both = spectrogram([Sound(samples=np.stack([tone, -tone], axis=1), rate_hz=SPECTROGRAM_RATE_HZ)], columns_per_s=25)
    assert both.peaks.max() == 0
    assert both.levels_db == pytest.approx(SILENCE_DB)


@given(st.integers(1, 30_000), st.lists(st.integers(0, 30_000), max_size=5), st.sampled_from([50, 25, 10, 3, 1]))
@settings(max_examples=40)
def test_does_not_depend_on_the_size_of_blocks(frames: int, cuts: list[int], columns_per_s: int) -> None:
    samples = np.random.default_rng(frames).normal(0, 0.1, frames).astype(np.float32)
    whole = spectrogram_of(samples, columns_per_s)
    cut = spectrogram_of(samples, columns_per_s, tuple(sorted(cut for cut in cuts if cut < frames)))
    assert len(whole.peaks) == len(whole.levels_db) == -(-frames * columns_per_s // SPECTROGRAM_RATE_HZ)
    assert np.array_equal(whole.peaks, cut.peaks)
    assert cut.levels_db == pytest.approx(whole.levels_db, abs=1e-3)


def test_is_empty_without_sound() -> None:
    assert spectrogram([], columns_per_s=50).levels_db.shape == (0, BANDS)


def test_rejects_columns_of_fractional_frames_and_other_rates() -> None:
    with pytest.raises(ValueError, match="7 columns a second do not divide 24000 Hz"):
        spectrogram([], columns_per_s=7)
    with pytest.raises(ValueError, match="24000 Hz, not 48000"):
        spectrogram([Sound(samples=np.zeros((10, 1), np.float32), rate_hz=48_000)], columns_per_s=50)


def test_shades_cover_the_range() -> None:
    levels = np.array([[-90.0, -65.0, -32.5, 0.0, 3.0]], dtype=np.float32)
    assert shades(levels, brightest_db=0.0, range_db=65.0, count=25).tolist() == [[0, 0, 12, 24, 24]]
