from __future__ import annotations

import math

import numpy as np
import pytest
from support.measures import true_peak_dbtp

from dub_assets.core.signal.level import (
    TRUE_PEAK_FILTERS,
    active_speech_level_dbfs,
    apply_gain,
    apply_gain_db,
    decibels,
    factor,
    oversampled_peaks,
    peak_dbfs,
    rms_dbfs,
)
from dub_assets.core.signal.sound import Sound, silence

RATE_HZ = 48_000


def sine(frequency_hz: float, *, amplitude: float = 1.0, phase: float = 0.0, seconds: float = 1.0) -> Sound:
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave = amplitude * np.sin(2 * np.pi * frequency_hz * time + phase)
    return Sound(samples=wave.astype(np.float32)[:, None], rate_hz=RATE_HZ)


def joined(*sounds: Sound) -> Sound:
    return Sound(samples=np.concatenate([sound.samples for sound in sounds]), rate_hz=RATE_HZ)


def test_a_full_scale_sine_has_its_levels() -> None:
    tone = sine(1_000)
    assert peak_dbfs(tone) == pytest.approx(0.0, abs=0.001)
    assert rms_dbfs(tone) == pytest.approx(-3.010, abs=0.001)
    assert active_speech_level_dbfs(tone) == pytest.approx(-3.010, abs=0.001)


def test_silence_has_no_level() -> None:
    for sound in (silence(RATE_HZ, 2, RATE_HZ), silence(0, 2, RATE_HZ)):
        assert peak_dbfs(sound) == -math.inf
        assert rms_dbfs(sound) == -math.inf
        assert true_peak_dbtp(sound) == -math.inf
        assert active_speech_level_dbfs(sound) is None


def test_pauses_do_not_count_for_the_level_of_speech() -> None:
    speech, noise = sine(300, amplitude=0.1, seconds=2), sine(300, amplitude=0.001, seconds=8)
    assert rms_dbfs(joined(speech, noise)) == pytest.approx(-30.0, abs=0.05)
    assert active_speech_level_dbfs(joined(speech, noise)) == pytest.approx(-23.01, abs=0.01)


def test_quiet_parts_of_speech_within_the_margin_count() -> None:
    loud, quiet = sine(300, amplitude=0.1), sine(300, amplitude=0.05)
    expected = 10 * math.log10((0.1**2 + 0.05**2) / 2 / 2)
    assert active_speech_level_dbfs(joined(loud, quiet)) == pytest.approx(expected, abs=0.01)


def test_sound_under_minus_70_dbfs_is_silence() -> None:
    assert active_speech_level_dbfs(sine(300, amplitude=10 ** (-68 / 20))) is None
    assert active_speech_level_dbfs(sine(300, amplitude=10 ** (-66 / 20))) == pytest.approx(-69.01, abs=0.01)


def test_the_level_of_a_sound_shorter_than_a_frame_is_its_rms() -> None:
    tone = sine(1_000, seconds=0.01)
    assert active_speech_level_dbfs(tone) == pytest.approx(rms_dbfs(tone), abs=1e-6)


def test_gains_and_decibels_belong_together() -> None:
    assert factor(6.0) == pytest.approx(1.99526, abs=1e-5)
    assert factor(-math.inf) == 0.0
    assert decibels(0.5) == pytest.approx(-6.0206, abs=1e-4)
    assert rms_dbfs(apply_gain_db(sine(1_000), -12.5)) == pytest.approx(-15.51, abs=0.001)
    assert np.array_equal(apply_gain(sine(440), 0.0).samples, np.zeros((RATE_HZ, 1), dtype=np.float32))
    assert apply_gain(sine(440), 0.25).samples.dtype == np.float32


def test_the_interpolator_is_that_of_the_standard() -> None:
    assert TRUE_PEAK_FILTERS.shape == (4, 12)
    assert TRUE_PEAK_FILTERS[2].tolist() == TRUE_PEAK_FILTERS[1][::-1].tolist()
    assert TRUE_PEAK_FILTERS[3].tolist() == TRUE_PEAK_FILTERS[0][::-1].tolist()
    sums = TRUE_PEAK_FILTERS.sum(axis=1)
    assert sums.tolist() == pytest.approx([1.0015869, 0.9730225, 0.9730225, 1.0015869], abs=1e-7)


def test_a_sine_at_a_quarter_of_the_rate_peaks_3_db_between_its_samples() -> None:
    """ITU-R BS.1770 Annex 2: sampled at 45 degrees the samples show 3.01 dB too little; tolerance 0.1 dB."""
    tone = sine(RATE_HZ / 4, phase=math.pi / 4)
    faded = Sound(samples=tone.samples * np.hanning(RATE_HZ)[:, None].astype(np.float32), rate_hz=RATE_HZ)
    assert peak_dbfs(faded) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_dbtp(faded) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("frequency_hz", [100, 997, 4_801, 7_999, 11_003])
@pytest.mark.parametrize("phase", [0.0, 0.4, 0.9, 1.3])
def test_the_true_peak_of_a_sine_is_its_amplitude(frequency_hz: float, phase: float) -> None:
    """The tolerance is that of EBU Tech 3341: 0.2 dB over, 0.4 dB under."""
    tone = sine(frequency_hz, amplitude=0.5, phase=phase)
    faded = Sound(samples=tone.samples * np.hanning(RATE_HZ)[:, None].astype(np.float32), rate_hz=RATE_HZ)
    assert -0.4 <= true_peak_dbtp(faded) + 6.0206 <= 0.2


def test_the_loudest_channel_counts() -> None:
    both = np.concatenate([sine(1_000, amplitude=0.1).samples, sine(1_000, amplitude=0.4).samples], axis=1)
    assert true_peak_dbtp(Sound(samples=both, rate_hz=RATE_HZ)) == pytest.approx(decibels(0.4), abs=0.05)


@pytest.mark.parametrize("at", [0, 500, 999])
def test_a_click_at_the_very_edge_is_seen(at: int) -> None:
    samples = np.zeros((1_000, 1), dtype=np.float32)
    samples[at] = 0.5
    assert true_peak_dbtp(Sound(samples=samples, rate_hz=RATE_HZ)) == pytest.approx(decibels(0.5), abs=1e-5)


@pytest.mark.parametrize("frames", [0, 1, 11, 12, 40])
def test_windows_are_counted(frames: int) -> None:
    assert len(oversampled_peaks(np.ones((frames, 2), dtype=np.float32))) == max(0, frames - 11)
