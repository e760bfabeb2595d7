"""VITS, with small random voices: everything but how they sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_vits
from support.contracts.synthesis import TEXTS, SynthesiserContract

from dub_assets.core.errors import EngineUnavailableError, InputError
from dub_assets.core.speech import Utterance
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.vits.engine import ENTRY, Vits


def settings(root: Path) -> EngineSettings:
    return EngineSettings(cache_dir=root / "cache", weights_dir=root / "weights", threads=2)


def engine(root: Path, **voices: dict) -> Vits:
    for name, how in voices.items():
        tiny_vits.write(root / "weights" / "vits" / "en" / name, **how)
    return Vits(settings(root))


def said(text: str, voice: str = "anna", speed: float = 1.0) -> list[Utterance]:
    return [Utterance(text=text, language="en", voice=voice, speed=speed)]


@pytest.fixture(scope="module", params=[False, True], ids=["durations", "drawn durations"])
def synthesiser(request, tmp_path_factory) -> Vits:
    return engine(tmp_path_factory.mktemp("vits"), anna={"stochastic": request.param}, bert={"seed": 1})


class TestContract(SynthesiserContract):
    """What every synthesiser does."""


def test_voices_are_the_folders_of_their_language(synthesiser):
    assert [(voice.name, voice.languages) for voice in synthesiser.capabilities.voices] == [
        ("anna", {"en"}),
        ("bert", {"en"}),
    ]
    assert len(synthesiser.identity.weights) == 4


def test_voices_differ(synthesiser):
    (anna,), (bert,) = (synthesiser.synthesise(said(TEXTS[0], voice)) for voice in ("anna", "bert"))
    assert anna.samples.shape != bert.samples.shape or not np.allclose(anna.samples, bert.samples)


def test_speed_makes_speech_shorter_and_lengths_are_predicted(tmp_path: Path):
    vits = engine(tmp_path, anna={})
    lengths = {}
    for speed in (0.8, 1.0, 1.2):
        (sound,) = vits.synthesise(said(TEXTS[0], speed=speed))
        (predicted_ms,) = vits.predict_ms(said(TEXTS[0], speed=speed))
        assert predicted_ms == pytest.approx(sound.duration_ms, rel=0.15)
        lengths[speed] = predicted_ms
    assert lengths[0.8] > lengths[1.0] > lengths[1.2]


def test_a_voice_at_another_rate_is_resampled(tmp_path: Path):
    vits = engine(tmp_path, anna={}, bert={"rate_hz": 44_100})
    (anna,), (bert,) = (vits.synthesise(said(TEXTS[0], voice)) for voice in ("anna", "bert"))
    assert bert.rate_hz == anna.rate_hz == 22_050
    assert bert.frames == pytest.approx(anna.frames / 2, rel=0.1)


def test_a_text_of_which_the_voice_knows_no_letter_is_refused(synthesiser):
    with pytest.raises(InputError, match="'anna' knows no letter"):
        synthesiser.synthesise(said("\u3053\u3093\u306b\u3061\u306f"))


def test_other_random_numbers_are_left_alone(synthesiser):
    import torch

    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    synthesiser.synthesise(said(TEXTS[2]))
    assert torch.equal(torch.rand(3), expected)


def test_a_file_that_is_no_model_is_an_error(tmp_path: Path):
    vits = engine(tmp_path, anna={})
    (tmp_path / "weights" / "vits" / "en" / "anna" / "model.pth").write_bytes(b"no model")
    with pytest.raises(EngineUnavailableError, match=r"vits cannot read .*model\.pth"):
        vits.synthesise(said("Ok"))


def test_closing_drops_the_voice(tmp_path: Path):
    vits = engine(tmp_path, anna={})
    vits.synthesise(said("Ok"))
    vits.close()
    assert vits._loaded is None


def test_without_voices_it_serves_no_language_and_says_how_to_add_some(tmp_path: Path):
    assert ENTRY.serves(settings(tmp_path)).languages == frozenset()
    assert "vits/<language>/<voice>/" in ENTRY.extension
