"""The choice of engines, among fakes and among the real ones."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from dub_assets.core.engine import (
    RecogniserCapabilities,
    SeparatorCapabilities,
    SynthesiserCapabilities,
    TranslatorCapabilities,
    Voice,
)
from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, UnsupportedLanguageError
from dub_assets.engines import needs
from dub_assets.engines.catalogue import ENTRIES as CATALOGUE
from dub_assets.engines.entry import EngineEntry, EngineSettings, ModelSources, Requirements
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.models.install import install_command
from dub_assets.engines.models.remote import RemoteFile, RemoteModel
from dub_assets.engines.models.weights import PackagedFile, PackagePart
from dub_assets.engines.registry import EngineRegistry

INSTALLED, NOT_INSTALLED = ("pytest",), ("pytest", "a-distribution-that-is-not-there")
FILE = PackagedFile(
    name="model.bin",
    parts=(PackagePart(distribution="made-up", version="1.0", module="made_up", path="model.bin"),),
    sha256="0" * 64,
    licence="MIT",
)


class Built:
    """An engine that an entry built."""

    def __init__(self, name: str) -> None:
        self.name = name


def entry(stage, name, capabilities, *, requires=INSTALLED, packaged=(), pulled=(), **more) -> EngineEntry:
    return EngineEntry(
        stage=stage,
        name=name,
        summary=name,
        licence="MIT",
        capabilities=capabilities,
        requirements=Requirements(distributions=requires, packages=name),
        models=ModelSources(packaged=packaged, pulled=lambda _: pulled),
        build=lambda _: Built(name),
        **more,
    )


def recognises(*languages: str, detects: bool = True) -> RecogniserCapabilities:
    return RecogniserCapabilities(
        languages=frozenset(languages),
        detects_language=detects,
        sample_rate_hz=16_000,
        max_chunk_ms=30_000,
        batch_size=1,
    )


def translates(*pairs: tuple[str, str]) -> TranslatorCapabilities:
    return TranslatorCapabilities(pairs=frozenset(pairs), batch_size=1)


def speaks(*languages: str) -> SynthesiserCapabilities:
    return SynthesiserCapabilities(
        voices=(Voice(name="voice", languages=frozenset(languages)),),
        sample_rate_hz=24_000,
        min_speed=1.0,
        max_speed=1.0,
        concurrency=1,
    )


ENTRIES = (
    entry("separation", "divide", SeparatorCapabilities(sample_rate_hz=48_000)),
    entry("recognition", "english-ear", recognises("en", detects=False)),
    entry("recognition", "wide-ear", recognises("en", "ko")),
    entry("translation", "bridge", translates(("en", "pt")), extension="put pairs into bridge/"),
    entry("translation", "far-bridge", translates(("en", "ko")), requires=NOT_INSTALLED),
    entry("synthesis", "robot", speaks("pt", "ko"), auto="last_resort"),
    entry("synthesis", "best-voice", speaks("pt"), requires=NOT_INSTALLED),
    entry("synthesis", "voice", speaks("pt", "en")),
)


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    return EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path / "weights", threads=2)


@pytest.fixture
def registry(settings: EngineSettings) -> EngineRegistry:
    return EngineRegistry(settings, ENTRIES)


def test_auto_chooses_the_first_engine_that_serves_the_need(registry: EngineRegistry):
    assert registry.separator().name == "divide"
    assert registry.recogniser(language="en").name == "english-ear"
    assert registry.recogniser(language="ko").name == "wide-ear"
    assert registry.recogniser(language=None).name == "wide-ear", "the first one detects no language"
    assert registry.translator(source="en", target="pt").name == "bridge"


def test_auto_skips_missing_engines_and_chooses_the_last_resort_last(registry: EngineRegistry):
    assert registry.synthesiser(language="pt").name == "voice"
    assert registry.synthesiser(language="ko").name == "robot"


def test_chooses_an_engine_by_name(registry: EngineRegistry):
    assert registry.recogniser("wide-ear", "en").name == "wide-ear"
    assert registry.synthesiser("robot", language="pt").name == "robot"


def test_builds_an_engine_once(registry: EngineRegistry):
    assert registry.recogniser(language="ko") is registry.recogniser("wide-ear", "en")


def test_refuses_an_unknown_name_and_lists_the_known_ones(registry: EngineRegistry):
    with pytest.raises(ConfigurationError, match=r"no recognition engine 'ear'; known are auto, english-ear, wide-ear"):
        registry.recogniser("ear", "en")


def test_refuses_an_engine_of_another_stage(registry: EngineRegistry):
    with pytest.raises(ConfigurationError, match="no separation engine 'voice'"):
        registry.separator("voice")


def test_says_how_to_install_a_missing_engine(registry: EngineRegistry):
    with pytest.raises(EngineUnavailableError, match=r"best-voice: \S*uv pip install --python \S+ best-voice"):
        registry.synthesiser("best-voice", language="pt")


def test_names_missing_engines_that_would_serve_a_need(registry: EngineRegistry):
    with pytest.raises(
        EngineUnavailableError,
        match=r"translate 'en' to 'ko'; install far-bridge: \S*uv pip install --python \S+ far-bridge",
    ):
        registry.translator(source="en", target="ko")


def test_unserved_pair_lists_served_pairs_and_how_to_add_more(registry: EngineRegistry):
    with pytest.raises(UnsupportedLanguageError) as error:
        registry.translator(source="ko", target="en")
    message = str(error.value)
    assert "translate 'ko' to 'en'" in message
    assert "bridge: en-pt" in message
    assert "far-bridge: en-ko" in message
    assert "To add more: put pairs into bridge/" in message
    assert "\n" not in message


def test_error_lists_some_of_many_pairs(settings: EngineSettings):
    many = translates(*[(f"a{number}", "pt") for number in range(5000)])
    registry = EngineRegistry(settings, [entry("translation", "tower", many)])
    with pytest.raises(UnsupportedLanguageError, match=r"served are tower: a0-pt, .* and 4960 more\.$") as error:
        registry.translator(source="ko", target="en")
    assert len(str(error.value)) < 1000


def test_refuses_a_named_engine_that_does_not_serve_the_need(registry: EngineRegistry):
    with pytest.raises(UnsupportedLanguageError, match=r"recognise 'ko'; served are english-ear: en"):
        registry.recogniser("english-ear", "ko")


def test_an_engine_without_its_weights_is_not_installed(settings: EngineSettings):
    ear = entry("recognition", "ear", recognises("en"), packaged=(FILE,))
    registry = EngineRegistry(settings, [ear])
    (status,) = registry.statuses()
    assert not status.installed
    assert status.weights[0].source == "missing: comes with made-up==1.0"
    own = settings.weights_dir / "ear" / "model.bin"
    own.parent.mkdir(parents=True)
    own.touch()
    (status,) = registry.statuses()
    assert status.installed
    assert status.weights[0].source == str(own)


def test_serves_languages_in_the_users_own_folder(settings: EngineSettings):
    def pairs(settings: EngineSettings) -> TranslatorCapabilities:
        own = settings.weights_dir / "bridge" / "ko-en"
        return translates(("en", "pt"), *([("ko", "en")] if own.is_dir() else []))

    registry = EngineRegistry(
        settings, [entry("translation", "bridge", translates(("en", "pt")), installed_capabilities=pairs)]
    )
    with pytest.raises(UnsupportedLanguageError):
        registry.translator(source="ko", target="en")
    (settings.weights_dir / "bridge" / "ko-en").mkdir(parents=True)
    assert registry.translator(source="ko", target="en").name == "bridge"


def test_says_how_to_install_missing_packaged_weights(settings: EngineSettings):
    bridge = entry(
        "translation",
        "bridge",
        translates(("en", "pt")),
        packaged=(FILE,),
        installed_capabilities=lambda _: translates(),
    )
    remedy = r"translate 'en' to 'pt'; install bridge: \S*uv pip install --python \S+ --no-deps made-up==1\.0"
    with pytest.raises(EngineUnavailableError, match=remedy):
        EngineRegistry(settings, [bridge]).translator(source="en", target="pt")


FREE = RemoteModel(
    name="free-model",
    home="someone/free",
    revision="a" * 40,
    files=(RemoteFile(name="model.bin"),),
    licence="MIT",
    memory_mib=700,
)
UNFREE = dataclasses.replace(FREE, name="unfree-model", home="someone/unfree", licence="CC-BY-NC", commercial_use=False)
FETCHED = (
    entry("translation", "free", translates(("en", "pt")), pulled=(FREE,)),
    entry("translation", "unfree", translates(("en", "pt")), pulled=(UNFREE,)),
    entry("translation", "paid", translates(("en", "pt")), auto="never"),
)


def fetch(model: RemoteModel, settings: EngineSettings) -> None:
    folder = model.folder(settings.cache_dir)
    folder.mkdir(parents=True)
    (folder / "model.bin").touch()


def test_names_the_pull_command_of_a_missing_model(settings: EngineSettings):
    registry = EngineRegistry(settings, FETCHED)
    with pytest.raises(EngineUnavailableError, match="install free: dub-assets models pull free"):
        registry.translator("free", source="en", target="pt")
    status = registry.statuses()[0]
    assert (status.installed, status.remedy, status.memory_mib) == (False, "dub-assets models pull free", 700)
    assert status.weights[0].source == f"to pull from someone/free@{'a' * 40}"
    fetch(FREE, settings)
    assert registry.translator("free", source="en", target="pt").name == "free"
    assert registry.statuses()[0].installed


def test_commercial_profile_refuses_models_and_names_permitted_engines(settings: EngineSettings):
    commercial = dataclasses.replace(settings, models=ModelOptions(licence_profile="commercial"))
    fetch(FREE, settings)
    fetch(UNFREE, settings)
    assert EngineRegistry(settings, FETCHED).translator("unfree", source="en", target="pt").name == "unfree"
    registry = EngineRegistry(commercial, FETCHED)
    with pytest.raises(ConfigurationError) as error:
        registry.translator("unfree", source="en", target="pt")
    assert str(error.value) == (
        "unfree uses unfree-model (CC-BY-NC), which LICENCE_PROFILE=commercial refuses; "
        "these engines are permitted: free, paid"
    )
    reversed_ = EngineRegistry(commercial, FETCHED[::-1])
    assert reversed_.translator(source="en", target="pt").name == "free", "auto passes over what is refused"
    assert [status.barred for status in registry.statuses()] == [(), ("unfree-model (CC-BY-NC)",), ()]


def test_auto_never_chooses_a_paid_engine(settings: EngineSettings):
    registry = EngineRegistry(settings, FETCHED[2:])
    assert registry.translator("paid", source="en", target="pt").name == "paid"
    with pytest.raises(UnsupportedLanguageError, match=r"Also, by TRANSLATION_ENGINE: paid \(MIT\)\.$"):
        registry.translator(source="en", target="pt")


def test_auto_chooses_the_best_engine_whose_models_are_pulled(settings: EngineSettings):
    best = entry("translation", "best", translates(("en", "pt")), pulled=(FREE,), auto="if_pulled")
    good = entry("translation", "good", translates(("en", "pt")))
    registry = EngineRegistry(settings, [best, good])
    assert registry.translator(source="en", target="pt").name == "good"
    assert registry.models({"translation": "auto"})[0].engine == "good", (
        "the models of if_pulled engines are not pulled by default"
    )
    fetch(FREE, settings)
    assert registry.translator(source="en", target="pt").name == "best"


def test_models_to_pull_are_those_of_the_first_engine_that_lacks_only_models(settings: EngineSettings):
    pair = translates(("ko", "en"))
    here = entry("translation", "here", translates(("en", "pt")))
    without_library = entry("translation", "absent", pair, requires=NOT_INSTALLED, pulled=(FREE,))
    unfree = entry("translation", "unfree", pair, pulled=(UNFREE,), auto="if_pulled")
    free = entry("translation", "free", pair, pulled=(FREE,), auto="if_pulled")
    registry = EngineRegistry(settings, [here, without_library, unfree, free])
    assert registry.models_for("auto", needs.translation("en", "pt")).models == ()
    found = registry.models_for("auto", needs.translation("ko", "en"))
    assert (found.engine, found.models) == ("free", (FREE,))
    assert registry.models_for("unfree", needs.translation("ko", "en")).models == (UNFREE,)
    with pytest.raises(EngineUnavailableError, match="install absent: "):
        registry.models_for("absent", needs.translation("ko", "en"))
    with pytest.raises(UnsupportedLanguageError, match="no engine can translate 'ko' to 'fr'"):
        registry.models_for("free", needs.translation("ko", "fr"))
    fetch(FREE, settings)
    assert registry.models_for("auto", needs.translation("ko", "en")) == found, "to be verified"


def test_lists_the_models_of_chosen_and_additional_engines(settings: EngineSettings):
    def models(choice: str, *engines: str) -> list[str]:
        found = EngineRegistry(settings, FETCHED).models({"translation": choice}, engines)
        return [model.name for engine in found for model in engine.models]

    assert models("auto") == ["free-model", "unfree-model"]
    assert models("free") == ["free-model"]
    assert models("paid") == []
    assert models("paid", "unfree") == ["unfree-model"]
    with pytest.raises(ConfigurationError, match="no engine 'unfre'; known are free, unfree, paid"):
        models("paid", "unfre")


def test_statuses_list_every_engine_with_its_languages(registry: EngineRegistry):
    statuses = {status.name: status for status in registry.statuses()}
    assert list(statuses) == [entry.name for entry in ENTRIES]
    assert statuses["bridge"].languages == ("en-pt",)
    assert statuses["wide-ear"].languages == ("en", "ko")
    assert statuses["divide"].languages == ()
    assert statuses["voice"].installed
    assert not statuses["best-voice"].installed
    assert statuses["best-voice"].remedy == install_command("best-voice")


def test_default_engines_are_installed_with_their_weights(settings: EngineSettings):
    default = [entry for entry in CATALOGUE if entry.is_default and not entry.requirements.unset(settings)]
    statuses = EngineRegistry(settings, default).statuses()
    assert len(statuses) >= 6
    assert all(status.installed for status in statuses)
    assert not [file for status in statuses for file in status.weights if file.source.startswith("missing")]


def test_other_engines_say_how_to_install_them(settings: EngineSettings):
    statuses = {status.name: status for status in EngineRegistry(settings).statuses()}
    others = [entry for entry in CATALOGUE if not entry.is_default]
    assert "demucs" in [entry.name for entry in others]
    assert all(statuses[entry.name].remedy for entry in others)
    with pytest.raises(EngineUnavailableError, match=r"no installed engine can separate speech; install demucs: make "):
        EngineRegistry(settings).separator("demucs")


def test_prefers_default_engines_by_language(settings: EngineSettings):
    registry = EngineRegistry(settings)
    assert registry.separator().identity.name == "deepfilternet"
    assert registry.recogniser(language=None).identity.name == "faster-whisper"
    assert registry.translator(source="en", target="pt").identity.name == "firefox"
    assert registry.synthesiser(language="en").identity.name == "hibari"
    assert registry.synthesiser(language="pt").identity.name == "kokoro"
    assert registry.synthesiser(language="ko").identity.name == "espeak-ng"


def test_unserved_pair_names_the_command_that_adds_it(settings: EngineSettings):
    with pytest.raises(UnsupportedLanguageError) as error:
        EngineRegistry(settings).translator(source="ko", target="en")
    assert str(error.value) == (
        "no engine can translate 'ko' to 'en': run `dub-assets models pull --pair ko-en`. Also, by TRANSLATION_ENGINE: "
        "m2m100 (MIT), nllb (CC-BY-NC-4.0), chat (the terms of the service), amazon-translate (the AWS service terms)."
    )


def test_unserved_pair_names_no_engine_that_the_licence_profile_refuses(settings: EngineSettings):
    commercial = dataclasses.replace(settings, models=ModelOptions(licence_profile="commercial"))
    with pytest.raises(UnsupportedLanguageError) as error:
        EngineRegistry(commercial).translator(source="ko", target="en")
    assert "m2m100 (MIT)" in str(error.value)
    assert "nllb" not in str(error.value)


def test_pair_without_firefox_model_names_engines_that_translate_it(settings: EngineSettings):
    with pytest.raises(UnsupportedLanguageError, match=r"served are firefox: en-pt, pt-en\. To add more: put") as error:
        EngineRegistry(settings).translator(source="sw", target="zu")
    assert "models pull --pair" not in str(error.value)
    assert "m2m100 (MIT), nllb (CC-BY-NC-4.0)" in str(error.value)


def test_pinned_versions_are_the_installed_ones():
    parts = {part for entry in CATALOGUE for file in entry.models.packaged for part in file.parts}
    assert {part.distribution: part.version for part in parts} == {
        part.distribution: metadata.version(part.distribution) for part in parts
    }


def test_choosing_engines_imports_no_heavy_library(settings: EngineSettings):
    script = f"""
import sys
from pathlib import Path
from dub_assets.engines import needs
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.models.install import install_command
from dub_assets.engines.registry import EngineRegistry
registry = EngineRegistry(EngineSettings(cache_dir=Path({str(settings.cache_dir)!r}), weights_dir=None, threads=1))
registry.statuses(), registry.separator().capabilities, registry.recogniser(language="en").capabilities
heavy = {{"faster_whisper", "ctranslate2", "onnxruntime", "kokoro_onnx", "fxtranslate", "hibari", "av", "torch"}}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
