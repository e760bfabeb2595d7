"""WhisperX's alignment models: pinned, and needed only for the languages that the settings name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dub_assets.core.errors import ConfigurationError
from dub_assets.engines.entry import EngineSettings, ModelSources, Requirements
from dub_assets.engines.model_options import ALIGNMENT_LANGUAGES, ModelOptions
from dub_assets.engines.registry import EngineRegistry
from dub_assets.engines.whisper.model import LANGUAGES
from dub_assets.engines.whisperx import engine as whisperx
from dub_assets.engines.whisperx.alignment_models import MODELS


def settings(tmp_path: Path, *languages: str, profile: str = "any") -> EngineSettings:
    options = ModelOptions(alignment_languages=languages, licence_profile=profile)
    return EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path / "weights", threads=1, models=options)


def test_languages_of_the_option_are_those_of_the_models():
    assert tuple(MODELS) == ALIGNMENT_LANGUAGES
    assert LANGUAGES.issuperset(MODELS)
    assert MODELS["ko"].home == "kresnik/wav2vec2-large-xlsr-korean"


@pytest.mark.parametrize("language", ALIGNMENT_LANGUAGES)
def test_model_is_pinned_and_permits_commercial_use(language: str):
    model = MODELS[language]
    assert model.is_fixed == (language not in {"cs", "id"})
    assert model.licence in {"Apache-2.0", "CC-BY-4.0", "CC0-1.0"}
    assert model.memory_mib > 0


def test_needs_no_alignment_model_by_default(tmp_path: Path):
    assert whisperx.ENTRY.models.remote(settings(tmp_path)) == ()


def test_lists_the_models_of_named_languages_to_pull(tmp_path: Path):
    registry = EngineRegistry(settings(tmp_path, "ko", "en"))
    (needed,) = registry.models({"recognition": "whisperx"})
    assert needed.models == (MODELS["ko"], MODELS["en"])
    (status,) = [status for status in registry.statuses() if status.name == "whisperx"]
    shown = {file.name: file.source for file in status.weights}
    assert shown["align-ko"] == f"to pull from {MODELS['ko'].pin}"
    assert "model.bin" in shown, "Whisper's own weights come from packages"
    (needed,) = registry.models({"recognition": "faster-whisper"})
    assert needed.models == ()


def test_needs_whisper_as_well_as_alignment_models(tmp_path: Path):
    entry = replace(whisperx.ENTRY, requirements=Requirements(distributions=()))
    assert not entry.lacks_packages(settings(tmp_path, "ko"))
    assert entry.remedy(settings(tmp_path, "ko")) == "dub-assets models pull whisperx"
    gone = tuple(
        replace(file, parts=tuple(replace(part, module="a_module_that_is_not_there") for part in file.parts))
        for file in entry.models.packaged
    )
    assert replace(entry, models=replace(entry.models, packaged=gone)).lacks_packages(settings(tmp_path, "ko"))


def test_licence_profile_applies_to_alignment_models(tmp_path: Path):
    permitted = settings(tmp_path, *ALIGNMENT_LANGUAGES, profile="commercial")
    assert whisperx.ENTRY.barred_models(permitted) == ()
    unfree = replace(MODELS["ko"], licence="CC-BY-NC-4.0", commercial_use=False)
    entry = replace(whisperx.ENTRY, models=ModelSources(pulled_besides=lambda _: (unfree,)))
    assert entry.barred_models(permitted) == (unfree,)
    with pytest.raises(ConfigurationError, match=r"whisperx uses align-ko \(CC-BY-NC-4\.0\)"):
        EngineRegistry(permitted, [entry]).recogniser("whisperx", "ko")
