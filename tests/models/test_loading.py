"""Models loaded ahead of the first call are the ones that it works with."""

from __future__ import annotations

import pytest
from recordings import chunk, sound, speech

from dub_assets.domain.speech import Utterance
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.recognition import faster_whisper
from dub_assets.engines.speakers import campplus
from dub_assets.engines.synthesis import kokoro
from dub_assets.ports import Preloadable

pytestmark = pytest.mark.models

RATE_HZ = 16_000
CLAUSE = speech(RATE_HZ)[: 2800 * RATE_HZ // 1000]


def heard(engine: faster_whisper.FasterWhisper) -> bool:
    return any(engine.recognise([chunk(CLAUSE)], "en"))


def spoken(engine: kokoro.Kokoro) -> bool:
    voice = engine.capabilities.voices_for("pt")[0].name
    return engine.synthesise([Utterance(text="Bom dia.", language="pt", voice=voice)])[0].frames > 0


def embedded(engine: campplus.CampPlus) -> bool:
    return len(engine.embed([sound(CLAUSE, rate_hz=RATE_HZ)])) == 1


@pytest.mark.parametrize(
    ("entry", "loader", "works"),
    [
        (faster_whisper.ENTRY, "faster_whisper.WhisperModel", heard),
        (kokoro.ENTRY, "onnxruntime.InferenceSession", spoken),
        (campplus.ENTRY, "onnxruntime.InferenceSession", embedded),
    ],
    ids=["faster-whisper", "kokoro", "campplus"],
)
def test_a_model_loaded_ahead_is_not_loaded_again(entry: EngineEntry, loader: str, works, tmp_path, monkeypatch):
    engine = entry.build(EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=2))
    assert isinstance(engine, Preloadable)
    engine.load()
    with monkeypatch.context() as patched:
        patched.setattr(loader, lambda *_, **__: pytest.fail("loaded again"))
        engine.load()
        assert works(engine)
    engine.close()
    assert works(engine)
