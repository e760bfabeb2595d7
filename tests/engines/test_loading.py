"""Models loaded ahead of the first call are the ones that it works with; and loading tells nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.recordings import chunk, sound, speech

from dub_assets.core.ports import Preloadable
from dub_assets.core.speech import Utterance
from dub_assets.engines.campplus import engine as campplus
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.faster_whisper import engine as faster_whisper
from dub_assets.engines.kokoro import engine as kokoro

pytestmark = pytest.mark.models

RATE_HZ = 16_000
_LOAD = """
import sys
from pathlib import Path
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.campplus import engine as campplus

campplus.ENTRY.build(EngineSettings(cache_dir=Path(sys.argv[1]), weights_dir=None, threads=1)).load()
"""
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


def test_nothing_is_written_down_for_the_makers_of_libraries(tmp_path: Path):
    """ONNX Runtime by itself keeps an id of the machine and what it has to tell, until it has told it."""
    home, cache = tmp_path / "home", tmp_path / "cache"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    subprocess.run([sys.executable, "-c", _LOAD, str(cache)], env=environment, check=True)
    assert [path for path in cache.rglob("*") if path.is_file()]
    assert [path for path in home.rglob("*") if path.is_file()] == []
