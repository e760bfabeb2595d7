"""Separation by DeepFilterNet; Demucs runs the same contract with torch, in ``tests/gpu_engines``."""

from __future__ import annotations

import numpy as np
import pytest
from support.contracts.separation import SeparatorContract, separated
from support.measures import si_sdr_db
from support.recordings import blocks, melody, noise, sound, speech, under

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.ports import Separator
from dub_assets.core.signal.sound import Sound
from dub_assets.engines.deepfilternet import engine as deepfilternet
from dub_assets.engines.entry import EngineSettings

pytestmark = pytest.mark.models

RATE_HZ = 48_000
FRAMES = 12 * RATE_HZ


@pytest.fixture(scope="module")
def separator(tmp_path_factory) -> Separator:
    settings = EngineSettings(cache_dir=tmp_path_factory.mktemp("cache"), weights_dir=None, threads=2)
    return deepfilternet.ENTRY.build(settings)


class TestContract(SeparatorContract):
    """The contract of separators."""


def separate(separator: Separator, mixture: Sound, block_frames: int = 10 * RATE_HZ):
    return separated(separator, blocks(mixture, block_frames))


@pytest.mark.parametrize(("bed", "ratio_db"), [(melody(FRAMES), 5), (noise(FRAMES), 0)], ids=["melody", "noise"])
def test_improves_the_si_sdr_of_vocals_and_background(separator: Separator, bed, ratio_db: float):
    voice = speech()[:FRAMES]
    background = under(voice, bed, ratio_db)
    mixture = voice + background
    vocals = separate(separator, sound(mixture))[:, 0]
    assert si_sdr_db(vocals, voice) > si_sdr_db(mixture, voice) + 4
    assert si_sdr_db(mixture - vocals, background) > si_sdr_db(mixture, background) + 7


def test_vocals_are_aligned_to_the_sample(separator: Separator):
    voice = speech()[: 4 * RATE_HZ]
    vocals = separate(separator, sound(voice))[:, 0]
    spectrum = np.fft.rfft(vocals, 2 * len(voice)) * np.fft.rfft(voice, 2 * len(voice)).conj()
    assert int(np.argmax(np.fft.irfft(spectrum))) == 0


def test_result_does_not_depend_on_the_length_of_blocks(separator: Separator):
    mixture = sound(speech()[:FRAMES] + noise(FRAMES) * 0.2)
    assert np.array_equal(separate(separator, mixture, 7 * RATE_HZ + 77), separate(separator, mixture, FRAMES))


def test_separates_each_channel_of_more_than_two(separator: Separator):
    voice, quiet = speech()[: 3 * RATE_HZ], np.zeros(3 * RATE_HZ)
    vocals = separate(separator, sound(quiet, voice, quiet, -voice))
    assert np.abs(vocals[:, [0, 2]]).max() < 1e-4
    assert si_sdr_db(vocals[:, 1], voice) > 10
    assert np.corrcoef(vocals[:, 3], -voice)[0, 1] > 0.9, "polarity"


def test_separates_centred_speech_better_than_one_side(separator: Separator):
    voice = speech()[:FRAMES]
    beds = [under(voice, bed, 0) for bed in (noise(FRAMES), noise(FRAMES)[::-1])]
    vocals = separate(separator, sound(*(voice + bed for bed in beds)))
    assert np.array_equal(vocals[:, 0], vocals[:, 1])
    alone = separate(separator, sound(voice + beds[0]))[:, 0]
    assert si_sdr_db(vocals[:, 0], voice) > si_sdr_db(alone, voice) + 1


def test_speech_on_one_side_stays_there(separator: Separator):
    voice = speech()[:FRAMES]
    vocals = separate(separator, sound(voice, under(voice, noise(FRAMES), 20)))
    assert si_sdr_db(vocals[:, 0], voice) > 10
    assert np.mean(vocals[:, 1] ** 2) < 0.001 * np.mean(vocals[:, 0] ** 2)


def test_result_does_not_depend_on_the_number_of_threads(tmp_path):
    voice, bed = speech()[: 32 * RATE_HZ], 0.1 * noise(32 * RATE_HZ)
    mixture = sound(voice + bed, voice + bed[::-1])
    one, four = (
        deepfilternet.DeepFilterNet(EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=threads))
        for threads in (1, 4)
    )
    assert np.array_equal(separate(one, mixture), separate(four, mixture))


def test_channels_that_stop_being_equal_are_separated_apart(separator: Separator):
    voice = speech()[:FRAMES]
    other = voice.copy()
    other[11 * RATE_HZ :] = 0.3 * noise(RATE_HZ)
    vocals = separate(separator, sound(voice, other))
    late = slice(11 * RATE_HZ, None)
    assert np.array_equal(vocals[: 9 * RATE_HZ, 0], vocals[: 9 * RATE_HZ, 1])
    assert np.mean(vocals[late, 1] ** 2) < 0.05 * np.mean(other[late] ** 2), "the noise is not in the vocals"
    assert si_sdr_db(vocals[late, 0], voice[late]) > 10


def test_invalid_model_file_is_an_error_and_does_not_end_the_process(tmp_path):
    own = tmp_path / deepfilternet.NAME / deepfilternet.MODEL.name
    own.parent.mkdir()
    own.write_bytes(b"not an archive")
    settings = EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path, threads=1)
    with pytest.raises(EngineUnavailableError, match="not an archive of a DeepFilterNet model"):
        list(deepfilternet.DeepFilterNet(settings).separate([sound(np.zeros(480))]))
