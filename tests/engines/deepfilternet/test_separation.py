"""Every separator does what the port says; add another engine's entry to ``SEPARATORS``."""

from __future__ import annotations

import numpy as np
import pytest
from support.contracts.separation import SeparatorContract
from support.measures import si_sdr_db
from support.recordings import blocks, melody, noise, sound, speech, under

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.ports import Separator
from dub_assets.core.signal.sound import Sound
from dub_assets.engines.deepfilternet import engine as deepfilternet
from dub_assets.engines.entry import EngineSettings

pytestmark = pytest.mark.models

SEPARATORS = [deepfilternet.ENTRY]
RATE_HZ = 48_000
FRAMES = 12 * RATE_HZ


@pytest.fixture(scope="module", params=SEPARATORS, ids=lambda entry: entry.name)
def separator(request, tmp_path_factory) -> Separator:
    settings = EngineSettings(cache_dir=tmp_path_factory.mktemp("cache"), weights_dir=None, threads=2)
    return request.param.build(settings)


class TestContract(SeparatorContract):
    """What every separator does."""


def separated(separator: Separator, mixture: Sound, block_frames: int = 10 * RATE_HZ):
    pairs = list(separator.separate(blocks(mixture, block_frames)))
    assert all(mixed.samples.shape == vocals.samples.shape for mixed, vocals in pairs)
    assert np.array_equal(np.concatenate([mixed.samples for mixed, _ in pairs]), mixture.samples)
    return np.concatenate([vocals.samples for _, vocals in pairs])


@pytest.mark.parametrize(("bed", "ratio_db"), [(melody(FRAMES), 5), (noise(FRAMES), 0)], ids=["melody", "noise"])
def test_vocals_and_background_come_closer_to_what_was_mixed(separator: Separator, bed, ratio_db: float):
    voice = speech()[:FRAMES]
    background = under(voice, bed, ratio_db)
    mixture = voice + background
    vocals = separated(separator, sound(mixture))[:, 0]
    assert si_sdr_db(vocals, voice) > si_sdr_db(mixture, voice) + 4
    assert si_sdr_db(mixture - vocals, background) > si_sdr_db(mixture, background) + 7


def test_vocals_are_aligned_to_the_sample(separator: Separator):
    voice = speech()[: 4 * RATE_HZ]
    vocals = separated(separator, sound(voice))[:, 0]
    spectrum = np.fft.rfft(vocals, 2 * len(voice)) * np.fft.rfft(voice, 2 * len(voice)).conj()
    assert int(np.argmax(np.fft.irfft(spectrum))) == 0


def test_the_length_of_the_blocks_does_not_change_a_sample(separator: Separator):
    mixture = sound(speech()[:FRAMES] + noise(FRAMES) * 0.2)
    assert np.array_equal(separated(separator, mixture, 7 * RATE_HZ + 77), separated(separator, mixture, FRAMES))


def test_channels_are_kept_apart_and_in_order(separator: Separator):
    voice, quiet = speech()[: 3 * RATE_HZ], np.zeros(3 * RATE_HZ)
    vocals = separated(separator, sound(quiet, voice, quiet, -voice))
    assert np.abs(vocals[:, [0, 2]]).max() < 1e-4
    assert si_sdr_db(vocals[:, 1], voice) > 10
    assert np.corrcoef(vocals[:, 3], -voice)[0, 1] > 0.9, "the sign is kept"


def test_a_voice_in_the_middle_of_stereo_is_told_better_than_on_either_side(separator: Separator):
    voice = speech()[:FRAMES]
    beds = [under(voice, bed, 0) for bed in (noise(FRAMES), noise(FRAMES)[::-1])]
    vocals = separated(separator, sound(*(voice + bed for bed in beds)))
    assert np.array_equal(vocals[:, 0], vocals[:, 1])
    alone = separated(separator, sound(voice + beds[0]))[:, 0]
    assert si_sdr_db(vocals[:, 0], voice) > si_sdr_db(alone, voice) + 1


def test_a_voice_on_one_side_stays_there(separator: Separator):
    voice = speech()[:FRAMES]
    vocals = separated(separator, sound(voice, under(voice, noise(FRAMES), 20)))
    assert si_sdr_db(vocals[:, 0], voice) > 10
    assert np.mean(vocals[:, 1] ** 2) < 0.001 * np.mean(vocals[:, 0] ** 2)


def test_how_many_threads_there_are_changes_no_sample(tmp_path):
    voice, bed = speech()[: 32 * RATE_HZ], 0.1 * noise(32 * RATE_HZ)
    mixture = sound(voice + bed, voice + bed[::-1])
    one, four = (
        deepfilternet.DeepFilterNet(EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=threads))
        for threads in (1, 4)
    )
    assert np.array_equal(separated(one, mixture), separated(four, mixture))


def test_a_channel_that_parts_from_its_twin_is_separated_like_any_other(separator: Separator):
    voice = speech()[:FRAMES]
    other = voice.copy()
    other[11 * RATE_HZ :] = 0.3 * noise(RATE_HZ)
    vocals = separated(separator, sound(voice, other))
    late = slice(11 * RATE_HZ, None)
    assert np.array_equal(vocals[: 9 * RATE_HZ, 0], vocals[: 9 * RATE_HZ, 1])
    assert np.mean(vocals[late, 1] ** 2) < 0.05 * np.mean(other[late] ** 2), "noise is not speech"
    assert si_sdr_db(vocals[late, 0], voice[late]) > 10


def test_a_file_that_is_no_model_is_an_error_and_not_a_crash(tmp_path):
    own = tmp_path / deepfilternet.NAME / deepfilternet.MODEL.name
    own.parent.mkdir()
    own.write_bytes(b"not an archive")
    settings = EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path, threads=1)
    with pytest.raises(EngineUnavailableError, match="not an archive of a DeepFilterNet model"):
        list(deepfilternet.DeepFilterNet(settings).separate([sound(np.zeros(480))]))
