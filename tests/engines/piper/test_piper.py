"""Piper with tiny voices, on onnxruntime with phonemes of espeak-ng."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from support.piper_voice import SAMPLES_A_SIGN, SIGNS, write_voice

from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, UnsupportedLanguageError
from dub_assets.core.speech import Utterance
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.piper import engine as piper
from dub_assets.engines.piper.engine import ENTRY, Piper
from dub_assets.engines.piper.voices import HOME, REVISION, VoiceConfig, hub_voice
from dub_assets.engines.registry import EngineRegistry

TEXT = "Ela abriu a janela e olhou para o mar."


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    folder = tmp_path / "weights" / "piper"
    write_voice(folder, "pt_BR-test-medium", espeak="pt-br", family="pt")
    write_voice(folder, "de_DE-test-low", espeak="de", family="de", rate_hz=16_000)
    write_voice(folder, "en_US-many-medium", espeak="en-us", family="en", speakers=2)
    return EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path / "weights", threads=2)


@pytest.fixture
def engine(settings: EngineSettings) -> Piper:
    return Piper(settings)


def utterance(
    text: str = TEXT, language: str = "pt", voice: str = "pt_BR-test-medium", speed: float = 1.0
) -> Utterance:
    return Utterance(text=text, language=language, voice=voice, speed=speed)


def test_offers_the_voices_in_the_weights_folder(engine: Piper):
    assert {voice.name: set(voice.languages) for voice in engine.capabilities.voices} == {
        "de_DE-test-low": {"de"},
        "en_US-many-medium#s0": {"en"},
        "en_US-many-medium#s1": {"en"},
        "pt_BR-test-medium": {"pt"},
    }


def test_speech_is_mono_at_the_declared_rate_without_silence_at_the_ends(engine: Piper):
    (sound,) = engine.synthesise([utterance()])
    assert (sound.rate_hz, sound.channels, sound.samples.dtype) == (22_050, 1, np.float32)
    loud = np.flatnonzero(np.abs(sound.samples[:, 0]) > 0.01)
    margin = 30 * 22_050 // 1000
    assert loud[0] <= margin
    assert sound.frames - loud[-1] <= margin
    assert 0.1 < np.abs(sound.samples).max() < 1.0


def test_is_deterministic_on_every_call_and_thread(engine: Piper, settings: EngineSettings):
    (expected,) = engine.synthesise([utterance()])
    with ThreadPoolExecutor(4) as pool:
        for (sound,) in pool.map(lambda _: engine.synthesise([utterance()]), range(8)):
            assert np.array_equal(sound.samples, expected.samples)
    engine.close()
    assert np.array_equal(engine.synthesise([utterance()])[0].samples, expected.samples)
    assert np.array_equal(Piper(settings).synthesise([utterance()])[0].samples, expected.samples)


def test_speech_still_contains_noise(engine: Piper, settings: EngineSettings):
    config = settings.weights_dir / "piper" / "pt_BR-test-medium.onnx.json"
    (noisy,) = engine.synthesise([utterance()])
    content = json.loads(config.read_text())
    config.write_text(json.dumps(content | {"inference": {"noise_scale": 0.0}}))
    (clean,) = Piper(settings).synthesise([utterance()])
    noise = noisy.samples - clean.samples
    assert noise.std() > 0.001
    assert abs(float(noise.mean())) < 0.001


def test_puts_a_pad_after_every_known_phoneme(settings: EngineSettings):
    config = VoiceConfig.read(settings.weights_dir / "piper" / "pt_BR-test-medium.onnx.json")
    (numbers,) = piper._sentences("mar", config)
    signs = "".join(SIGNS[number] for number in numbers)
    assert signs[0] == "^"
    assert signs[-1] == "$"
    assert set(signs[1:-1:2]) == {"_"}
    assert "m\u02c8a" in signs[::2]


def test_length_follows_the_speed_and_is_predicted_exactly(engine: Piper):
    offer = engine.capabilities
    lengths = {}
    for speed in (offer.min_speed, 1.0, 1.25, offer.max_speed):
        (sound,) = engine.synthesise([utterance(speed=speed)])
        assert engine.predict_ms([utterance(speed=speed)]) == [sound.duration_ms]
        lengths[speed] = sound.duration_ms
    assert all(length * speed == pytest.approx(lengths[1.0], rel=0.03) for speed, length in lengths.items())


def test_pauses_between_sentences(engine: Piper):
    one, two = (engine.synthesise([utterance(text)])[0].duration_ms for text in ("Olhou.", "Abriu a janela."))
    (both,) = engine.synthesise([utterance("Olhou. Abriu a janela.")])
    assert both.duration_ms == pytest.approx(one + two + 300, abs=5)


def test_resamples_voices_with_another_rate(engine: Piper, settings: EngineSettings):
    german = utterance("Sie sah das Meer.", language="de", voice="de_DE-test-low")
    config = VoiceConfig.read(settings.weights_dir / "piper" / "de_DE-test-low.onnx.json")
    (numbers,) = piper._sentences(german.text, config)
    (sound,) = engine.synthesise([german])
    assert sound.rate_hz == 22_050
    assert sound.duration_ms == pytest.approx(len(numbers) * SAMPLES_A_SIGN / 16_000 * 1000, rel=0.15)


def test_speakers_of_a_voice_differ(engine: Piper):
    one, other = (
        engine.synthesise([utterance("the sea", language="en", voice=f"en_US-many-medium#s{number}")])[0]
        for number in (0, 1)
    )
    assert one.frames == pytest.approx(other.frames, rel=0.05)
    assert not np.array_equal(one.samples[:4000], other.samples[:4000])


@pytest.mark.parametrize("text", ["...", "🙂", " "])
def test_a_text_without_words_gives_a_short_pause(engine: Piper, text: str):
    (sound,) = engine.synthesise([utterance(text)])
    assert [sound.duration_ms] == engine.predict_ms([utterance(text)]) == [100]


def test_refuses_unknown_languages_and_voices(engine: Piper):
    with pytest.raises(UnsupportedLanguageError, match="it speaks de, en, pt"):
        engine.synthesise([utterance(language="ko")])
    with pytest.raises(ConfigurationError, match="choose one of pt_BR-test-medium"):
        engine.synthesise([utterance(voice="de_DE-test-low")])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"espeak": {}}, "put the voice's own"),
        ({"phoneme_id_map": {}}, "its phonemes are not espeak-ng's"),
        ({"phoneme_type": "text"}, "its phonemes are not espeak-ng's"),
        ({"language": {"family": "xx"}}, "put the voice's own"),
    ],
)
def test_names_an_unusable_voice_configuration(settings: EngineSettings, change, message: str):
    write_voice(settings.weights_dir / "piper", "pt_BR-test-medium", espeak="pt-br", family="pt")
    config = settings.weights_dir / "piper" / "pt_BR-test-medium.onnx.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | change))
    with pytest.raises(EngineUnavailableError, match=message):
        Piper(settings).synthesise([utterance()])


def test_names_a_file_that_is_not_an_onnx_model(settings: EngineSettings):
    (settings.weights_dir / "piper" / "pt_BR-test-medium.onnx").write_bytes(b"no model")
    with pytest.raises(EngineUnavailableError, match=r"cannot use .*pt_BR-test-medium\.onnx"):
        Piper(settings).synthesise([utterance()])


def test_named_voices_come_from_the_hub_unless_the_user_has_them(settings: EngineSettings):
    named = dataclasses.replace(settings, models=ModelOptions(piper_voices="de_DE-thorsten-medium, pt_BR-test-medium"))
    (model,) = ENTRY.models.pulled(named)
    assert (model.home, model.revision, model.licence, model.commercial_use) == (HOME, REVISION, "CC0-1.0", True)
    assert model.files[0].name == "de/de_DE/thorsten/medium/de_DE-thorsten-medium.onnx"
    assert ENTRY.remedy(named) == "dub-assets models pull piper"
    with pytest.raises(EngineUnavailableError, match="models pull piper"):
        Piper(named).synthesise([utterance()])


def test_offers_a_hub_voice_once_it_is_pulled(settings: EngineSettings):
    folder = hub_voice("ko_KR-kss-medium").folder(settings.cache_dir)
    write_voice(folder / "ko/ko_KR/kss/medium", "ko_KR-kss-medium", espeak="ko", family="ko")
    named = dataclasses.replace(settings, models=ModelOptions(piper_voices="ko_KR-kss-medium"))
    assert [voice.name for voice in Piper(named).capabilities.voices_for("ko")] == ["ko_KR-kss-medium"]
    assert Piper(named).capabilities.voices[0].name == "ko_KR-kss-medium", "those that are named come first"
    with pytest.raises(EngineUnavailableError, match="is not the expected file"):
        Piper(named).synthesise([utterance(language="ko", voice="ko_KR-kss-medium")])


def test_commercial_profile_refuses_voices_with_their_own_terms(settings: EngineSettings):
    options = ModelOptions(piper_voices="en_US-lessac-medium", licence_profile="commercial")
    with pytest.raises(ConfigurationError, match=r"en_US-lessac-medium \(see its MODEL_CARD\)"):
        EngineRegistry(dataclasses.replace(settings, models=options)).synthesiser("piper", language="en")


def test_refuses_a_name_that_is_not_a_voices():
    with pytest.raises(ConfigurationError, match="PIPER_VOICES: 'thorsten' is neither"):
        hub_voice("thorsten")


def test_auto_prefers_piper_to_espeak(settings: EngineSettings, tmp_path: Path):
    registry = EngineRegistry(settings)
    assert registry.synthesiser(language="de").identity.name == "piper"
    assert registry.synthesiser(language="pt").identity.name == "kokoro"
    bare = dataclasses.replace(settings, weights_dir=None)
    assert EngineRegistry(bare).synthesiser(language="de").identity.name == "espeak-ng"
    assert ENTRY.remedy(bare) == "set PIPER_VOICES"


def test_identity_lists_every_file(engine: Piper):
    assert {file.name for file in engine.identity.weights} >= {"pt_BR-test-medium.onnx", "pt_BR-test-medium.onnx.json"}
    assert all(len(file.sha256) == 64 for file in engine.identity.weights)
