"""The device that this process's engines run on, and the models on it; ``core/device.py`` has the rules."""

from __future__ import annotations

import gc
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from dub_assets.core.device import ResidentModel, batch_size, compute_type_for, models_to_unload
from dub_assets.core.errors import ConfigurationError, DeviceMemoryError

_NAME = re.compile(r"cpu|cuda(:\d+)?")
_MIB = 1 << 20


class Device(Protocol):
    """A device that models run on, and its memory."""

    @property
    def name(self) -> str:
        """``cpu``, or ``cuda:N``."""
        ...

    @property
    def capability(self) -> tuple[int, int] | None:
        """The CUDA compute capability; None on the processor."""
        ...

    def free_mib(self) -> int | None:
        """Return the free memory in MiB, including what libraries keep for reuse; None if it is not managed."""
        ...

    def release(self) -> None:
        """Give back what libraries keep for reuse."""
        ...


class LoadedModel(Protocol):
    """An engine whose model takes memory of the device from its first use until it is closed."""

    def close(self) -> None:
        """Free the model's memory, and report it with ``Accelerator.unloaded``."""
        ...


@dataclass(slots=True, kw_only=True)
class _Lease:
    """A model on the device, and the number of calls that use it now."""

    model: LoadedModel
    need_mib: int
    calls: int = 0


class Accelerator:
    """A device and the models on it. May be used from several threads."""

    def __init__(self, device: Device, compute_type: str = "auto") -> None:
        self._device = device
        self._lock = threading.RLock()
        self._leases: dict[int, _Lease] = {}
        """By identity of the model, least recently used first."""
        automatic = compute_type == "auto"
        self.compute_type = compute_type_for(device.name, device.capability) if automatic else compute_type

    @property
    def device(self) -> str:
        """``cpu``, or ``cuda:N``."""
        return self._device.name

    @property
    def kind(self) -> str:
        """``cpu`` or ``cuda``."""
        return self.device.partition(":")[0]

    @property
    def index(self) -> int:
        """The GPU's number; 0 on the processor."""
        return int(self.device.partition(":")[2] or 0)

    @contextmanager
    def in_use(self, name: str, model: LoadedModel, need_mib: int) -> Iterator[None]:
        """Keep a model on the device inside the block. Before it is loaded, models that are not in use make room.

        Raises DeviceMemoryError if the device's memory runs out inside.
        """
        with self._lock:
            lease = self._leases.pop(id(model), None)
            if lease is None:
                self._make_room(need_mib)
                lease = _Lease(model=model, need_mib=need_mib)
            self._leases[id(model)] = lease
            lease.calls += 1
        try:
            with self.memory_errors(name):
                yield
        finally:
            with self._lock:
                lease.calls -= 1

    def unloaded(self, model: LoadedModel) -> None:
        """Note that a model was dropped, and free the memory that it took."""
        with self._lock:
            self._leases.pop(id(model), None)
        self._device.release()

    def batch_size(self, model: LoadedModel, need_mib: int, *, item_mib: int, most: int, otherwise: int) -> int:
        """Return how many items of ``item_mib`` fit beside a model, after all models not in use have made room.

        The result is 1 to ``most``, or ``otherwise`` if the device's memory is not managed.
        """
        free_mib = self._device.free_mib()
        with self._lock:
            if free_mib is not None and id(model) not in self._leases:
                idle = sum(lease.need_mib for lease in self._leases.values() if not lease.calls)
                free_mib = max(0, free_mib - need_mib) if free_mib >= need_mib else max(0, free_mib + idle - need_mib)
        return batch_size(free_mib, item_mib=item_mib, most=most, otherwise=otherwise)

    def _make_room(self, need_mib: int) -> None:
        leases = list(self._leases.values())
        residents = [ResidentModel(need_mib=lease.need_mib, at_work=lease.calls > 0) for lease in leases]
        for place in models_to_unload(residents, free_mib=self._device.free_mib(), need_mib=need_mib):
            leases[place].model.close()

    @contextmanager
    def memory_errors(self, name: str) -> Iterator[None]:
        """Turn the errors that libraries raise when memory runs out into a DeviceMemoryError."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:  # torch's error is a RuntimeError; CTranslate2 raises nothing else
            if not isinstance(error, MemoryError) and "out of memory" not in str(error).lower():
                raise
            self._device.release()
            raise DeviceMemoryError(
                f"{name} ran out of memory on {self.device}: free it of other work, or choose a smaller model"
            ) from error


class Processor:
    """The processor, whose memory the operating system manages."""

    name = "cpu"
    capability = None

    def free_mib(self) -> int | None:
        """Return None: the memory is not managed."""
        return None

    def release(self) -> None:
        """Collect reference cycles at once, because models are large."""
        gc.collect()


class CudaDevice:
    """A GPU, through torch."""

    def __init__(self, index: int) -> None:
        self.name = f"cuda:{index}"
        self._index = index

    @property
    def capability(self) -> tuple[int, int]:
        """The CUDA compute capability."""
        import torch

        major, minor = torch.cuda.get_device_capability(self._index)
        return int(major), int(minor)

    def free_mib(self) -> int | None:
        """Return the memory that is free for the driver, plus what torch has reserved and does not use."""
        import torch

        free, _ = torch.cuda.mem_get_info(self._index)
        unused = torch.cuda.memory_reserved(self._index) - torch.cuda.memory_allocated(self._index)
        return int(free + unused) // _MIB

    def release(self) -> None:
        """Give torch's unused memory back to the driver, so that CTranslate2 can use it too."""
        import torch

        gc.collect()
        torch.cuda.empty_cache()


@cache
def accelerator_for(name: str, compute_type: str) -> Accelerator:
    """Return this process's accelerator for a device; ``auto`` is the first GPU that torch sees, else the processor.

    Raises ConfigurationError if the name is not a device's, or the GPU is not there.
    """
    if name != "auto" and not _NAME.fullmatch(name):
        raise ConfigurationError(f"ENGINE_DEVICE={name!r} is none of auto, cpu, cuda, cuda:0, cuda:1, ...")
    gpus = 0 if name == "cpu" else _gpus()
    index = int(name.partition(":")[2] or 0)
    if name == "cpu" or (name == "auto" and not gpus):
        return Accelerator(Processor(), compute_type)
    if index >= gpus:
        raise ConfigurationError(f"ENGINE_DEVICE={name}: torch sees {gpus} GPUs here; set auto or cpu")
    return Accelerator(CudaDevice(index), compute_type)


def processor() -> Accelerator:
    """Return this process's accelerator without a GPU."""
    return accelerator_for("cpu", "auto")


def _gpus() -> int:
    try:
        import torch
    except ImportError:
        return 0
    return int(torch.cuda.device_count())
