"""The dub in the rendered file: its channels, its loudness, and that its peaks hold."""

import numpy as np
import pytest
import soundfile
from support.media_clips import decoded, ffmpeg, lag_frames, noise, numbered, write_noise
from support.media_renditions import render
from support.media_tool import loudness_of, media_tool

from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.media import Loudness

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def tool() -> FfmpegMediaTool:
    return media_tool()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    picture, sound = numbered(folder / "picture.mp4"), write_noise(folder / "noise.wav", 48_000, 2)
    ffmpeg("-i", picture, "-i", sound, "-c:v", "copy", "-c:a", "aac", folder / "clip.mp4")
    return folder / "clip.mp4"


@pytest.mark.parametrize("channels", range(1, 9))
def test_the_dub_keeps_its_channels(tool, clip, tmp_path, channels):
    samples = noise(48_000, channels)

    dubbed, _ = render(tool, clip, tmp_path, samples=samples)

    _, heard = decoded(dubbed)
    assert heard.shape[1] == channels
    for channel in {0, channels - 1} - ({3} if channels >= 6 else set()):
        # AAC orders the channels of 6.1 in its own way: each one is there, at its time, wherever it is.
        lags = [abs(lag_frames(heard[:, other], samples[:, channel], 48_000)) for other in range(channels)]
        assert min(lags) < 0.05


def tone(peak_db: float, seconds: float = 3) -> np.ndarray:
    time = np.arange(int(seconds * 48_000)) / 48_000
    return np.repeat(10 ** (peak_db / 20) * np.sin(2 * np.pi * 997 * time)[:, None], 2, axis=1)


def test_measures_loudness_by_ebu_tech_3341_case_1(tmp_path):
    """EBU Tech 3341, case 1: a stereo tone of 1 kHz at -23 dBFS has -23.0 ± 0.1 LUFS."""
    soundfile.write(tmp_path / "tone.wav", tone(-23, 20), 48_000, subtype="PCM_24")

    assert loudness_of(tmp_path / "tone.wav") == Loudness(integrated_lufs=-23.0, true_peak_dbtp=-23.0)


def test_silence_has_no_loudness_and_no_peak(tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros((48_000, 1)), 48_000)

    assert loudness_of(tmp_path / "silence.wav") == Loudness(integrated_lufs=None, true_peak_dbtp=None)


def test_sound_shorter_than_a_gating_block_has_a_peak_only(tmp_path):
    soundfile.write(tmp_path / "short.wav", tone(-12, 0.2), 48_000, subtype="PCM_24")

    loudness = loudness_of(tmp_path / "short.wav")

    assert loudness.integrated_lufs is None
    assert loudness.true_peak_dbtp is not None
    assert abs(loudness.true_peak_dbtp + 12) <= 0.2


def loud_noise() -> np.ndarray:
    """Clipped noise: AAC raises its peaks by 3 dB and more."""
    samples = np.random.default_rng(3).standard_normal((3 * 48_000, 2)) * 0.3
    return np.clip(samples + tone(-8), -0.89, 0.89)


def test_the_true_peak_of_the_encoded_dub_is_held(tool, clip, tmp_path):
    dubbed, loudness = render(tool, clip, tmp_path, samples=loud_noise())

    measured = loudness_of(dubbed)
    assert measured.true_peak_dbtp is not None
    assert measured.true_peak_dbtp <= -1.0
    assert loudness.true_peak_dbtp == pytest.approx(measured.true_peak_dbtp, abs=0.15)
    assert loudness.integrated_lufs == pytest.approx(measured.integrated_lufs, abs=0.11)


def test_a_dub_under_the_limit_is_encoded_unlimited(tool, clip, tmp_path):
    samples = noise(48_000, 2)

    dubbed, loudness = render(tool, clip, tmp_path, samples=samples)

    _, heard = decoded(dubbed)
    gain = np.vdot(heard[: len(samples)], samples) / np.vdot(samples, samples)
    assert abs(20 * np.log10(gain)) < 0.1  # of noise, AAC keeps a little less than all
    assert loudness.integrated_lufs == pytest.approx(loudness_of(dubbed).integrated_lufs, abs=0.11)


def test_limiting_touches_peaks_alone(tool, clip, tmp_path):
    samples = 0.2 * noise(48_000, 2)
    samples[48_000:52_000] += loud_noise()[48_000:52_000]

    dubbed, _ = render(tool, clip, tmp_path, samples=samples)

    _, heard = decoded(dubbed)
    quiet = slice(70_000, 140_000)
    gain = np.vdot(heard[quiet], samples[quiet]) / np.vdot(samples[quiet], samples[quiet])
    assert abs(20 * np.log10(gain)) < 0.05
    assert abs(lag_frames(heard[quiet, 0], samples[quiet, 0], 48_000)) < 0.05


def test_a_silent_dub_is_no_error(tool, clip, tmp_path):
    _, loudness = render(tool, clip, tmp_path, samples=np.zeros((144_000, 2)))

    assert loudness.integrated_lufs is None


def buzz(peak_db: float, pitch_hz: float = 110) -> np.ndarray:
    """Like a voice: AAC raises its peaks by 0.4 dB."""
    time = np.arange(3 * 48_000) / 48_000
    samples = sum(np.cos(2 * np.pi * pitch_hz * n * time) / n**0.5 for n in range(1, int(2_000 / pitch_hz)))
    return np.repeat((10 ** (peak_db / 20) * samples / np.abs(samples).max())[:, None], 2, axis=1)


def test_a_dub_that_is_limited_already_is_mended_by_one_more_encoding(tool, clip, tmp_path, monkeypatch):
    """A ceiling over what it peaks at would leave it as it was."""
    encoded = []
    encode = FfmpegMediaTool.encode

    def counted(self, sound):
        encoded.append(sound)
        return encode(self, sound)

    monkeypatch.setattr(FfmpegMediaTool, "encode", counted)

    _, loudness = render(tool, clip, tmp_path, samples=buzz(-1.3))

    assert loudness.true_peak_dbtp is not None
    assert loudness.true_peak_dbtp <= -1.0
    assert len(encoded) == 2
