"""Every synthesiser does what the port says; add another engine's entry to ``SYNTHESISERS``."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import onnxruntime
import pytest
from support.measures import word_error_rate

from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, UnsupportedLanguageError
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import SpeechChunk, Utterance
from dub_assets.core.timing import Interval
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.espeak import engine as espeak
from dub_assets.engines.faster_whisper import engine as faster_whisper
from dub_assets.engines.hibari import engine as hibari
from dub_assets.engines.kokoro import engine as kokoro
from dub_assets.engines.kokoro.graph import KokoroGraph
from dub_assets.engines.kokoro.model import FRAME_MS, STYLES

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


def said(synthesiser: Synthesiser, *texts: str, language: str = "", speed: float = 1.0) -> list[Utterance]:
    """Utterances in the preferred voice of the language."""
    language = language or MAIN[synthesiser.identity.name]
    voice = synthesiser.capabilities.voices_for(language)[0].name
    return [Utterance(text=text, language=language, voice=voice, speed=speed) for text in texts]


def lines(synthesiser: Synthesiser, speed: float = 1.0) -> list[Utterance]:
    return said(synthesiser, *LINES[MAIN[synthesiser.identity.name]], speed=speed)


@pytest.fixture(scope="module")
def spoken(synthesiser) -> list[Sound]:
    """The lines, spoken at their natural speed."""
    return synthesiser.synthesise(lines(synthesiser))


def test_speech_is_mono_at_the_declared_rate_and_not_clipped(synthesiser, spoken):
    assert len(spoken) == 4
    for sound in spoken:
        assert (sound.rate_hz, sound.channels) == (synthesiser.capabilities.sample_rate_hz, 1)
        assert sound.samples.dtype == np.float32
        assert 0.1 < np.abs(sound.samples).max() < 1.0
        assert np.abs(sound.samples.mean()) < 0.01


def test_there_is_no_silence_at_the_ends(spoken):
    for sound in spoken:
        loud = np.flatnonzero(np.abs(sound.samples[:, 0]) > 0.003 * np.abs(sound.samples).max())
        margin = 30 * sound.rate_hz // 1000
        assert loud[0] <= margin
        assert sound.frames - loud[-1] <= margin


def test_speed_makes_speech_shorter_in_proportion(synthesiser):
    offer, text = synthesiser.capabilities, LINES[MAIN[synthesiser.identity.name]][0]
    speeds = [offer.min_speed, 1.0, 1.1, offer.max_speed]
    lengths = [synthesiser.synthesise(said(synthesiser, text, speed=speed))[0].duration_ms * speed for speed in speeds]
    assert all(length == pytest.approx(lengths[1], rel=0.12) for length in lengths)
    assert all(one / slow > other / fast for (one, slow), (other, fast) in pairwise(zip(lengths, speeds, strict=True)))


def test_lengths_are_predicted(synthesiser, spoken):
    faster = lines(synthesiser, 1.25)[:2]
    sounds = [*spoken, *synthesiser.synthesise(faster)]
    lengths = np.array([sound.duration_ms for sound in sounds])
    errors = np.abs(np.array(synthesiser.predict_ms([*lines(synthesiser), *faster])) - lengths) / lengths
    assert errors.mean() < 0.06
    assert errors.max() < 0.15


def test_the_same_utterance_gives_the_same_samples_in_any_order_and_on_any_thread(synthesiser, spoken):
    utterances = lines(synthesiser)[:3]
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(synthesiser.synthesise, [utterance]) for utterance in reversed(utterances)]
    again = [call.result()[0] for call in reversed(calls)]
    assert all(np.array_equal(one.samples, other.samples) for one, other in zip(spoken, again, strict=False))


def test_a_closed_synthesiser_speaks_again(synthesiser, spoken):
    synthesiser.close()
    (sound,) = synthesiser.synthesise(lines(synthesiser)[3:])
    assert np.array_equal(sound.samples, spoken[3].samples)


@pytest.mark.parametrize("text", ["...", "?!", "🙂", "♪ ♪", " "])
def test_a_text_without_words_is_a_short_pause(synthesiser, text):
    utterances = said(synthesiser, text)
    (sound,) = synthesiser.synthesise(utterances)
    assert [sound.duration_ms] == synthesiser.predict_ms(utterances) == [100]
    assert not sound.samples.any()


def test_unusual_texts_are_spoken(synthesiser):
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
    utterances = said(synthesiser, *texts)
    sounds = synthesiser.synthesise(utterances)
    assert all(150 < sound.duration_ms < 6000 and np.abs(sound.samples).max() > 0.1 for sound in sounds)


def test_nothing_is_no_work(synthesiser):
    assert synthesiser.synthesise([]) == []
    assert synthesiser.predict_ms([]) == []


def test_what_is_not_offered_is_refused(synthesiser):
    voice = synthesiser.capabilities.voices[0].name
    language = MAIN[synthesiser.identity.name]
    with pytest.raises(UnsupportedLanguageError, match="does not speak 'xx'"):
        synthesiser.synthesise([Utterance(text="a", language="xx", voice=voice)])
    with pytest.raises(ConfigurationError, match=voice):
        synthesiser.predict_ms([Utterance(text="a", language=language, voice="nobody")])
    with pytest.raises(ValueError, match=r"3\.0"):
        synthesiser.synthesise([Utterance(text="a", language=language, voice=voice, speed=3.0)])


def test_identities_name_versions_licences_and_weights(synthesiser):
    identity = synthesiser.identity
    assert identity.version[0].isdigit()
    assert identity.licence
    assert all(len(weight.sha256) == 64 and "==" in weight.origin for weight in identity.weights)
    assert len(identity.weights) == {"kokoro": 3, "hibari": 1, "espeak-ng": 0}[identity.name]


@pytest.fixture(scope="module")
def recogniser(settings):
    return faster_whisper.ENTRY.build(settings)


def heard(sound: Sound, language: str, recogniser) -> str:
    """What the recogniser hears between two quarters of a second of silence."""
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
    (sound,) = synthesiser.synthesise(said(synthesiser, text, language=language))
    assert word_error_rate(heard(sound, language, recogniser), text) <= most


@pytest.mark.parametrize("language", ["pt", "es", "en"])
def test_rewritten_kokoro_gives_the_speech_of_the_packaged_model(language, engines):
    """Lengths are equal to the frame; spectra differ by no more than rounding to 8 bits in each layer explains."""
    engine = engines["kokoro"]
    packaged = onnxruntime.InferenceSession(str(engine._weights[kokoro.MODEL.name]), providers=["CPUExecutionProvider"])
    model = engine._model()
    for utterance in said(engine, *LINES[language][:2], language=language):
        (chunk,) = engine._chunks(utterance)
        expected = packaged.run(None, model.inputs(chunk, utterance.voice, 1.0))[0].ravel()
        frames = model.frames(chunk, utterance.voice, 1.0)
        assert frames.sum() * FRAME_MS == expected.size * 1000 / kokoro.RATE_HZ
        spectra, expected_spectra = magnitudes(model.speak(chunk, utterance.voice, 1.0)), magnitudes(expected)
        assert np.linalg.norm(spectra - expected_spectra) < 0.1 * np.linalg.norm(expected_spectra)


def magnitudes(samples):
    """Magnitudes of windows of 21 ms that overlap fourfold."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, 512)[::128]
    return np.abs(np.fft.rfft(windows * np.hanning(512)))


@pytest.mark.parametrize(("exact", "convolutions"), [(True, 0), (False, 87)])
def test_rewrites_kokoros_convolutions_where_the_processor_multiplies_exactly(engines, exact, convolutions):
    path = engines["kokoro"]._weights[kokoro.MODEL.name]
    graph = KokoroGraph(path, signed_products=exact)
    assert graph.speech().count(b"ConvInteger") == convolutions
    assert len(graph.durations()) < path.stat().st_size / 5


def test_opening_a_rewritten_model_does_not_import_onnx(settings, engines):
    engines["kokoro"].load()
    script = f"""
import sys
from pathlib import Path
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.kokoro import engine as kokoro
kokoro.Kokoro(EngineSettings(cache_dir=Path({str(settings.cache_dir)!r}), weights_dir=None, threads=2)).load()
print("onnx" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_kokoro_speaks_long_texts_in_chunks_with_pauses(engines, monkeypatch):
    engine = engines["kokoro"]
    texts = ["Muito obrigado.", "Você já tentou?"]
    apart = engine.synthesise(said(engine, *texts))
    monkeypatch.setattr(kokoro, "_MAX_TOKENS", 25)
    (whole,) = said(engine, " ".join(texts))
    assert [chunk.pause_ms for chunk in engine._chunks(whole)] == [350, 0]
    (sound,) = engine.synthesise([whole])
    assert sound.frames == sum(part.frames for part in apart) + 350 * kokoro.RATE_HZ // 1000
    assert engine.predict_ms([whole])[0] == sum(engine.predict_ms(said(engine, *texts))) + 350


@pytest.mark.parametrize("entry", [kokoro.ENTRY, hibari.ENTRY], ids=lambda entry: entry.name)
def test_a_file_that_is_no_model_is_an_error_that_names_it(entry, tmp_path):
    folder = tmp_path / "weights" / entry.name
    folder.mkdir(parents=True)
    (folder / entry.models.packaged[0].name).write_bytes(b"no model")
    engine = entry.build(EngineSettings(cache_dir=tmp_path, weights_dir=tmp_path / "weights", threads=2))
    with pytest.raises(EngineUnavailableError, match=entry.models.packaged[0].name):
        engine.synthesise(said(engine, "Ok."))


def test_espeak_speaks_every_language_it_declares():
    engine = espeak.Espeak(EngineSettings(cache_dir=None, weights_dir=None, threads=1))
    languages = sorted(engine.capabilities.languages)
    assert len(languages) > 90
    sounds = [engine.synthesise(said(engine, "1, 2, 3", language=language))[0] for language in languages]
    assert all(600 < sound.duration_ms < 5000 for sound in sounds)


def test_kokoro_speaks_with_voices_of_ones_own(tmp_path, settings):
    packaged = np.load(STYLES.parts[0].locate())
    own = tmp_path / "weights" / kokoro.NAME / "voices-v1.0.bin"
    own.parent.mkdir(parents=True)
    with own.open("wb") as stream:
        np.savez(stream, pf_own=packaged["jm_kumo"], ff_own=packaged["jf_alpha"], zf_own=packaged["jf_alpha"])
    engine = kokoro.Kokoro(replace(settings, weights_dir=tmp_path / "weights"))
    offer = engine.capabilities
    assert [voice.name for voice in offer.voices_for("pt")][:2] == ["pf_own", "jm_kumo"]
    assert [voice.name for voice in offer.voices_for("fr")] == ["ff_own"]
    assert "zf_own" not in {voice.name for voice in offer.voices}, "espeak-ng has no phonemes for it"
    own_voice, same, french = engine.synthesise(
        [
            Utterance(text="Muito obrigado.", language="pt", voice="pf_own"),
            Utterance(text="Muito obrigado.", language="pt", voice="jm_kumo"),
            Utterance(text="Merci beaucoup.", language="fr", voice="ff_own"),
        ]
    )
    assert np.array_equal(own_voice.samples, same.samples)
    assert 400 < french.duration_ms < 2500
    assert "voices-v1.0.bin" in {file.name for file in engine.identity.weights}


def test_a_file_of_voices_that_is_none_is_named(tmp_path, settings):
    own = tmp_path / "weights" / kokoro.NAME / "voices-v1.0.bin"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"no voices")
    with pytest.raises(EngineUnavailableError, match=r"cannot read the voices in .*voices-v1\.0\.bin"):
        _ = kokoro.Kokoro(replace(settings, weights_dir=tmp_path / "weights")).capabilities
