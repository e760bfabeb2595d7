"""Kokoro: the rewritten model, long texts, and the user's own voices."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.speech import Utterance
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.kokoro import engine as kokoro
from dub_assets.engines.kokoro.graph import KokoroGraph
from dub_assets.engines.kokoro.model import FRAME_MS, STYLES

pytestmark = pytest.mark.models

LINES = {
    "pt": ["Ela abriu a janela e olhou para o mar.", "Você já tentou explicar isso?"],
    "es": ["Ella abrió la ventana y miró el mar sin decir nada.", "Por favor, cierra la puerta cuando salgas."],
    "en": ["She opened the window slowly and looked at the sea.", "Have you ever tried to explain this?"],
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> EngineSettings:
    return EngineSettings(cache_dir=tmp_path_factory.mktemp("cache"), weights_dir=None, threads=2)


@pytest.fixture(scope="module")
def engine(settings) -> kokoro.Kokoro:
    return kokoro.Kokoro(settings)


def utterances(engine: kokoro.Kokoro, *texts: str, language: str = "pt") -> list[Utterance]:
    voice = engine.capabilities.voices_for(language)[0].name
    return [Utterance(text=text, language=language, voice=voice) for text in texts]


@pytest.mark.parametrize("language", ["pt", "es", "en"])
def test_rewritten_kokoro_gives_the_speech_of_the_packaged_model(language, engine):
    """Lengths are equal to the frame; spectra differ by no more than rounding to 8 bits in each layer explains."""
    packaged = onnxruntime.InferenceSession(str(engine._weights[kokoro.MODEL.name]), providers=["CPUExecutionProvider"])
    model = engine._model()
    for utterance in utterances(engine, *LINES[language], language=language):
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
def test_rewrites_kokoros_convolutions_where_the_processor_multiplies_exactly(engine, exact, convolutions):
    path = engine._weights[kokoro.MODEL.name]
    graph = KokoroGraph(path, signed_products=exact)
    assert graph.speech().count(b"ConvInteger") == convolutions
    assert len(graph.durations()) < path.stat().st_size / 5


def test_opening_a_rewritten_model_does_not_import_onnx(settings, engine):
    engine.load()
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


def test_kokoro_speaks_long_texts_in_chunks_with_pauses(engine, monkeypatch):
    texts = ["Muito obrigado.", "Você já tentou?"]
    apart = engine.synthesise(utterances(engine, *texts))
    monkeypatch.setattr(kokoro, "_MAX_TOKENS", 25)
    (whole,) = utterances(engine, " ".join(texts))
    assert [chunk.pause_ms for chunk in engine._chunks(whole)] == [350, 0]
    (sound,) = engine.synthesise([whole])
    assert sound.frames == sum(part.frames for part in apart) + 350 * kokoro.RATE_HZ // 1000
    assert engine.predict_ms([whole])[0] == sum(engine.predict_ms(utterances(engine, *texts))) + 350


def test_kokoro_speaks_with_the_users_own_voices(tmp_path, settings):
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


def test_names_an_unreadable_file_of_voices(tmp_path, settings):
    own = tmp_path / "weights" / kokoro.NAME / "voices-v1.0.bin"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"no voices")
    with pytest.raises(EngineUnavailableError, match=r"cannot read the voices in .*voices-v1\.0\.bin"):
        _ = kokoro.Kokoro(replace(settings, weights_dir=tmp_path / "weights")).capabilities
