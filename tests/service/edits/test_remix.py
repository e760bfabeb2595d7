"""A mix of any two sounds, by its samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from support.measures import true_peak_dbtp

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.errors import InputError, ObjectMissingError
from dub_assets.core.signal.sound import Sound
from dub_assets.service.edits.remix import remix
from dub_assets.stages.segment_mixes.values import Gains

BGM, TTS, MIX = (f"projects/p/interim/j/segments/0003_{part}.wav" for part in ("bgm", "tts", "mix"))
HALF_A_STEP = 0.5 / 2**15


class JobResources:
    """A store with sounds that others wrote, and a workspace before it."""

    def __init__(self, folder: Path) -> None:
        self.store = LocalObjectStore(folder / "objects")
        self.workspace = LocalWorkspace(folder / "workspace", self.store)
        self.sounds = SoundfileSoundFiles()
        self._folder = folder

    def put(self, key: str, samples: np.ndarray, rate_hz: int = 48_000, subtype: str = "FLOAT") -> None:
        path = self._folder / "theirs.wav"
        soundfile.write(path, samples, rate_hz, subtype=subtype)
        self.store.put(key, path.read_bytes(), "audio/wav")

    def mixed(self, background: float, speech: float) -> np.ndarray:
        below, above = self.workspace.adopt(BGM), self.workspace.adopt(TTS)
        gains = Gains(background=background, speech=speech)
        made = remix(below, above, gains, MIX, workspace=self.workspace, sounds=self.sounds)
        path = self.workspace.open(made)
        facts = soundfile.info(path)
        assert (facts.samplerate, facts.channels, facts.subtype, facts.format) == (48_000, 2, "PCM_16", "WAV")
        return soundfile.read(path, always_2d=True)[0]


@pytest.fixture
def job_resources(tmp_path: Path) -> JobResources:
    return JobResources(tmp_path)


def noise(frames: int, channels: int, *, seed: int = 1, peak: float = 0.3) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-peak, peak, (frames, channels)).astype(np.float32)


@pytest.mark.parametrize("gains", [(0.35, 1.0), (1.0, 1.0), (0.0, 0.7), (0.9, 0.0), (0.123456, 1.654321)])
def test_gains_are_exact_to_16_bit_rounding(job_resources, gains):
    background, speech = noise(700_001, 2), noise(500_003, 2, seed=2)
    job_resources.put(BGM, background)
    job_resources.put(TTS, speech)
    expected = gains[0] * background.astype(np.float64)
    expected[: len(speech)] += gains[1] * speech.astype(np.float64)
    assert np.abs(job_resources.mixed(*gains) - expected).max() <= HALF_A_STEP + 1e-7


def test_keeps_16_bit_samples_at_full_gain(job_resources):
    background = np.random.default_rng(3).integers(-9000, 9000, (60_000, 2), dtype=np.int16)
    job_resources.put(BGM, background, subtype="PCM_16")
    job_resources.put(TTS, np.zeros((1, 1), dtype=np.int16), subtype="PCM_16")
    assert np.array_equal(job_resources.mixed(1.0, 1.0) * 2**15, background)


@pytest.mark.parametrize(("below", "above"), [(1000, 96_000), (96_000, 1000), (0, 5000), (5000, 0), (0, 0)])
def test_a_mix_is_as_long_as_the_longer_sound(job_resources, below, above):
    job_resources.put(BGM, noise(below, 2))
    job_resources.put(TTS, noise(above, 1))
    assert len(job_resources.mixed(1.0, 1.0)) == max(below, above)


def test_converts_other_rates_and_channels_to_48_khz_stereo(job_resources):
    background, speech = noise(44_100 * 25, 1), noise(24_000 * 3, 1, seed=2)
    job_resources.put(BGM, background, 44_100)
    job_resources.put(TTS, speech, 24_000)
    mixed = job_resources.mixed(0.5, 1.0)
    assert len(mixed) == 48_000 * 25
    expected = 0.5 * soxr.resample(background, 44_100, 48_000, "HQ")
    expected[: 48_000 * 3] += soxr.resample(speech, 24_000, 48_000, "HQ")
    assert np.array_equal(mixed[:, 0], mixed[:, 1])
    assert np.abs(mixed[:, :1] - expected).max() <= HALF_A_STEP + 1e-5


def test_mixes_surround_to_stereo_and_refuses_more_than_eight_channels(job_resources):
    surround = np.zeros((100, 6), dtype=np.float32)
    surround[:, 2] = 0.5
    job_resources.put(BGM, surround)
    job_resources.put(TTS, noise(1, 1, peak=1e-9))
    assert job_resources.mixed(1.0, 1.0) == pytest.approx(0.5 * 0.5**0.5, abs=2 * HALF_A_STEP)
    job_resources.put(BGM, np.zeros((100, 9), dtype=np.float32))
    with pytest.raises(InputError, match=rf"{BGM} has more than 8 channels"):
        job_resources.mixed(1.0, 1.0)


def test_limits_only_what_would_clip(job_resources):
    background = noise(96_000, 2, peak=0.2)
    speech = np.zeros((96_000, 1), dtype=np.float32)
    speech[48_000:48_010] = 1.5
    job_resources.put(BGM, background)
    job_resources.put(TTS, speech)
    mixed = job_resources.mixed(1.0, 1.0)
    assert true_peak_dbtp(Sound(samples=mixed.astype(np.float32), rate_hz=48_000)) <= 0.1
    assert np.abs(mixed[:47_000] - background[:47_000]).max() <= HALF_A_STEP + 1e-7
    assert np.abs(mixed[80_000:] - background[80_000:]).max() <= HALF_A_STEP + 1e-7


def test_an_unreadable_sound_is_an_error_with_its_key(job_resources):
    job_resources.put(BGM, noise(100, 2))
    job_resources.store.put(TTS, b"<html>not found</html>", "audio/wav")
    with pytest.raises(InputError, match=rf"{TTS} cannot be read as sound"):
        job_resources.mixed(1.0, 1.0)


def test_a_missing_sound_is_an_error_with_its_key(job_resources):
    job_resources.put(BGM, noise(100, 2))
    with pytest.raises(ObjectMissingError, match=TTS):
        job_resources.mixed(1.0, 1.0)


def test_mixes_the_current_content_of_a_replaced_sound(job_resources):
    job_resources.put(TTS, noise(100, 1, peak=1e-9))
    job_resources.put(BGM, np.full((100, 2), 0.25, dtype=np.float32))
    assert job_resources.mixed(1.0, 1.0) == pytest.approx(0.25)
    job_resources.put(BGM, np.full((100, 2), 0.5, dtype=np.float32))
    assert job_resources.mixed(1.0, 1.0) == pytest.approx(0.5)
