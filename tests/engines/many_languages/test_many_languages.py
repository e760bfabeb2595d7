"""NLLB-200 and M2M-100: language tokens, models, batches and errors."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from support.copying_translator import write_copier

from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, InputError
from dub_assets.core.language import LANGUAGES
from dub_assets.core.text import SourceLine
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.many_languages import m2m100, nllb
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.registry import EngineRegistry
from dub_assets.engines.shared.sentence_split import line_of, sentences_of

CORPUS = ["one dog runs to the sea.", "two cats", "good night", "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz"]


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    return EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path / "weights", threads=1)


@pytest.mark.parametrize(("module", "languages"), [(nllb, 129), (m2m100, 96)])
def test_every_language_has_a_token_of_its_own(module, languages: int):
    assert module.CODES.keys() <= LANGUAGES
    assert len(set(module.CODES.values())) == len(module.CODES)
    assert len(module.CODES) == languages
    assert len(module.ENTRY.capabilities.pairs) == languages * (languages - 1)


def test_tokens_are_those_of_the_models():
    assert (nllb.CODES["pt"], nllb.CODES["ko"], nllb.CODES["zh"]) == ("por_Latn", "kor_Hang", "zho_Hans")
    assert m2m100.CODES["pt"] == "__pt__"


@pytest.mark.parametrize("module", [nllb, m2m100])
def test_missing_model_is_an_error_that_names_the_command(module, settings: EngineSettings):
    for model in module.MODELS.values():
        assert model.is_fixed
        assert model.memory_mib > 0
    engine = module.ENTRY.build(settings)
    assert module.ENTRY.remedy(settings) == f"dub-assets models pull {module.NAME}"
    with pytest.raises(EngineUnavailableError, match=f"`dub-assets models pull {module.NAME}`"):
        engine.translate([SourceLine(text="one dog")], "en", "pt")


def test_option_selects_the_size(settings: EngineSettings):
    large = dataclasses.replace(settings, models=ModelOptions(nllb="1.3B"))
    assert [model.name for model in nllb.ENTRY.models.pulled(large)] == ["nllb-200-distilled-1.3B"]


def test_commercial_profile_refuses_nllb_and_names_others(settings: EngineSettings):
    commercial = dataclasses.replace(settings, models=ModelOptions(licence_profile="commercial"))
    with pytest.raises(ConfigurationError, match=r"nllb uses nllb-200-distilled-600M \(CC-BY-NC-4\.0\).*m2m100"):
        EngineRegistry(commercial).translator("nllb", source="en", target="pt")


def test_auto_prefers_firefox(settings: EngineSettings):
    write_copier(settings.weights_dir / "m2m100", CORPUS, m2m100.CODES.values())
    registry = EngineRegistry(settings)
    assert registry.translator("m2m100", source="en", target="ko").identity.name == "m2m100"
    assert registry.translator(source="en", target="pt").identity.name == "firefox"


def test_passes_both_languages_to_the_model(settings: EngineSettings, monkeypatch: pytest.MonkeyPatch):
    write_copier(settings.weights_dir / "nllb", CORPUS, nllb.CODES.values())
    engine = nllb.ENTRY.build(settings)
    model = engine._model()
    calls = []

    class RecordingTranslator:
        def translate_batch(self, tokens, target_prefix, **options):
            calls.append((tokens, target_prefix))
            return model.translator.translate_batch(tokens, target_prefix=target_prefix, **options)

    engine._loaded = dataclasses.replace(model, translator=RecordingTranslator())
    engine.translate([SourceLine(text="Two cats. Good night")], "en", "pt")
    ((tokens, prefix),) = calls
    assert [(sentence[0], sentence[-1]) for sentence in tokens] == [("eng_Latn", "</s>")] * 2
    assert prefix == [["por_Latn"]] * 2


def test_halves_a_batch_that_does_not_fit_into_memory(settings: EngineSettings):
    write_copier(settings.weights_dir / "nllb", CORPUS, nllb.CODES.values())
    engine = nllb.ENTRY.build(settings)
    model = engine._model()
    sizes = []

    class SmallTranslator:
        def translate_batch(self, tokens, **options):
            sizes.append(len(tokens))
            if len(tokens) > 2:
                raise RuntimeError("CUDA failed with error out of memory")
            return model.translator.translate_batch(tokens, **options)

    engine._loaded = dataclasses.replace(model, translator=SmallTranslator())
    lines = [SourceLine(text=text) for text in ("one dog", "two cats", "good night", "one dog", "two cats")]
    assert [rendering.text for rendering in engine.translate(lines, "en", "pt")] == [line.text for line in lines]
    assert sizes == [5, 2, 2, 1]


def test_translation_without_letters_is_an_error(settings: EngineSettings):
    write_copier(settings.weights_dir / "nllb", CORPUS, nllb.CODES.values())
    with pytest.raises(InputError, match="no translation for line 2"):
        nllb.ENTRY.build(settings).translate([SourceLine(text="one dog"), SourceLine(text="ж")], "en", "pt")


def test_refuses_an_incomplete_model_in_the_weights_folder(settings: EngineSettings):
    folder = settings.weights_dir / "nllb"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"half a model")
    with pytest.raises(EngineUnavailableError, match=r"has no config\.json, sentencepiece\.bpe\.model"):
        nllb.ENTRY.build(settings).translate([SourceLine(text="one dog")], "en", "pt")


def test_unreadable_model_is_an_error_that_names_it(settings: EngineSettings):
    write_copier(settings.weights_dir / "nllb", CORPUS, nllb.CODES.values())
    (settings.weights_dir / "nllb" / "model.bin").write_bytes(b"no model")
    with pytest.raises(EngineUnavailableError, match="nllb cannot use the model in"):
        nllb.ENTRY.build(settings).translate([SourceLine(text="one dog")], "en", "pt")


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("One dog. Two cats! Who?", ["One dog.", "Two cats!", "Who?"]),
        ("Mr. Jones met Dr. Smith.", ["Mr. Jones met Dr. Smith."]),
        ("今日は晴れです。「はい。」と言った。", ["今日は晴れです。", "「はい。」", "と言った。"]),
        ("", []),
    ],
)
def test_splits_a_line_into_sentences(line: str, sentences: list[str]):
    assert sentences_of(line) == sentences


def test_joins_sentences_with_the_space_of_their_language():
    assert line_of(["Um  cão.", "Dois gatos."], "pt") == "Um cão. Dois gatos."
    assert line_of(["犬。", "猫。"], "ja") == "犬。猫。"
