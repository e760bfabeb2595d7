"""Memory of a GPU: batch sizes, models that stay loaded, and models that are unloaded to make room.

As many models stay loaded as fit. Before another one is loaded, models that are not in use are unloaded, the least
recently used first, until there is room. A batch fills the free memory less a reserve. If a batch runs out of memory,
it and all later ones are halved; a single item that does not fit is a DeviceMemoryError. On the CPU nothing is limited.
With ``ENGINE_KEEP=false`` every model is closed at the end of its stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dub_assets.core.errors import DeviceMemoryError

Item = TypeVar("Item")
Result = TypeVar("Result")

COMPUTE_TYPES = ("float32", "float16", "bfloat16", "int8_float16", "int8")
"""Number formats of models in CTranslate2, by its names."""

_RESERVE = 0.15
"""Share of the free memory that batches leave free, for fragmentation and errors of the estimates."""

_HALF_PRECISION_SINCE = (7, 0)
"""CUDA compute capability from which 16-bit arithmetic is fast (Volta)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentModel:
    """A loaded model: its memory, and whether a call is using it now."""

    need_mib: int
    at_work: bool


def compute_type_for(device: str, capability: tuple[int, int] | None) -> str:
    """Return the fast number format of a device: 8 bits on a CPU, 16 bits on GPUs since Volta, 32 on older ones."""
    if device == "cpu":
        return "int8"
    return "float16" if capability is None or capability >= _HALF_PRECISION_SINCE else "float32"


def batch_size(free_mib: int | None, *, item_mib: int, most: int, otherwise: int) -> int:
    """Return how many items of ``item_mib`` fit into the free memory, 1 to ``most``; ``otherwise`` if it is unknown."""
    if free_mib is None:
        return otherwise
    return max(1, min(most, int(free_mib * (1 - _RESERVE)) // item_mib))


def models_to_unload(residents: Sequence[ResidentModel], *, free_mib: int | None, need_mib: int) -> list[int]:
    """Return the indexes of the models to unload so that ``need_mib`` is free.

    ``residents`` are in the order of their last use. Models in use stay. If the others together do not suffice, all of
    them are returned.
    """
    if free_mib is None:
        return []
    unloaded: list[int] = []
    for index, resident in enumerate(residents):
        if free_mib >= need_mib:
            break
        if not resident.at_work:
            unloaded.append(index)
            free_mib += resident.need_mib
    return unloaded


class FittingBatches:
    """Makes calls in batches of at most ``size`` items, and halves the size when a batch runs out of memory.

    May be used from several threads, which share the size.
    """

    def __init__(self, size: int) -> None:
        self._size = size

    def results(self, call: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item]) -> list[Result]:
        """Return the results of ``call`` over all items, in order. Raises DeviceMemoryError if a single item does."""
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
