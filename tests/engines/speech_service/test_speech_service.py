"""The OpenAI-compatible speech endpoint, against a local server that returns tones."""

from __future__ import annotations

import io
import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile
from support.answering_server import Answer, Server, ServerRequest, answering

from dub_assets.core.errors import ConfigurationError, InputError, UnsupportedLanguageError
from dub_assets.core.speech import Utterance
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.registry import EngineRegistry
from dub_assets.engines.service_options import ServiceOptions, SpeechServiceOptions
from dub_assets.engines.speech_service.engine import ENTRY, SpeechService

SILENCE_MS, LETTER_MS = 200, 60
TEXT = "two cats open the window"


def tone(asked: ServerRequest, rate_hz: int = 24_000, channels: int = 1) -> bytes:
    """Return a tone for each letter at the requested speed, between silences, as WAV."""
    document = asked.document
    letters = sum(character.isalnum() for character in document["input"])
    frames = int(letters * LETTER_MS * rate_hz / 1000 / document["speed"])
    sound = 0.5 * np.sin(2 * np.pi * 220 * np.arange(frames) / rate_hz)
    silent = np.zeros(SILENCE_MS * rate_hz // 1000)
    samples = np.concatenate([silent, sound, silent])
    stream = io.BytesIO()
    soundfile.write(stream, np.tile(samples[:, np.newaxis], channels), rate_hz, format="WAV", subtype="PCM_16")
    return stream.getvalue()


@pytest.fixture
def server():
    with answering(lambda asked: Answer(body=tone(asked))) as server:
        yield server


def settings(url: str | None, **more) -> EngineSettings:
    options = SpeechServiceOptions(url=url, model="a-voice", key="secret", **more)
    return EngineSettings(cache_dir=None, weights_dir=None, threads=1, services=ServiceOptions(speech=options))


@pytest.fixture
def engine(server: Server) -> SpeechService:
    return SpeechService(settings(f"{server.url}/v1/", voices="nova, alloy", languages="pt, Korean"))


def utterance(text: str = TEXT, speed: float = 1.0, voice: str = "nova", language: str = "pt") -> Utterance:
    return Utterance(text=text, language=language, voice=voice, speed=speed)


def expected_ms(text: str, speed: float = 1.0) -> float:
    return sum(character.isalnum() for character in text) * LETTER_MS / speed


def test_sends_model_voice_and_speed(engine: SpeechService, server: Server):
    (sound,) = engine.synthesise([utterance(speed=1.25)])
    (asked,) = server.asked
    assert asked.path == "/v1/audio/speech"
    assert asked.headers["authorization"] == "Bearer secret"
    assert asked.document == {
        "model": "a-voice", "input": TEXT, "voice": "nova", "speed": 1.25, "response_format": "wav",
    }  # fmt: skip
    assert [voice.name for voice in engine.capabilities.voices] == ["nova", "alloy"]
    assert engine.capabilities.languages == {"pt", "ko"}
    assert (sound.rate_hz, sound.channels, sound.samples.dtype) == (24_000, 1, np.float32)


def test_trims_silence_at_the_ends(engine: SpeechService):
    (sound,) = engine.synthesise([utterance()])
    assert sound.duration_ms == pytest.approx(expected_ms(TEXT), abs=50)


def test_converts_sound_to_the_declared_rate_and_mono(engine: SpeechService, server: Server):
    server.answer = lambda asked: Answer(body=tone(asked, rate_hz=44_100, channels=2))
    (sound,) = engine.synthesise([utterance()])
    assert (sound.rate_hz, sound.channels) == (24_000, 1)
    assert sound.duration_ms == pytest.approx(expected_ms(TEXT), abs=50)


def test_reads_a_streamed_wav_of_unknown_length(engine: SpeechService, server: Server):
    def streamed(asked: ServerRequest) -> Answer:
        body = bytearray(tone(asked))
        body[4:8] = body[40:44] = struct.pack("<I", 0xFFFFFFFF)
        return Answer(body=bytes(body))

    server.answer = streamed
    (sound,) = engine.synthesise([utterance()])
    assert sound.duration_ms == pytest.approx(expected_ms(TEXT), abs=50)


def test_concurrent_calls_return_their_own_speech(engine: SpeechService):
    texts = ["a", "bb cc", "dddd eeee", "fff"]
    with ThreadPoolExecutor(engine.capabilities.concurrency) as pool:
        sounds = list(pool.map(lambda text: engine.synthesise([utterance(text)])[0], texts))
    assert [sound.duration_ms for sound in sounds] == [pytest.approx(expected_ms(text), abs=50) for text in texts]


def test_predicts_lengths_without_calling_the_service(engine: SpeechService, server: Server):
    (normal, fast, korean) = engine.predict_ms(
        [utterance(), utterance(speed=1.25), utterance("안녕하세요", language="ko")]
    )
    assert normal == pytest.approx(1.25 * fast, rel=0.01)
    assert 1000 < normal < 2000
    assert 800 < korean < 1500
    assert server.asked == []


def test_a_text_without_words_gives_a_short_pause(engine: SpeechService, server: Server):
    (sound,) = engine.synthesise([utterance("...")])
    assert [sound.duration_ms] == engine.predict_ms([utterance("...")]) == [100]
    assert not sound.samples.any()
    assert server.asked == []


def test_counts_usage(engine: SpeechService):
    engine.synthesise([utterance("one"), utterance("three"), utterance("!")])
    assert engine.take_usage() == (("characters", 8.0), ("requests", 2.0))
    assert engine.take_usage() == ()


def test_refuses_a_response_that_is_not_sound(engine: SpeechService, server: Server):
    server.answer = lambda _: Answer(body=b"<html>")
    with pytest.raises(ConfigurationError, match="sends no WAV: check SPEECH_SERVICE_URL"):
        engine.synthesise([utterance()])
    stream = io.BytesIO()
    soundfile.write(stream, np.zeros(2400), 24_000, format="WAV")
    server.answer = lambda _: Answer(body=stream.getvalue())
    with pytest.raises(InputError, match="says nothing") as error:
        engine.synthesise([utterance()])
    assert "cats" not in str(error.value)


def test_refuses_what_its_capabilities_do_not_list(engine: SpeechService):
    with pytest.raises(UnsupportedLanguageError, match="it speaks ko, pt"):
        engine.synthesise([utterance(language="en")])
    with pytest.raises(ConfigurationError, match="choose one of nova, alloy"):
        engine.synthesise([utterance(voice="onyx")])


def test_identity_has_model_and_host_but_no_key(engine: SpeechService, server: Server):
    assert (engine.identity.version, engine.identity.settings) == (
        "a-voice", (("endpoint", server.url.removeprefix("http://")),),
    )  # fmt: skip
    assert "secret" not in f"{engine.identity} {settings(server.url)}"


def test_auto_never_chooses_it_and_it_names_unset_variables(server: Server):
    assert ENTRY.remedy(settings(None)) == "set SPEECH_SERVICE_URL"
    registry = EngineRegistry(settings(server.url))
    assert registry.synthesiser("speech-service", language="de").identity.name == "speech-service"
    assert registry.synthesiser(language="de").identity.name == "espeak-ng"
