"""The device that the engines of this process run on, and the models on it; the rules are in ``core/device.py``."""

from __future__ import annotations

import gc
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from dub_assets.core.device import Resident, batch_size, compute_type_for, leaving
from dub_assets.core.errors import ConfigurationError, DeviceMemoryError

_NAME = re.compile(r"cpu|cuda(:\d+)?")
_MIB = 1 << 20


class Device(Protocol):
    """What is asked of a device."""

    @property
    def name(self) -> str:
        """``cpu``, or ``cuda:N``."""
        ...

    @property
    def capability(self) -> tuple[int, int] | None:
        """The CUDA compute capability; None where there is none."""
        ...

    def free_mib(self) -> int | None:
        """Free memory in MiB, what the libraries keep for reuse counted as free; None where it is not managed."""
        ...

    def release(self) -> None:
        """Give back what the libraries keep for reuse."""
        ...


class LoadedModel(Protocol):
    """An engine that takes memory of the device from its first work until it is closed."""

    def close(self) -> None:
        """Free the model's memory, and tell the accelerator by ``left``."""
        ...


@dataclass(slots=True, kw_only=True)
class _Lease:
    """A model on the device, and how many calls use it now."""

    tenant: LoadedModel
    need_mib: int
    calls: int = 0


class Accelerator:
    """One device, and who has a model on it. Safe to use from several threads."""

    def __init__(self, device: Device, compute_type: str = "auto") -> None:
        self._device = device
        self._lock = threading.RLock()
        self._leases: dict[int, _Lease] = {}
        """By identity of the tenant, in the order of last use."""
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
    def at_work(self, name: str, tenant: LoadedModel, need_mib: int) -> Iterator[None]:
        """Load and use a model inside; models that are not at work make room for it first.

        Raises DeviceMemoryError where the library inside runs out of memory.
        """
        with self._lock:
            lease = self._leases.pop(id(tenant), None)
            if lease is None:
                self._make_room(need_mib)
                lease = _Lease(tenant=tenant, need_mib=need_mib)
            self._leases[id(tenant)] = lease
            lease.calls += 1
        try:
            with self.memory_errors(name):
                yield
        finally:
            with self._lock:
                lease.calls -= 1

    def left(self, tenant: LoadedModel) -> None:
        """A tenant has dropped its model: what it took is free."""
        with self._lock:
            self._leases.pop(id(tenant), None)
        self._device.release()

    def batch_size(self, tenant: LoadedModel, need_mib: int, *, item_mib: int, most: int, otherwise: int) -> int:
        """How many items a tenant may work on at once: what fits beside its model, others that rest gone."""
        free_mib = self._device.free_mib()
        with self._lock:
            if free_mib is not None and id(tenant) not in self._leases:
                resting = sum(lease.need_mib for lease in self._leases.values() if not lease.calls)
                free_mib = (
                    max(0, free_mib - need_mib) if free_mib >= need_mib else max(0, free_mib + resting - need_mib)
                )
        return batch_size(free_mib, item_mib=item_mib, most=most, otherwise=otherwise)

    def _make_room(self, need_mib: int) -> None:
        leases = list(self._leases.values())
        residents = [Resident(need_mib=lease.need_mib, at_work=lease.calls > 0) for lease in leases]
        for place in leaving(residents, free_mib=self._device.free_mib(), need_mib=need_mib):
            leases[place].tenant.close()

    @contextmanager
    def memory_errors(self, name: str) -> Iterator[None]:
        """Inside, what the libraries raise where memory runs out becomes a DeviceMemoryError."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:  # torch's error is a RuntimeError, CTranslate2 has no other
            if not isinstance(error, MemoryError) and "out of memory" not in str(error).lower():
                raise
            self._device.release()
            raise DeviceMemoryError(
                f"{name} ran out of memory on {self.device}: free it of other work, or choose a smaller model"
            ) from error


class Processor:
    """The processor: its memory is the system's to manage."""

    name = "cpu"
    capability = None

    def free_mib(self) -> int | None:
        """Not managed."""
        return None

    def release(self) -> None:
        """Drop what only cycles of references still hold: models are large."""
        gc.collect()


class CudaDevice:
    """A GPU, by torch."""

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
        """What the driver has free, and what torch keeps for itself without using it."""
        import torch

        free, _ = torch.cuda.mem_get_info(self._index)
        kept = torch.cuda.memory_reserved(self._index) - torch.cuda.memory_allocated(self._index)
        return int(free + kept) // _MIB

    def release(self) -> None:
        """Hand torch's unused memory back to the driver, so that CTranslate2 can have it too."""
        import torch

        gc.collect()
        torch.cuda.empty_cache()


@cache
def accelerator_for(name: str, compute_type: str) -> Accelerator:
    """This process's accelerator: ``auto`` is the first GPU that torch sees, else the processor.

    Raises ConfigurationError where the name is none, or the GPU is not there.
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
    """This process's accelerator where there is none."""
    return accelerator_for("cpu", "auto")


def _gpus() -> int:
    try:
        import torch
    except ImportError:
        return 0
    return int(torch.cuda.device_count())
