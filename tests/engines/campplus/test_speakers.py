"""Contract tests of speaker embedders. Add another embedder to ``EMBEDDERS``."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from support.campplus_reference import CampPlusReference
from support.recordings import melody, sound, speech, under

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.ports import SpeakerEmbedder
from dub_assets.core.signal.voiceprints import SAME_SPEAKER, clusters
from dub_assets.engines.campplus import engine as campplus
from dub_assets.engines.campplus.filterbank import BINS, FRAME, HOP, filterbank
from dub_assets.engines.campplus.graph import SEGMENT_FRAMES
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.shared.torch_file import read_tensors

pytestmark = pytest.mark.models

RATE_HZ = 16_000
EMBEDDERS = [campplus.ENTRY]


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", params=EMBEDDERS, ids=lambda entry: entry.name)
def embedder(request, cache) -> SpeakerEmbedder:
    return request.param.build(EngineSettings(cache_dir=cache, weights_dir=None, threads=2))


def turn(track: np.ndarray, start_s: float, end_s: float):
    return sound(track[int(start_s * RATE_HZ) : int(end_s * RATE_HZ)], rate_hz=RATE_HZ)


def play() -> np.ndarray:
    """A minute of a play for two voices, as another package ships it: a man's part and a woman's."""
    folder = Path(util.find_spec("moonshine_voice").origin).parent / "assets"
    samples, own_rate = soundfile.read(folder / "endgame_nagg_nell.wav", dtype="float32")
    return soxr.resample(samples, own_rate, RATE_HZ).astype(np.float32)


HIS = [(4.8, 7.7), (12.0, 14.0), (17.5, 18.9), (24.0, 27.4)]
HERS = [(8.7, 11.3), (14.6, 15.5), (15.9, 17.0)]


def test_embedding_does_not_depend_on_level_or_batch(embedder: SpeakerEmbedder):
    one, other = turn(speech(RATE_HZ), 1, 3), turn(speech(RATE_HZ), 5, 6)
    quiet = sound(one.samples[:, 0] * 0.1, rate_hz=RATE_HZ)
    voices = embedder.embed([one, other, quiet])
    assert [np.linalg.norm(voice) for voice in voices] == pytest.approx([1.0] * 3, abs=1e-5)
    assert voices[0] @ voices[2] == pytest.approx(1.0, abs=1e-3)
    assert np.array_equal(embedder.embed([one])[0], voices[0])
    assert embedder.embed([]) == []


def test_finds_one_voice_for_one_reader_also_over_music(embedder: SpeakerEmbedder):
    track = speech(RATE_HZ)[RATE_HZ : 40 * RATE_HZ]
    mixed = track + under(track, melody(len(track), RATE_HZ), 6)
    voices = embedder.embed([turn(mixed, start, start + 2.5) for start in range(0, 36, 3)])
    assert set(clusters(voices, [1.0] * len(voices))) == {0}


def test_finds_two_voices_in_a_play_for_two(embedder: SpeakerEmbedder):
    voices = embedder.embed([turn(play(), *place) for place in [*HIS, *HERS]])
    assert clusters(voices, [end - start for start, end in [*HIS, *HERS]]) == [0] * len(HIS) + [1] * len(HERS)
    across = np.stack(voices[: len(HIS)]) @ np.stack(voices[len(HIS) :]).T
    assert across.max() < SAME_SPEAKER - 0.1


@pytest.mark.parametrize("frames", [1, 399, 400, 8_000, 40_000])
def test_embeds_sound_of_any_length(embedder: SpeakerEmbedder, frames: int):
    (voice,) = embedder.embed([sound(speech(RATE_HZ)[RATE_HZ : RATE_HZ + frames], rate_hz=RATE_HZ)])
    assert np.isfinite(voice).all()


def test_embeds_silence(embedder: SpeakerEmbedder):
    (voice,) = embedder.embed([sound(np.zeros(RATE_HZ, np.float32), rate_hz=RATE_HZ)])
    assert np.isfinite(voice).all()


def test_refuses_another_rate_or_stereo(embedder: SpeakerEmbedder):
    with pytest.raises(ValueError, match="16000 Hz"):
        embedder.embed([sound(np.zeros(4800, np.float32))])
    with pytest.raises(ValueError, match="16000 Hz"):
        embedder.embed([sound(np.zeros(4800), np.zeros(4800), rate_hz=RATE_HZ)])


def test_embeds_again_after_closing(embedder: SpeakerEmbedder):
    first = embedder.embed([turn(speech(RATE_HZ), 1, 2)])[0]
    embedder.close()
    assert np.array_equal(embedder.embed([turn(speech(RATE_HZ), 1, 2)])[0], first)


@pytest.mark.parametrize("frames", [50, 131, 2 * SEGMENT_FRAMES])
def test_graph_equals_the_reference_network(cache, frames: int):
    engine = campplus.CampPlus(EngineSettings(cache_dir=cache, weights_dir=None, threads=2))
    samples = speech(RATE_HZ)[RATE_HZ:][: FRAME + HOP * (frames - 1)]
    features = filterbank(samples)
    assert features.shape == (frames, BINS)
    expected = CampPlusReference(read_tensors(engine._weights[campplus.MODEL.name])).voice(features)
    (found,) = engine.embed([sound(samples, rate_hz=RATE_HZ)])
    assert found == pytest.approx(expected / np.linalg.norm(expected), abs=1e-4)


def test_does_not_import_torch(embedder: SpeakerEmbedder):
    embedder.embed([turn(speech(RATE_HZ), 1, 2)])
    assert "torch" not in sys.modules
    assert util.find_spec("torch") is None


def test_refuses_a_file_that_is_not_the_network(tmp_path):
    (tmp_path / "weights" / campplus.NAME).mkdir(parents=True)
    (tmp_path / "weights" / campplus.NAME / campplus.MODEL.name).write_bytes(b"no network")
    settings = EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path / "weights", threads=1)
    with pytest.raises(EngineUnavailableError, match="right file"):
        campplus.CampPlus(settings).embed([turn(speech(RATE_HZ), 1, 2)])
