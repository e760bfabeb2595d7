"""Loading of models ahead of the first call, without telemetry."""

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


def recognises(engine: faster_whisper.FasterWhisper) -> bool:
    return any(engine.recognise([chunk(CLAUSE)], "en"))


def speaks(engine: kokoro.Kokoro) -> bool:
    voice = engine.capabilities.voices_for("pt")[0].name
    return engine.synthesise([Utterance(text="Bom dia.", language="pt", voice=voice)])[0].frames > 0


def embeds(engine: campplus.CampPlus) -> bool:
    return len(engine.embed([sound(CLAUSE, rate_hz=RATE_HZ)])) == 1


@pytest.mark.parametrize(
    ("entry", "loader", "works"),
    [
        (faster_whisper.ENTRY, "faster_whisper.WhisperModel", recognises),
        (kokoro.ENTRY, "onnxruntime.InferenceSession", speaks),
        (campplus.ENTRY, "onnxruntime.InferenceSession", embeds),
    ],
    ids=["faster-whisper", "kokoro", "campplus"],
)
def test_does_not_load_a_model_again_that_was_loaded_ahead(
    entry: EngineEntry, loader: str, works, tmp_path, monkeypatch
):
    engine = entry.build(EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=2))
    assert isinstance(engine, Preloadable)
    engine.load()
    with monkeypatch.context() as patched:
        patched.setattr(loader, lambda *_, **__: pytest.fail("loaded again"))
        engine.load()
        assert works(engine)
    engine.close()
    assert works(engine)


def test_loading_a_model_writes_no_telemetry_files(tmp_path: Path):
    """By default ONNX Runtime stores an id of the machine and unsent events below the home folder."""
    home, cache = tmp_path / "home", tmp_path / "cache"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    subprocess.run([sys.executable, "-c", _LOAD, str(cache)], env=environment, check=True)
    assert [path for path in cache.rglob("*") if path.is_file()]
    assert [path for path in home.rglob("*") if path.is_file()] == []
