"""Models on a fake device whose memory is a number."""

from __future__ import annotations

import pytest
from support.fakes import FakeDevice

from dub_assets.core.errors import ConfigurationError, DeviceMemoryError
from dub_assets.engines.accelerator import Accelerator, accelerator_for


class Model:
    """An engine with one model of ``need_mib``."""

    def __init__(self, accelerator: Accelerator, device: FakeDevice, need_mib: int) -> None:
        self._accelerator, self._device = accelerator, device
        self.need_mib = need_mib
        self.loaded = False

    def work(self, call=lambda: None):
        with self._accelerator.in_use("model", self, self.need_mib):
            if not self.loaded:
                self._device.free -= self.need_mib
                self.loaded = True
            assert self._device.free >= 0, "loaded where there was no room"
            return call()

    def close(self) -> None:
        if self.loaded:
            self._device.free += self.need_mib
            self.loaded = False
        self._accelerator.unloaded(self)


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice(10_000)


@pytest.fixture
def accelerator(device) -> Accelerator:
    return Accelerator(device)


def test_reports_device_kind_and_index(accelerator):
    assert (accelerator.device, accelerator.kind, accelerator.index) == ("cuda:1", "cuda", 1)
    assert accelerator.compute_type == "float16"


def test_compute_type_can_be_chosen(device):
    assert Accelerator(device, "int8_float16").compute_type == "int8_float16"


def test_keeps_models_that_fit(accelerator, device):
    models = [Model(accelerator, device, 4000), Model(accelerator, device, 6000)]
    for model in models:
        model.work()
    assert all(model.loaded for model in models)


def test_unloads_the_least_recently_used_model(accelerator, device):
    first, second, third = (Model(accelerator, device, 4000) for _ in range(3))
    first.work()
    second.work()
    first.work()
    third.work()
    assert [model.loaded for model in (first, second, third)] == [True, False, True]
    second.work()
    assert [model.loaded for model in (first, second, third)] == [False, True, True]


def test_does_not_unload_a_model_in_use(accelerator, device):
    busy, resting, new = Model(accelerator, device, 4000), Model(accelerator, device, 4000), None
    resting.work()
    new = Model(accelerator, device, 5000)
    busy.work(new.work)
    assert (busy.loaded, resting.loaded, new.loaded) == (True, False, True)


def test_closing_frees_memory_for_others(accelerator, device):
    model = Model(accelerator, device, 9000)
    model.work()
    model.close()
    assert device.free == 10_000
    assert device.releases == 1


def test_plans_a_batch_beside_the_model(accelerator, device):
    model, other = Model(accelerator, device, 2000), Model(accelerator, device, 5000)
    plan = {"item_mib": 1000, "most": 16, "otherwise": 4}
    assert accelerator.batch_size(model, model.need_mib, **plan) == 6
    model.work()
    assert accelerator.batch_size(model, model.need_mib, **plan) == 6
    other.work()
    assert accelerator.batch_size(model, model.need_mib, **plan) == 2
    large = Model(accelerator, device, 5000)
    assert accelerator.batch_size(large, large.need_mib, **plan) == 4, "those that rest will leave"


@pytest.mark.parametrize(
    "error", [RuntimeError("CUDA failed with error out of memory"), RuntimeError("CUDA out of memory."), MemoryError()]
)
def test_turns_library_errors_into_device_memory_errors(accelerator, device, error):
    def fail():
        raise error

    with pytest.raises(DeviceMemoryError, match="model ran out of memory on cuda:1"):
        Model(accelerator, device, 100).work(fail)
    assert device.releases == 1


def test_passes_other_errors_on(accelerator, device):
    def fail():
        raise RuntimeError("expected a tensor")

    with pytest.raises(RuntimeError, match="expected a tensor"):
        Model(accelerator, device, 100).work(fail)


def test_processor_memory_is_not_managed():
    accelerator = accelerator_for("cpu", "auto")
    assert (accelerator.device, accelerator.compute_type) == ("cpu", "int8")
    assert accelerator_for("cpu", "auto") is accelerator, "one a process"
    model = Model(accelerator, FakeDevice(5), 1)
    assert accelerator.batch_size(model, 9_000_000, item_mib=1000, most=16, otherwise=4) == 4


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "mps"])
def test_refuses_an_unknown_device(name):
    with pytest.raises(ConfigurationError, match="ENGINE_DEVICE"):
        accelerator_for(name, "auto")


def test_refuses_a_missing_gpu():
    with pytest.raises(ConfigurationError, match="ENGINE_DEVICE=cuda:63"):
        accelerator_for("cuda:63", "auto")
