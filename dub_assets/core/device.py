"""The rules of a device's memory: how much goes into a batch, what to do when it does not fit, who makes room for whom.

The policy: as many models stay on the device as fit; before one more is loaded, those that are not at work leave, the
one used longest ago first, until the new one's need is free. A batch fills the memory that is left, less a reserve. A
batch that runs out of memory is done in halves, and all later ones at half the size; a single item that does not fit
is a DeviceMemoryError. On the processor there is no policy: memory is the system's. All this is about models that stay:
with ``ENGINE_KEEP=false`` each is closed at the end of its stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dub_assets.core.errors import DeviceMemoryError

Item = TypeVar("Item")
Result = TypeVar("Result")

COMPUTE_TYPES = ("float32", "float16", "bfloat16", "int8_float16", "int8")
"""The arithmetic of models that CTranslate2 runs, by its names."""

_RESERVE = 0.15
"""Share of the free memory that no batch is planned into: fragments, and what the estimates miss."""

_HALF_PRECISION_SINCE = (7, 0)
"""CUDA compute capability from which 16-bit arithmetic is fast (Volta)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentModel:
    """A loaded model: what it takes of the memory, and whether it is at work now."""

    need_mib: int
    at_work: bool


def compute_type_for(device: str, capability: tuple[int, int] | None) -> str:
    """The arithmetic that a device is fast at: 8 bit on a processor, 16 bit on a GPU that has it, else 32."""
    if device == "cpu":
        return "int8"
    return "float16" if capability is None or capability >= _HALF_PRECISION_SINCE else "float32"


def batch_size(free_mib: int | None, *, item_mib: int, most: int, otherwise: int) -> int:
    """How many items of ``item_mib`` fit into the free memory: 1 to ``most``; ``otherwise`` where it is not known."""
    if free_mib is None:
        return otherwise
    return max(1, min(most, int(free_mib * (1 - _RESERVE)) // item_mib))


def models_to_unload(residents: Sequence[ResidentModel], *, free_mib: int | None, need_mib: int) -> list[int]:
    """Which of the residents, given in the order of their last use, make room for ``need_mib``.

    Those at work stay; where all others together do not suffice, all others leave.
    """
    if free_mib is None:
        return []
    leavers: list[int] = []
    for place, resident in enumerate(residents):
        if free_mib >= need_mib:
            break
        if not resident.at_work:
            leavers.append(place)
            free_mib += resident.need_mib
    return leavers


class FittingBatches:
    """Calls over batches that fit: at most ``size`` items, halved from where a batch runs out of memory.

    Safe to use from several threads; what one of them learns holds for all.
    """

    def __init__(self, size: int) -> None:
        self._size = size

    def results(self, call: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item]) -> list[Result]:
        """The results of ``call`` over all items, in order. Raises DeviceMemoryError where a single item does."""
        results: list[Result] = []
        done = 0
        while done < len(items):
            batch = items[done : done + self._size]
            try:
                results.extend(call(batch))
            except DeviceMemoryError:
                if len(batch) == 1:
                    raise
                self._size = min(self._size, len(batch) // 2)
            else:
                done += len(batch)
        return results
