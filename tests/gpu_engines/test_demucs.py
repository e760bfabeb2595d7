"""Separation by Demucs with small random weights: everything except quality."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_demucs
from support.contracts.separation import SeparatorContract, separated
from support.recordings import noise, sound

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.engines.demucs.engine import ENTRY, Demucs
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.model_options import ModelOptions

RATE_HZ = 44_100


def settings(root: Path, model: str = "htdemucs") -> EngineSettings:
    return EngineSettings(
        cache_dir=root / "cache", weights_dir=root / "weights", threads=2, models=ModelOptions(demucs=model)
    )


def engine(root: Path, model: str = "htdemucs", **weights) -> Demucs:
    tiny_demucs.write(root / "weights" / "demucs" / model, model, **weights)
    return Demucs(settings(root, model))


@pytest.fixture(scope="module", params=["htdemucs", "htdemucs_ft"])
def separator(request, tmp_path_factory) -> Demucs:
    models = 4 if request.param == "htdemucs_ft" else 1
    return engine(tmp_path_factory.mktemp(request.param), request.param, models=models)


class TestContract(SeparatorContract):
    """The contract of separators."""


def test_vocals_equal_those_of_demucs_itself(tmp_path: Path):
    """In the first part of a segment, where neither of the two overlaps segments."""
    import torch
    from demucs.apply import apply_model
    from demucs.pretrained import get_model

    tracks = [noise(RATE_HZ // 2, 1), noise(RATE_HZ // 2, 2)]
    made = separated(engine(tmp_path), [sound(*tracks, rate_hz=RATE_HZ)])
    bag = get_model("htdemucs", repo=tmp_path / "weights" / "demucs" / "htdemucs")
    mixture = torch.from_numpy(np.stack(tracks))[None]
    expected = apply_model(bag, mixture, shifts=0, overlap=0.25)[0, bag.sources.index("vocals")]
    inner = slice(0, RATE_HZ * 3 // 8)
    assert np.abs(made).max() > 1e-4
    assert np.allclose(made[inner], expected.numpy().T[inner], atol=1e-5)


def test_loads_only_the_vocals_model_of_a_fine_tuned_bag(tmp_path: Path):
    demucs = engine(tmp_path, "htdemucs_ft", models=4)
    separated(demucs, [sound(noise(100), rate_hz=RATE_HZ)])
    assert len(demucs._loaded.models) == 1


def test_processes_channels_in_pairs(tmp_path: Path):
    demucs = engine(tmp_path)
    one, two, three = (noise(RATE_HZ, seed) for seed in (1, 2, 3))
    pair = separated(demucs, [sound(one, two, rate_hz=RATE_HZ)])
    single = separated(demucs, [sound(three, rate_hz=RATE_HZ)])
    together = separated(demucs, [sound(one, two, three, rate_hz=RATE_HZ)])
    assert np.allclose(together, np.concatenate([pair, single], axis=1), atol=1e-5)


def test_close_drops_the_model(tmp_path: Path):
    demucs = engine(tmp_path)
    separated(demucs, [sound(noise(100), rate_hz=RATE_HZ)])
    demucs.close()
    assert demucs._loaded is None


def test_invalid_model_file_is_an_error(tmp_path: Path):
    demucs = engine(tmp_path)
    (tmp_path / "weights" / "demucs" / "htdemucs" / "tiny0.th").write_bytes(b"no model")
    with pytest.raises(EngineUnavailableError, match=r"demucs cannot read the model in .*replace it"):
        list(demucs.separate([sound(noise(100), rate_hz=RATE_HZ)]))


def test_refuses_a_model_without_vocals(tmp_path: Path):
    demucs = engine(tmp_path, sources=["drums", "bass"])
    with pytest.raises(EngineUnavailableError, match="has no vocals"):
        list(demucs.separate([sound(noise(100), rate_hz=RATE_HZ)]))


def test_missing_weights_are_an_error_that_names_the_command(tmp_path: Path):
    assert not ENTRY.is_installed(settings(tmp_path))
    assert ENTRY.remedy(settings(tmp_path)) == "dub-assets models pull demucs"
    with pytest.raises(EngineUnavailableError, match="dub-assets models pull demucs"):
        list(Demucs(settings(tmp_path)).separate([sound(noise(100), rate_hz=RATE_HZ)]))
