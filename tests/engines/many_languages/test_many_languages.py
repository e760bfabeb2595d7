"""NLLB-200 and M2M-100: their codes, where their models come from, what is refused."""

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
def test_codes_are_known_languages_to_tokens_of_their_own(module, languages: int):
    assert module.CODES.keys() <= LANGUAGES
    assert len(set(module.CODES.values())) == len(module.CODES)
    assert len(module.CODES) == languages
    assert len(module.ENTRY.capabilities.pairs) == languages * (languages - 1)


def test_the_codes_are_the_models_own():
    assert (nllb.CODES["pt"], nllb.CODES["ko"], nllb.CODES["zh"]) == ("por_Latn", "kor_Hang", "zho_Hans")
    assert m2m100.CODES["pt"] == "__pt__"


@pytest.mark.parametrize("module", [nllb, m2m100])
def test_its_models_are_pinned_and_to_be_pulled(module, settings: EngineSettings):
    for model in module.MODELS.values():
        assert model.is_fixed
        assert model.memory_mib > 0
    engine = module.ENTRY.build(settings)
    assert module.ENTRY.remedy(settings) == f"dub-assets models pull {module.NAME}"
    with pytest.raises(EngineUnavailableError, match=f"`dub-assets models pull {module.NAME}`"):
        engine.translate([SourceLine(text="one dog")], "en", "pt")


def test_a_size_is_chosen(settings: EngineSettings):
    large = dataclasses.replace(settings, models=ModelOptions(nllb="1.3B"))
    assert [model.name for model in nllb.ENTRY.models.pulled(large)] == ["nllb-200-distilled-1.3B"]


def test_the_commercial_profile_refuses_nllb_and_names_others(settings: EngineSettings):
    commercial = dataclasses.replace(settings, models=ModelOptions(licence_profile="commercial"))
    with pytest.raises(ConfigurationError, match=r"nllb uses nllb-200-distilled-600M \(CC-BY-NC-4\.0\).*m2m100"):
        EngineRegistry(commercial).translator("nllb", source="en", target="pt")


def test_neither_is_taken_unless_it_is_named(settings: EngineSettings):
    write_copier(settings.weights_dir / "m2m100", CORPUS, m2m100.CODES.values())
    registry = EngineRegistry(settings)
    assert registry.translator("m2m100", source="en", target="ko").identity.name == "m2m100"
    assert registry.translator(source="en", target="pt").identity.name == "firefox"


def test_the_model_is_told_both_languages(settings: EngineSettings, monkeypatch: pytest.MonkeyPatch):
    write_copier(settings.weights_dir / "nllb", CORPUS, nllb.CODES.values())
    engine = nllb.ENTRY.build(settings)
    _, model = engine._model()
    asked = []

    class Overheard:
        def translate_batch(self, tokens, target_prefix, **more):
            asked.append((tokens, target_prefix))
            return model.translate_batch(tokens, target_prefix=target_prefix, **more)

    engine._loaded = engine._loaded[0], Overheard()
    engine.translate([SourceLine(text="Two cats. Good night")], "en", "pt")
    ((tokens, prefix),) = asked
    assert [(sentence[0], sentence[-1]) for sentence in tokens] == [("eng_Latn", "</s>")] * 2
    assert prefix == [["por_Latn"]] * 2


def test_sentences_that_do_not_fit_into_memory_together_are_halved(settings: EngineSettings):
    write_copier(settings.weights_dir / "nllb", CORPUS, nllb.CODES.values())
    engine = nllb.ENTRY.build(settings)
    _, model = engine._model()
    sizes = []

    class Narrow:
        def translate_batch(self, tokens, **more):
            sizes.append(len(tokens))
            if len(tokens) > 2:
                raise RuntimeError("CUDA failed with error out of memory")
            return model.translate_batch(tokens, **more)

    engine._loaded = engine._loaded[0], Narrow()
    lines = [SourceLine(text=text) for text in ("one dog", "two cats", "good night", "one dog", "two cats")]
    assert [made.text for made in engine.translate(lines, "en", "pt")] == [line.text for line in lines]
    assert sizes == [5, 2, 2, 1]


def test_what_the_model_cannot_say_is_an_error(settings: EngineSettings):
    write_copier(settings.weights_dir / "nllb", CORPUS, nllb.CODES.values())
    with pytest.raises(InputError, match="no translation for line 2"):
        nllb.ENTRY.build(settings).translate([SourceLine(text="one dog"), SourceLine(text="ж")], "en", "pt")


def test_a_folder_of_ones_own_must_hold_a_whole_model(settings: EngineSettings):
    folder = settings.weights_dir / "nllb"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"half a model")
    with pytest.raises(EngineUnavailableError, match=r"lacks config\.json, sentencepiece\.bpe\.model"):
        nllb.ENTRY.build(settings).translate([SourceLine(text="one dog")], "en", "pt")


def test_a_model_that_cannot_be_read_is_named(settings: EngineSettings):
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
def test_a_line_is_cut_into_its_sentences(line: str, sentences: list[str]):
    assert sentences_of(line) == sentences


def test_sentences_are_joined_as_their_language_is_written():
    assert line_of(["Um  cão.", "Dois gatos."], "pt") == "Um cão. Dois gatos."
    assert line_of(["犬。", "猫。"], "ja") == "犬。猫。"
