"""XTTS, with small random weights: everything but how it sounds."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import tiny_xtts
from support.contracts.synthesis import TEXTS, CloningContract, SynthesiserContract

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.speech import Utterance
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.xtts.engine import ENTRY, LANGUAGES, Xtts
from dub_assets.engines.xtts.model import readable_parts

LINES = {
    "ar": "صباح الخير 3",
    "cs": "Dobré ráno, 3 přátelé.",
    "de": "Guten Morgen, 3 Freunde.",
    "en": "Good morning, 3 friends.",
    "es": "Buenos días, 3 amigos.",
    "fr": "Bonjour, 3 amis.",
    "hi": "सुप्रभात, 3 मित्र",
    "hu": "Jó reggelt, 3 barát.",
    "it": "Buongiorno, 3 amici.",
    "ja": "おはよう、友達3人。",
    "ko": "좋은 아침, 친구 3명.",
    "nl": "Goedemorgen, 3 vrienden.",
    "pl": "Dzień dobry, 3 przyjaciele.",
    "pt": "Bom dia, 3 amigos.",
    "ru": "Доброе утро, 3 друга.",
    "tr": "Güzel günler, 3 arkadaş.",
    "zh": "早上好,3个朋友。",
}


def settings(root: Path) -> EngineSettings:
    return EngineSettings(cache_dir=root / "cache", weights_dir=root / "weights", threads=2)


def engine(root: Path, **how: bool) -> Xtts:
    tiny_xtts.write(root / "weights" / "xtts", **how)
    return Xtts(settings(root))


def said(text: str, speed: float = 1.0, language: str = "en") -> list[Utterance]:
    return [Utterance(text=text, language=language, voice="Bert", speed=speed)]


@pytest.fixture(scope="module")
def synthesiser(tmp_path_factory) -> Xtts:
    return engine(tmp_path_factory.mktemp("xtts"))


class TestContract(SynthesiserContract):
    """What every synthesiser does."""


class TestCloning(CloningContract):
    """What every synthesiser that clones voices does."""


def test_voices_are_the_studio_speakers_of_the_weights(synthesiser):
    assert [voice.name for voice in synthesiser.capabilities.voices] == list(tiny_xtts.SPEAKERS)
    assert synthesiser.capabilities.languages == LANGUAGES == LINES.keys()
    assert sorted(file.name for file in synthesiser.identity.weights) == [
        "config.json",
        "model.pth",
        "speakers_xtts.pth",
        "vocab.json",
    ]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_is_read_numbers_too(synthesiser, language: str):
    (sound,) = synthesiser.synthesise(said(LINES[language], language=language))
    assert sound.duration_ms > 100


def test_a_checkpoint_is_left_as_it_is_and_one_of_the_trainer_sounds_the_same(synthesiser, tmp_path: Path):
    published, trained = engine(tmp_path / "one"), engine(tmp_path / "other", trained=True)
    checkpoint = tmp_path / "one" / "weights" / "xtts" / "model.pth"
    before = checkpoint.read_bytes()
    sounds = [one.synthesise(said(TEXTS[2]))[0] for one in (published, trained)]
    assert checkpoint.read_bytes() == before
    assert np.array_equal(sounds[0].samples, sounds[1].samples)


def test_a_cloned_text_without_words_is_a_short_pause(synthesiser):
    utterance = TestCloning().cloned(synthesiser, 0, "...")
    (sound,) = synthesiser.synthesise([utterance])
    assert [sound.duration_ms] == synthesiser.predict_ms([utterance]) == [100]


def test_speed_makes_speech_shorter(synthesiser):
    """As long as the network's last code comes late, which here it does for every draw but a few."""

    def length_ms(speed: float) -> float:
        texts = [f"Line {letter}." for letter in "abcdef"]
        return np.mean([synthesiser.synthesise(said(text, speed))[0].duration_ms for text in texts])

    assert length_ms(0.8) > 1.2 * length_ms(1.25)


def test_another_speed_is_another_try(synthesiser):
    one, other = (synthesiser.synthesise(said(TEXTS[2], speed))[0] for speed in (1.0, 1.04))
    frames = min(one.frames, other.frames)
    stretched = np.interp(np.arange(frames) * 1.04, np.arange(one.frames), one.samples[:, 0])
    assert abs(np.corrcoef(stretched, other.samples[:frames, 0])[0, 1]) < 0.5


def test_a_long_text_is_spoken_in_parts_and_no_log_has_it(synthesiser, caplog):
    caplog.set_level(logging.DEBUG)
    sentence = "Nobody may read this sentence of mine. "
    (short,) = synthesiser.synthesise(said(sentence))
    (long,) = synthesiser.synthesise(said(sentence * 12))
    assert long.duration_ms > 2 * short.duration_ms
    assert "Nobody" not in caplog.text
    assert "nobody" not in caplog.text


def test_a_text_of_more_tokens_than_fit_is_spoken_in_parts(synthesiser):
    """Letters are tokens here, and a number has more of them when it is read than when it is written."""
    (one,) = synthesiser.synthesise(said("777777777777."))
    (five,) = synthesiser.synthesise(said("777777777777. " * 5))
    assert five.duration_ms > 2 * one.duration_ms


@pytest.mark.parametrize("language", ["cs", "pt", "tr"])
def test_a_number_that_is_too_long_to_be_read_is_spoken_digit_by_digit(synthesiser, language: str):
    model = synthesiser._model()
    assert " ".join(readable_parts(model, "9" * 40, language)).split() == ["9"] * 40
    assert readable_parts(model, "99", language) == ["99"]


def test_other_random_numbers_are_left_alone(synthesiser):
    import torch

    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    synthesiser.synthesise(said(TEXTS[2]))
    assert torch.equal(torch.rand(3), expected)


def test_files_that_are_no_model_are_an_error(tmp_path: Path):
    for name in ("config.json", "model.pth"):
        xtts = engine(tmp_path / name)
        (tmp_path / name / "weights" / "xtts" / name).write_bytes(b"no model")
        with pytest.raises(EngineUnavailableError, match=r"cannot read the model in .*xtts: put the files there again"):
            xtts.synthesise(said("Ok"))


def test_a_missing_file_is_named(tmp_path: Path):
    tiny_xtts.write(tmp_path / "weights" / "xtts")
    (tmp_path / "weights" / "xtts" / "vocab.json").unlink()
    with pytest.raises(EngineUnavailableError, match=r"weights folder has no vocab\.json"):
        Xtts(settings(tmp_path)).synthesise(said("Ok"))


def test_closing_drops_the_model_and_the_cloned_voices(tmp_path: Path):
    xtts = engine(tmp_path)
    xtts.synthesise([TestCloning().cloned(xtts, 0)])
    assert xtts._cloned
    xtts.close()
    assert xtts._loaded is None
    assert not xtts._cloned


def test_without_weights_it_says_how_to_get_them(tmp_path: Path):
    assert not ENTRY.is_installed(settings(tmp_path))
    assert ENTRY.remedy(settings(tmp_path)) == "dub-assets models pull xtts"
    with pytest.raises(EngineUnavailableError, match="dub-assets models pull xtts"):
        Xtts(settings(tmp_path)).synthesise(
            [Utterance(text="Ok", language="en", voice=ENTRY.capabilities.voices[0].name)]
        )
