"""The base classes of engines, with a fake model."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from dub_assets.core.engine import EngineIdentity
from dub_assets.core.ports import Preloadable
from dub_assets.engines.accelerator import Accelerator, Processor
from dub_assets.engines.base import AcceleratedEngine, Engine
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.telemetry import disable_telemetry


class Fake(Engine[object]):
    """An engine that counts how often its model is loaded."""

    name, licence, distribution = "fake", "MIT", "pytest"
    loads = 0

    def call(self) -> object:
        return self._model()

    def _load(self) -> object:
        time.sleep(0.01)
        self.loads += 1
        return object()


class Accelerated(AcceleratedEngine[object]):
    """The same on an accelerator."""

    name, licence, distribution = "accelerated", "MIT", "pytest"

    def call(self) -> object:
        with self._in_use():
            return self._model()

    def _load(self) -> object:
        return object()

    def _need_mib(self) -> int:
        return 600


class Gpu(Processor):
    """A fake GPU with 1,000 MiB."""

    name = "cuda:0"
    used_mib = 0

    def free_mib(self) -> int:
        return 1000 - self.used_mib


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    return EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=1)


def test_loads_its_model_once_for_calls_from_several_threads(settings: EngineSettings):
    engine = Fake(settings)
    assert engine.loads == 0
    with ThreadPoolExecutor(4) as pool:
        models = set(pool.map(lambda _: engine.call(), range(8)))
    assert (len(models), engine.loads) == (1, 1)


def test_loads_its_model_again_after_closing(settings: EngineSettings):
    engine = Fake(settings)
    engine.load()
    engine.close()
    engine.call()
    assert engine.loads == 2
    assert isinstance(engine, Preloadable)


def test_identity_has_the_version_of_the_distribution(settings: EngineSettings):
    version = metadata.version("pytest")
    assert Fake(settings).identity == EngineIdentity(name="fake", version=version, licence="MIT")


def test_models_on_a_gpu_are_loaded_at_their_first_call_and_make_room(settings: EngineSettings):
    gpu = Gpu()
    accelerator = Accelerator(gpu)
    settings = replace(settings, accelerator=lambda: accelerator)
    first, second = Accelerated(settings), Accelerated(settings)
    first.load()
    assert first._loaded is None
    first.call()
    gpu.used_mib = 600
    second.call()
    assert first._loaded is None
    assert second._loaded is not None


def test_models_on_the_processor_can_be_loaded_ahead(settings: EngineSettings):
    engine = Accelerated(settings)
    engine.load()
    assert engine._loaded is not None


def test_keeps_telemetry_variables_that_the_user_has_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "0")
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    disable_telemetry()
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "0"
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
