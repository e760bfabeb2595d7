"""XTTS without its libraries and weights."""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import pytest
from support.fakes import FakeSynthesiser

from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, UnsupportedLanguageError
from dub_assets.core.signal.sound import silence
from dub_assets.core.speech import ClonedUtterance, Utterance, VoiceReference
from dub_assets.engines.catalogue import ENTRIES
from dub_assets.engines.chosen import ChosenEngines
from dub_assets.engines.entry import EngineSettings, ModelSources, Requirements
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.options import EngineChoices, VoiceActivityOptions
from dub_assets.engines.registry import EngineRegistry
from dub_assets.engines.xtts import engine as xtts
from dub_assets.engines.xtts.engine import ENTRY, LANGUAGES, Xtts
from dub_assets.engines.xtts.text import digit_by_digit, split
from dub_assets.text_normalisation.speaking_rate import ordinary_ms


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    return EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path / "weights", threads=1)


def write_speakers(settings: EngineSettings, *names: str) -> Path:
    folder = settings.weights_dir / "xtts"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "speakers_xtts.pth", "w") as archive:
        speakers = {name: OrderedDict() for name in names}
        archive.writestr("speakers/data.pkl", pickle.dumps(speakers, protocol=2))
    return folder / "speakers_xtts.pth"


def test_pins_every_file_of_a_model_that_forbids_commercial_use():
    (model,) = ENTRY.models.pulled(EngineSettings(cache_dir=Path("cache"), weights_dir=None, threads=1))
    assert model.is_fixed
    assert all(len(file.sha256) == 64 and file.size for file in model.files)
    assert not model.commercial_use


def test_commercial_profile_refuses_xtts_and_names_other_engines(settings: EngineSettings):
    commercial = replace(settings, models=ModelOptions(licence_profile="commercial"))
    with pytest.raises(ConfigurationError) as error:
        EngineRegistry(commercial).synthesiser("xtts", language="pt")
    assert str(error.value).startswith("xtts uses xtts-v2 (CPML), which LICENCE_PROFILE=commercial refuses; these")
    assert "kokoro" in str(error.value)
    assert "xtts" not in EngineRegistry(commercial).permitted()["synthesis"]


def test_auto_never_chooses_an_engine_that_clones_voices(settings: EngineSettings):
    cloners = [entry for entry in ENTRIES if getattr(entry.capabilities, "clones_voice", False)]
    assert [(entry.name, entry.auto) for entry in cloners] == [("xtts", "never")]
    with pytest.raises(EngineUnavailableError, match=r"install xtts: make .*install EXTRAS=gpu && \. \S+/activate"):
        EngineRegistry(settings).synthesiser("xtts", language="ko")


def test_offers_seventeen_languages_less_those_without_their_packages(settings: EngineSettings, monkeypatch):
    assert len(LANGUAGES) == 17
    monkeypatch.setattr(xtts, "find_spec", lambda package: None if package == "cutlet" else object())
    assert ENTRY.serves(settings).languages == LANGUAGES - {"ja"}
    with pytest.raises(UnsupportedLanguageError, match="does not speak 'ja'"):
        Xtts(settings).predict_ms([Utterance(text="a", language="ja", voice="Claribel Dervla")])


def test_offers_the_studio_speakers_of_the_weights(settings: EngineSettings):
    write_speakers(settings, "Ana Florence", "Viktor Eka")
    assert [voice.name for voice in ENTRY.serves(settings).voices] == ["Ana Florence", "Viktor Eka"]
    assert ENTRY.models.pulled(settings) == (), "the user's own model replaces the hub's"
    with pytest.raises(EngineUnavailableError, match=r"has no config\.json, model\.pth, vocab\.json"):
        _ = Xtts(settings)._weights


def test_reports_an_unreadable_file_of_speakers(settings: EngineSettings):
    write_speakers(settings, "Ana Florence").write_bytes(b"nothing of the kind")
    with pytest.raises(EngineUnavailableError, match=r"xtts cannot read .*speakers_xtts\.pth"):
        ENTRY.serves(settings)


def test_predicts_lengths_from_the_ordinary_rate_and_the_speed(settings: EngineSettings):
    text, reference = "Bom dia, meus amigos.", VoiceReference(fingerprint="a", sound=silence(24_000, 1, 24_000))
    studio = Utterance(text=text, language="pt", voice="Claribel Dervla", speed=1.25)
    cloned = ClonedUtterance(text=text, language="pt", voice="cloned-A", reference=reference)
    assert Xtts(settings).predict_ms([studio, cloned]) == [
        round(ordinary_ms(text, "pt") / 1.25),
        ordinary_ms(text, "pt"),
    ]


def test_clones_voices_unless_a_voice_is_configured(settings: EngineSettings):
    def clones(engine: FakeSynthesiser, voice: str | None = None) -> bool:
        entry = replace(
            ENTRY,
            requirements=Requirements(distributions=()),
            models=ModelSources(),
            installed_capabilities=None,
            build=lambda _: engine,
        )
        chosen = ChosenEngines(
            registry=EngineRegistry(settings, [replace(entry, capabilities=engine.capabilities)]),
            choices=EngineChoices(synthesis="xtts", voice=voice),
            voice_activity=VoiceActivityOptions(),
        )
        return chosen.clones("pt")

    assert clones(FakeSynthesiser(clones_voice=True))
    assert not clones(FakeSynthesiser(clones_voice=True), voice="anna")
    assert not clones(FakeSynthesiser())


def at_most(characters: int):
    return lambda part: len(part) <= characters


def test_keeps_a_text_that_fits_in_one_part():
    assert split("Good morning. Good night.", at_most(25)) == ["Good morning. Good night."]


def test_splits_longer_texts_at_sentences_then_clauses_then_words_then_anywhere():
    assert split("Good morning. My name is nobody, and yours?", at_most(30)) == [
        "Good morning.",
        "My name is nobody, and yours?",
    ]
    assert split("My name is nobody, and what is yours?", at_most(30)) == ["My name is nobody,", "and what is yours?"]
    assert split("one two three four", at_most(10)) == ["one two", "three four"]
    assert split("abcdefgh", at_most(4)) == ["abcd", "efgh"]
    assert split("おはようございます。今日はいい天気ですね。", at_most(12)) == [
        "おはようございます。",
        "今日はいい天気ですね。",
    ]


@pytest.mark.parametrize("limit", [1, 3, 7, 20])
def test_split_parts_contain_the_whole_text(limit: int):
    text = "It was the best of times, it was the worst of times; 3.14 of them, at 10:30. Wasn't it?"
    parts = split(text, at_most(limit))
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    assert max(map(len, parts)) <= limit


def test_separates_digits_and_writes_them_as_words_where_coqui_tts_cannot_read_them():
    assert digit_by_digit("Room 101, at 10:30.", "en") == "Room 1 0 1 , at 1 0 : 3 0 ."
    assert digit_by_digit("कमरा 20", "hi") == "कमरा दो शून्य"
