"""Pulling of Firefox's models from a local registry in Mozilla's layout, and translation with pulled models."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from support.firefox_registry import MozillaRegistry, installed_model, split_vocabulary, zstd
from support.hub_server import running_hub

from dub_assets.core.errors import EngineUnavailableError, InputError, ServiceUnavailableError, UnsupportedLanguageError
from dub_assets.core.text import SourceLine
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.firefox import weights as firefox_weights
from dub_assets.engines.firefox.engine import FirefoxTranslator
from dub_assets.engines.firefox.mozilla_registry import pulled_models
from dub_assets.engines.firefox.pull import PairPuller, parse_pair
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.models import download

ANDROID, DESKTOP = "env.appinfo.OS == 'Android'", "env.appinfo.OS != 'Android'"
NIGHTLY = "env.channel == 'default' || env.channel == 'nightly'"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(download, "BACKOFF", 0.0)
    with running_hub() as hub:
        yield MozillaRegistry(hub=hub)


@pytest.fixture
def settings(registry: MozillaRegistry, tmp_path: Path) -> EngineSettings:
    options = ModelOptions(
        firefox_registry=registry.environment["FIREFOX_MODELS_REGISTRY"],
        firefox_files=registry.environment["FIREFOX_MODELS_FILES"],
    )
    return EngineSettings(cache_dir=tmp_path / "cache", weights_dir=None, threads=1, models=options)


def files(code: str, suffix: str = "") -> dict[str, bytes]:
    """Return the files of a model, with contents that no test reads as a model."""
    names = (f"model.{code}.intgemm.alphas.bin", f"vocab.{code}.spm", f"lex.50.50.{code}.s2t.bin")
    return {name: f"{name} {suffix}".encode() for name in names}


def pulled_file(settings: EngineSettings, pair: tuple[str, str], name: str) -> bytes:
    return (pulled_models(settings.lock)[pair].folder(settings.cache_dir) / name).read_bytes()


def translate(settings: EngineSettings, pair: tuple[str, str], text: str) -> str:
    (rendering,) = FirefoxTranslator(settings).translate([SourceLine(text=text)], *pair)
    return rendering.text


def test_pulled_model_translates(registry: MozillaRegistry, settings: EngineSettings):
    registry.add(("de", "pt"), installed_model(("en", "pt"), as_pair=("de", "pt")))
    assert ("de", "pt") not in firefox_weights.pairs(settings)
    PairPuller(settings).pull(("de", "pt"))
    assert ("de", "pt") in firefox_weights.pairs(settings)
    line = "The sea is calm today."
    assert translate(settings, ("de", "pt"), line) == translate(settings, ("en", "pt"), line)


def test_pulled_model_with_two_vocabularies_translates(registry: MozillaRegistry, settings: EngineSettings):
    registry.add(("en", "ja"), split_vocabulary(installed_model(("en", "pt"), as_pair=("en", "ja"))))
    PairPuller(settings).pull(("en", "ja"))
    assert translate(settings, ("en", "ja"), "Good morning.") == translate(settings, ("en", "pt"), "Good morning.")
    assert len(pulled_models(settings.lock)["en", "ja"].files) == 4


def test_lock_has_version_licence_and_hashes(registry: MozillaRegistry, settings: EngineSettings):
    records = registry.add(("ko", "en"), files("koen"), version="3.1")
    PairPuller(settings).pull(("ko", "en"))
    (entry,) = json.loads(settings.lock.path.read_text()).items()
    assert entry == (
        "remote-settings://translations-models-v2/ko-en@3.1",
        {
            "licence": "MPL-2.0",
            "files": {
                record["name"]: {"sha256": record["decompressedHash"], "size": record["decompressedSize"]}
                for record in sorted(records, key=lambda record: record["name"])
            },
        },
    )


def test_does_not_read_the_registry_for_available_models(registry: MozillaRegistry, settings: EngineSettings):
    registry.add(("ko", "en"), files("koen"))
    PairPuller(settings).pull(("ko", "en"))
    requests = len(registry.hub.requests)
    PairPuller(settings).pull(("ko", "en"))
    PairPuller(settings).pull(("ko", "pt"))  # through the installed en-pt
    assert len(registry.hub.requests) == requests


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([("3.0", ""), ("3.1", "")], "3.1"),
        ([("3.9", ""), ("3.10", "")], "3.10"),
        ([("3.0", DESKTOP), ("3.1", ANDROID)], "3.0"),
        ([("3.0", ""), ("3.1a1", NIGHTLY), ("3.1b2", "env.channel != 'release'")], "3.0"),
        ([("3.1a1", NIGHTLY), ("3.1a2", f"({NIGHTLY}) && {DESKTOP}")], "3.1a2"),
        ([("3.0", ""), ("2.9", ""), ("4.0", "")], "3.0"),
        ([("3.0", ""), ("3.1", "env.country == 'KR'")], "3.0"),
    ],
)
def test_pulls_the_newest_version_for_a_desktop_firefox(
    registry: MozillaRegistry, settings: EngineSettings, versions: list[tuple[str, str]], expected: str
):
    for version, expression in versions:
        registry.add(("ko", "en"), files("koen", version), version=version, filter_expression=expression)
    PairPuller(settings).pull(("ko", "en"))
    assert pulled_models(settings.lock)["ko", "en"].revision == expected
    assert pulled_file(settings, ("ko", "en"), "vocab.koen.spm").endswith(expected.encode())


def test_does_not_mix_files_of_two_builds_of_a_version(registry: MozillaRegistry, settings: EngineSettings):
    """Korean has a larger model for desktops and a smaller one for Android with the same version."""
    registry.add(("ko", "en"), files("koen", "x"), filter_expression=ANDROID)
    registry.add(("ko", "en"), files("koen", "desktop"), architecture="base", filter_expression=DESKTOP)
    registry.add(("ko", "en"), {"model.koen.intgemm.alphas.bin": b"incomplete" * 99}, architecture="huge")
    PairPuller(settings).pull(("ko", "en"))
    for file in pulled_models(settings.lock)["ko", "en"].files:
        assert pulled_file(settings, ("ko", "en"), file.name).endswith(b"desktop")


def test_pulls_two_models_through_english(registry: MozillaRegistry, settings: EngineSettings):
    registry.add(("es", "en"), installed_model(("pt", "en"), as_pair=("es", "en")))
    registry.add(("en", "fr"), installed_model(("en", "pt"), as_pair=("en", "fr")))
    pulled = PairPuller(settings).pull(("es", "fr"))
    assert [leg for leg, _ in pulled.legs] == [("es", "en"), ("en", "fr")]
    line = "O mar está calmo hoje."
    english = translate(settings, ("pt", "en"), line)
    assert translate(settings, ("es", "fr"), line) == translate(settings, ("en", "pt"), english)


def test_installed_model_is_one_of_two(registry: MozillaRegistry, settings: EngineSettings):
    registry.add(("ko", "en"), files("koen"))
    pulled = PairPuller(settings).pull(("ko", "pt"))
    assert [(leg, model is not None) for leg, model in pulled.legs] == [(("ko", "en"), True), (("en", "pt"), False)]
    assert {("ko", "en"), ("ko", "pt")} <= firefox_weights.pairs(settings)


def test_reads_mozillas_language_codes(registry: MozillaRegistry, settings: EngineSettings):
    registry.add(("zh-Hans", "en"), files("zhen"))
    registry.add(("zh-Hant", "en"), files("zh_hanten"), version="3.5")
    registry.add(("nb", "en"), files("nben"))
    puller = PairPuller(settings)
    puller.pull(("zh", "en"))
    puller.pull(("no", "en"))
    assert pulled_file(settings, ("zh", "en"), "vocab.zhen.spm")
    assert pulled_file(settings, ("no", "en"), "vocab.nben.spm")


def test_unsupported_pair_is_an_error_that_names_the_missing_model(registry: MozillaRegistry, settings: EngineSettings):
    registry.add(("ko", "en"), files("koen"))
    with pytest.raises(UnsupportedLanguageError, match=r"^Firefox has no model for English to Swahili$"):
        PairPuller(settings).pull(("ko", "sw"))
    with pytest.raises(UnsupportedLanguageError, match=r"Zulu to English or for English to Swahili"):
        PairPuller(settings).pull(("zu", "sw"))
    with pytest.raises(UnsupportedLanguageError, match=r"no model for English to Korean$"):
        PairPuller(settings).pull(("en", "ko"))
    assert not settings.lock.path.exists()


@pytest.mark.parametrize("damage", [b"not zstd at all", zstd(b"another model")])
def test_refuses_a_file_with_another_hash(registry: MozillaRegistry, settings: EngineSettings, damage: bytes):
    model, _, _ = registry.add(("ko", "en"), files("koen"))
    registry.hub.web[registry.path(model).lstrip("/")] = damage
    with pytest.raises(EngineUnavailableError, match=r"model\.koen\.intgemm\.alphas\.bin .* is not the expected file"):
        PairPuller(settings).pull(("ko", "en"))
    assert ("ko", "en") not in firefox_weights.pairs(settings)
    assert not settings.lock.path.exists()


def test_refuses_content_with_another_hash(registry: MozillaRegistry, settings: EngineSettings):
    registry.add(("ko", "en"), files("koen"), decompressedHash="0" * 64)
    with pytest.raises(EngineUnavailableError, match=r"is not the expected file .* not 000000000000"):
        PairPuller(settings).pull(("ko", "en"))


def test_continues_an_interrupted_pull(registry: MozillaRegistry, settings: EngineSettings, monkeypatch):
    monkeypatch.setattr(download, "_BLOCK_BYTES", 100)
    model, _, _ = registry.add(("ko", "en"), files("koen", "x" * 1000))
    path = registry.path(model)
    registry.hub.cuts[path], registry.hub.statuses_after_cut[path] = [500], 503
    with pytest.raises(ServiceUnavailableError, match="what was downloaded is kept"):
        PairPuller(settings).pull(("ko", "en"))
    assert ("ko", "en") not in firefox_weights.pairs(settings)
    registry.hub.statuses.clear()
    PairPuller(settings).pull(("ko", "en"))
    assert f"GET {path} bytes=500-" in registry.hub.requests
    folder = pulled_models(settings.lock)["ko", "en"].folder(settings.cache_dir)
    assert sorted(path.name for path in folder.iterdir()) == sorted(files("koen"))


def test_lock_pins_the_version_on_another_machine(registry: MozillaRegistry, settings: EngineSettings, tmp_path: Path):
    registry.add(("ko", "en"), files("koen", "3.0"))
    PairPuller(settings).pull(("ko", "en"))
    registry.add(("ko", "en"), files("koen", "3.1"), version="3.1")
    elsewhere = dataclasses.replace(
        settings,
        cache_dir=tmp_path / "elsewhere",
        models=dataclasses.replace(settings.models, lock=settings.lock.path),
    )
    PairPuller(elsewhere).pull(("ko", "en"))
    assert pulled_file(elsewhere, ("ko", "en"), "vocab.koen.spm").endswith(b"3.0")
    registry.records = [record for record in registry.records if record["version"] != "3.0"]
    registry.add(("ja", "en"), files("jaen"))
    another = dataclasses.replace(elsewhere, cache_dir=tmp_path / "another")
    with pytest.raises(EngineUnavailableError, match=r"does not have ko-en 3\.0 as it was pulled first: delete"):
        PairPuller(another).pull(("ko", "en"))


def test_pull_repairs_a_changed_file(registry: MozillaRegistry, settings: EngineSettings):
    registry.add(("ko", "en"), files("koen"))
    PairPuller(settings).pull(("ko", "en"))
    (pulled_models(settings.lock)["ko", "en"].folder(settings.cache_dir) / "vocab.koen.spm").write_bytes(b"damaged")
    with pytest.raises(EngineUnavailableError, match=r"vocab\.koen\.spm .* is not the expected file"):
        FirefoxTranslator(settings).translate([SourceLine(text="안녕")], "ko", "en")
    PairPuller(settings).pull(("ko", "en"))
    assert pulled_file(settings, ("ko", "en"), "vocab.koen.spm") == files("koen")["vocab.koen.spm"]


def test_answer_of_another_service_is_an_error_that_names_the_variable(
    registry: MozillaRegistry, settings: EngineSettings
):
    registry.hub.web["other"] = b'{"models": {}}'
    options = dataclasses.replace(settings.models, firefox_registry=f"{registry.hub.url}/other")
    with pytest.raises(EngineUnavailableError, match=r"not a list of Firefox's models: check FIREFOX_MODELS_REGISTRY"):
        PairPuller(dataclasses.replace(settings, models=options)).pull(("ko", "en"))


def test_ignores_records_with_paths_as_names(registry: MozillaRegistry, settings: EngineSettings):
    registry.add(("ko", "en"), files("koen"), name="../../outside")
    with pytest.raises(UnsupportedLanguageError, match="Korean to English"):
        PairPuller(settings).pull(("ko", "en"))


@pytest.mark.parametrize("text", ["ko-en", "KO-EN", "kor-eng", "Korean-English"])
def test_parses_pairs_of_codes_or_names(text: str):
    assert parse_pair(text) == ("ko", "en")


@pytest.mark.parametrize("text", ["koen", "ko-", "-en", "en-en", ""])
def test_refuses_an_invalid_pair_with_an_example(text: str):
    with pytest.raises(InputError, match="write it as ko-en"):
        parse_pair(text)
