"""Synthesisers whose weights ship as packages: the contract, quality of speech, and predicted lengths.

Add another engine's entry to ``SYNTHESISERS``.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from support.contracts.synthesis import SynthesiserContract
from support.measures import word_error_rate

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import SpeechChunk, Utterance
from dub_assets.core.timing import Interval
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.espeak import engine as espeak
from dub_assets.engines.faster_whisper import engine as faster_whisper
from dub_assets.engines.hibari import engine as hibari
from dub_assets.engines.kokoro import engine as kokoro

pytestmark = pytest.mark.models

SYNTHESISERS = [kokoro.ENTRY, hibari.ENTRY, espeak.ENTRY]

LINES = {
    "pt": [
        "Ela abriu a janela e olhou para o mar.",
        "Você já tentou explicar isso?",
        "Não tenho certeza, mas acho que eles voltam na próxima semana.",
        "Muito obrigado.",
    ],
    "es": ["Ella abrió la ventana y miró el mar sin decir nada.", "Por favor, cierra la puerta cuando salgas."],
    "en": [
        "She opened the window slowly and looked at the sea.",
        "Have you ever tried to explain this?",
        "I am not sure, but they will come back next week.",
        "Thank you very much.",
    ],
}
MAIN = {"kokoro": "pt", "hibari": "en", "espeak-ng": "en"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> EngineSettings:
    return EngineSettings(cache_dir=tmp_path_factory.mktemp("cache"), weights_dir=None, threads=2)


@pytest.fixture(scope="module")
def engines(settings) -> dict[str, Synthesiser]:
    return {entry.name: entry.build(settings) for entry in SYNTHESISERS}


@pytest.fixture(scope="module", params=[entry.name for entry in SYNTHESISERS])
def synthesiser(request, engines) -> Synthesiser:
    return engines[request.param]


def utterances_of(synthesiser: Synthesiser, *texts: str, language: str = "", speed: float = 1.0) -> list[Utterance]:
    """Return utterances in the language's first voice."""
    language = language or MAIN[synthesiser.identity.name]
    voice = synthesiser.capabilities.voices_for(language)[0].name
    return [Utterance(text=text, language=language, voice=voice, speed=speed) for text in texts]


def lines(synthesiser: Synthesiser, speed: float = 1.0) -> list[Utterance]:
    return utterances_of(synthesiser, *LINES[MAIN[synthesiser.identity.name]], speed=speed)


@pytest.fixture(scope="module")
def spoken(synthesiser) -> list[Sound]:
    """The lines at natural speed."""
    return synthesiser.synthesise(lines(synthesiser))


class TestContract(SynthesiserContract):
    """What every synthesiser does."""


def test_speech_is_audible_without_silence_at_the_ends(spoken):
    for sound in spoken:
        assert np.abs(sound.samples).max() > 0.1
        assert np.abs(sound.samples.mean()) < 0.01
        loud = np.flatnonzero(np.abs(sound.samples[:, 0]) > 0.003 * np.abs(sound.samples).max())
        margin = 30 * sound.rate_hz // 1000
        assert loud[0] <= margin
        assert sound.frames - loud[-1] <= margin


def test_length_is_inversely_proportional_to_speed(synthesiser):
    capabilities, text = synthesiser.capabilities, LINES[MAIN[synthesiser.identity.name]][0]
    speeds = [capabilities.min_speed, 1.0, 1.1, capabilities.max_speed]
    lengths = [
        synthesiser.synthesise(utterances_of(synthesiser, text, speed=speed))[0].duration_ms * speed for speed in speeds
    ]
    assert all(length == pytest.approx(lengths[1], rel=0.12) for length in lengths)
    assert all(one / slow > other / fast for (one, slow), (other, fast) in pairwise(zip(lengths, speeds, strict=True)))


def test_predicts_lengths(synthesiser, spoken):
    faster = lines(synthesiser, 1.25)[:2]
    sounds = [*spoken, *synthesiser.synthesise(faster)]
    lengths = np.array([sound.duration_ms for sound in sounds])
    errors = np.abs(np.array(synthesiser.predict_ms([*lines(synthesiser), *faster])) - lengths) / lengths
    assert errors.mean() < 0.06
    assert errors.max() < 0.15


def test_speaks_unusual_texts(synthesiser):
    texts = [
        "No",
        "7",
        "\u201cOk\u201d\u2026",
        "NASA",
        "a\nb\x00c",
        "<b>Ok</b> [ok](ok)",
        "10:30, 50%",
        "¿Ok?!",
        "Привет",
    ]
    texts = [text for text in texts if not (synthesiser.identity.name == "hibari" and text == "Привет")]
    utterances = utterances_of(synthesiser, *texts)
    sounds = synthesiser.synthesise(utterances)
    assert all(150 < sound.duration_ms < 6000 and np.abs(sound.samples).max() > 0.1 for sound in sounds)


def test_identity_lists_the_packaged_weights(synthesiser):
    weights = synthesiser.identity.weights
    assert all("==" in file.origin for file in weights)
    assert len(weights) == {"kokoro": 3, "hibari": 1, "espeak-ng": 0}[synthesiser.identity.name]


@pytest.fixture(scope="module")
def recogniser(settings):
    return faster_whisper.ENTRY.build(settings)


def recognised(sound: Sound, language: str, recogniser) -> str:
    """Return the words that the recogniser hears, with 250 ms of silence added at both ends."""
    import soxr

    rate_hz = recogniser.capabilities.sample_rate_hz
    samples = soxr.resample(sound.samples[:, 0], sound.rate_hz, rate_hz).astype(np.float32)
    samples = np.pad(samples, rate_hz // 4)[:, np.newaxis]
    whole = Interval(start_ms=0, end_ms=len(samples) * 1000 // rate_hz)
    chunk = SpeechChunk(interval=whole, sound=Sound(samples=samples, rate_hz=rate_hz))
    return " ".join(word.text for word in recogniser.recognise([chunk], language)[0])


@pytest.mark.parametrize(
    ("name", "language", "most"),
    [("kokoro", "pt", 0.1), ("kokoro", "es", 0.1), ("hibari", "en", 0.1), ("espeak-ng", "en", 0.25)],
)
def test_speech_is_understood(name, language, most, engines, recogniser):
    synthesiser = engines[name]
    text = " ".join(LINES[language][:3])
    (sound,) = synthesiser.synthesise(utterances_of(synthesiser, text, language=language))
    assert word_error_rate(recognised(sound, language, recogniser), text) <= most


@pytest.mark.parametrize("entry", [kokoro.ENTRY, hibari.ENTRY], ids=lambda entry: entry.name)
def test_names_a_file_that_is_not_a_model(entry, tmp_path):
    folder = tmp_path / "weights" / entry.name
    folder.mkdir(parents=True)
    (folder / entry.models.packaged[0].name).write_bytes(b"no model")
    engine = entry.build(EngineSettings(cache_dir=tmp_path, weights_dir=tmp_path / "weights", threads=2))
    with pytest.raises(EngineUnavailableError, match=entry.models.packaged[0].name):
        engine.synthesise(utterances_of(engine, "Ok."))


def test_espeak_speaks_every_language_it_declares():
    engine = espeak.Espeak(EngineSettings(cache_dir=None, weights_dir=None, threads=1))
    languages = sorted(engine.capabilities.languages)
    assert len(languages) > 90
    sounds = [engine.synthesise(utterances_of(engine, "1, 2, 3", language=language))[0] for language in languages]
    assert all(600 < sound.duration_ms < 5000 for sound in sounds)
