"""Diarisation by pyannote with small random models."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_pyannote
from pyannote.audio.telemetry.metrics import is_metrics_enabled
from support.contracts.diarisation import HISS_S, HUM_S, RATE_HZ, DiariserContract, blocks, two_voices
from support.fakes import FakeDevice
from support.hub_server import Hub, reachable, running_hub

from dub_assets.core.errors import DeviceMemoryError, EngineUnavailableError, InputError
from dub_assets.core.ports import Diariser
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.models.pull import pull
from dub_assets.engines.models.remote import RemoteFile
from dub_assets.engines.pyannote import weights as pyannote_weights
from dub_assets.engines.pyannote.engine import ENTRY, Pyannote
from dub_assets.engines.registry import EngineRegistry


def settings(root: Path, **options) -> EngineSettings:
    return EngineSettings(cache_dir=root / "cache", weights_dir=root / "weights", threads=1, **options)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pyannote")
    tiny_pyannote.write(root / "weights" / "pyannote")
    return root


@pytest.fixture(scope="module")
def diariser(models: Path) -> Pyannote:
    return Pyannote(settings(models))


class TestContract(DiariserContract):
    """The contract of diarisers."""


def test_equal_voices_are_one_speaker(diariser: Pyannote):
    turns = diariser.turns(blocks(two_voices()), 2)
    assert [turn.speaker == turns[0].speaker for turn in turns] == [True, False, True]
    ends_ms = [turn.interval.end_ms for turn in turns[:2]]
    window_ms = tiny_pyannote.WINDOW_S * 1000
    assert ends_ms == pytest.approx([1000 * HUM_S, 1000 * (HUM_S + HISS_S)], abs=window_ms)


def test_one_speaker_has_every_turn(diariser: Pyannote):
    assert {turn.speaker for turn in diariser.turns(blocks(two_voices()), 1)} == {0}


def test_finds_fewer_speakers_than_requested_in_a_short_sound(diariser: Pyannote):
    turns = diariser.turns(blocks(two_voices()[: 3 * RATE_HZ]), 20)
    assert {turn.speaker for turn in turns} == {0}


@pytest.mark.parametrize("frames", [1, 100, 8_000])
def test_accepts_sound_of_any_length(diariser: Pyannote, frames: int):
    turns = diariser.turns(blocks(two_voices()[:frames]))
    assert all(turn.interval.end_ms <= frames * 1000 // RATE_HZ for turn in turns)


def test_no_sound_has_no_turns(diariser: Pyannote):
    assert diariser.turns([]) == []


def test_refuses_other_sample_rates_and_samples_that_are_not_finite(diariser: Pyannote):
    with pytest.raises(ValueError, match="mono sound at 16000 Hz"):
        diariser.turns(blocks(two_voices(), rate_hz=48_000))
    with pytest.raises(InputError, match="not finite"):
        diariser.turns(blocks(np.full(RATE_HZ, np.nan, np.float32)))


def test_prints_nothing_and_sends_no_metrics(diariser: Pyannote, capfd, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("PYANNOTE_METRICS_ENABLED")
    diariser.close()  # the next call loads the models again; it requests more speakers than there are, which warns
    diariser.turns(blocks(two_voices()[: 3 * RATE_HZ]), 20)
    assert capfd.readouterr().out == ""
    assert not is_metrics_enabled()


def test_halves_a_batch_that_does_not_fit_into_memory(models: Path, monkeypatch: pytest.MonkeyPatch):
    engine = Pyannote(settings(models))
    model = engine._model()._segmentation.model
    forward, sizes, limit = model.forward, [], 3

    def limited(waveforms):
        sizes.append(len(waveforms))
        if len(waveforms) > limit:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return forward(waveforms)

    monkeypatch.setattr(model, "forward", limited)
    assert engine.turns(blocks(two_voices()), 2) == Pyannote(settings(models)).turns(blocks(two_voices()), 2)
    assert sizes[:3] == [8, 4, 2]
    limit = 0
    with pytest.raises(DeviceMemoryError, match="pyannote ran out of memory on cpu"):
        engine.turns(blocks(two_voices()), 2)


def test_batch_size_depends_on_free_memory(models: Path):
    def batch(free_mib: int) -> int:
        return Pyannote(settings(models, accelerator=lambda: Accelerator(FakeDevice(free_mib))))._batch_size()

    assert [batch(free_mib) for free_mib in (80_000, 1_000, 500)] == [32, 8, 1]


def test_close_drops_the_models(models: Path):
    engine = Pyannote(settings(models))
    engine.turns(blocks(two_voices()[:RATE_HZ]))
    engine.close()
    assert engine._loaded is None


def test_is_a_diariser_without_embeddings(diariser: Pyannote):
    assert isinstance(diariser, Diariser)
    assert not hasattr(diariser, "embed")


def test_auto_selects_it_only_if_its_models_are_present(models: Path, tmp_path: Path):
    assert isinstance(EngineRegistry(settings(models)).turn_diariser(), Pyannote)
    assert not isinstance(EngineRegistry(settings(tmp_path)).turn_diariser(), Pyannote)


def test_licence_permits_commercial_use(models: Path):
    commercial = settings(models / "elsewhere", models=ModelOptions(licence_profile="commercial"))
    assert ENTRY.models.pulled(commercial) == (pyannote_weights.MODEL,)
    assert ENTRY.barred_models(commercial) == ()


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("embedding/pytorch_model.bin", b"no model", "cannot read the models in .*: replace them"),
        ("plda/plda.npz", b"no archive", "cannot read the models in"),
        ("config.yaml", b"- [", "cannot read the models in"),
        ("config.yaml", b"pipeline: nothing", r"config\.yaml is not a configuration of pyannote"),
        (
            "config.yaml",
            tiny_pyannote.CONFIG.replace("$model/embedding", "pyannote/wespeaker-voxceleb-resnet34-LM").encode(),
            r"takes its embedding from pyannote/wespeaker-voxceleb-resnet34-LM: set it to \$model/embedding",
        ),
    ],
)
def test_invalid_pipeline_is_an_error(tmp_path: Path, name: str, content: bytes, error: str):
    tiny_pyannote.write(tmp_path / "weights" / "pyannote")
    (tmp_path / "weights" / "pyannote" / name).write_bytes(content)
    with pytest.raises(EngineUnavailableError, match=error):
        Pyannote(settings(tmp_path)).turns(blocks(two_voices()[:RATE_HZ]))


def test_names_a_missing_file(tmp_path: Path):
    tiny_pyannote.write(tmp_path / "weights" / "pyannote")
    (tmp_path / "weights" / "pyannote" / "plda" / "plda.npz").unlink()
    with pytest.raises(EngineUnavailableError, match=r"pyannote/ of the weights folder has no plda/plda\.npz"):
        _ = Pyannote(settings(tmp_path)).identity


@pytest.fixture
def gated(models: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A hub with the small models in place of community-1, behind a gate."""
    contents = {file.name: (models / "weights" / "pyannote" / file.name) for file in pyannote_weights.MODEL.files}
    files = {name: path.read_bytes() for name, path in contents.items()}
    pinned = tuple(RemoteFile(name=name, sha256=hashlib.sha256(content).hexdigest()) for name, content in files.items())
    monkeypatch.setattr(pyannote_weights, "MODEL", replace(pyannote_weights.MODEL, files=pinned))
    model = pyannote_weights.MODEL
    with running_hub() as hub:
        reachable(hub, monkeypatch, token_file=tmp_path / "no-token")
        hub.files = {(model.home, model.revision, name): content for name, content in files.items()}
        hub.gated = {model.home: {"hf_admitted"}}
        yield hub


def test_is_pulled_with_a_token_and_then_works_offline(
    gated: Hub, diariser: Pyannote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    here, model = settings(tmp_path), pyannote_weights.MODEL
    with pytest.raises(EngineUnavailableError, match=r"run `dub-assets models pull pyannote`"):
        _ = Pyannote(here).identity
    with pytest.raises(EngineUnavailableError, match=r"behind a gate and there is no HF_TOKEN: accept its conditions"):
        pull(model, cache_dir=here.cache_dir, lock=here.lock)
    monkeypatch.setenv("HF_TOKEN", "hf_stranger")
    with pytest.raises(EngineUnavailableError, match=r"has not accepted the conditions of pyannote/speaker-diar"):
        pull(model, cache_dir=here.cache_dir, lock=here.lock)
    assert not ENTRY.is_installed(here)
    monkeypatch.setenv("HF_TOKEN", "hf_admitted")
    pull(model, cache_dir=here.cache_dir, lock=here.lock)
    monkeypatch.delenv("HF_TOKEN")
    assert ENTRY.is_installed(here)
    asked = len(gated.requests)
    pulled = Pyannote(here)
    assert pulled.turns(blocks(two_voices()), 2) == diariser.turns(blocks(two_voices()), 2)
    assert len(gated.requests) == asked
    assert {file.origin for file in pulled.identity.weights} == {model.pin}
    assert {file.licence for file in pulled.identity.weights} == {"CC-BY-4.0"}


def test_command_says_how_to_pass_the_gate(tmp_path: Path):
    environment = {name: value for name, value in os.environ.items() if name != "HF_TOKEN"}
    places = {"DUB_ASSETS_CACHE": str(tmp_path), "HF_HOME": str(tmp_path), "SPEAKERS_ENGINE": "pyannote"}
    with running_hub() as hub:
        hub.gated = {pyannote_weights.MODEL.home: {"hf_admitted"}}
        done = subprocess.run(
            [sys.executable, "-m", "dub_assets.cli", "models", "pull"],
            env=environment | places | {"HF_ENDPOINT": hub.url},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"accept its conditions at {hub.url}/pyannote/speaker-diarization-community-1" in done.stderr
    assert "Traceback" not in done.stderr
