"""Working through many items with an engine, in batches that fit, on as many threads as it can use."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar, cast

from dub_assets.core.device import FittingBatches
from dub_assets.core.ports import Progress

_END = object()

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_batches(
    call: Callable[[Sequence[Item]], Sequence[Result]],
    items: Sequence[Item],
    *,
    size: int,
    threads: int = 1,
    progress: Progress,
    stage: str,
) -> list[Result]:
    """The results of ``call`` over all items, in their order, and how far they are told as a stage's progress.

    Raises what ``map_batches`` raises.
    """
    results: list[Result] = []
    progress.report(stage, 0, len(items))
    for made in map_batches(call, items, size=size, threads=threads):
        results.extend(made)
        progress.report(stage, len(results), len(items))
    return results


def map_batches(
    call: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item], *, size: int, threads: int = 1
) -> Iterator[list[Result]]:
    """The results of ``call`` over each batch, in order; batches that do not fit into memory are halved.

    Raises DeviceMemoryError where a single item does not fit, and RuntimeError where an engine returns another number
    of results than it was given items: a programming error that would shift every later line.
    """
    batches = [items[start : start + size] for start in range(0, len(items), size)]
    fitting = FittingBatches(size)
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for batch, made in zip(batches, pool.map(partial(fitting.results, call), batches), strict=True):
            if len(made) != len(batch):
                raise RuntimeError(f"an engine gave {len(made)} results for {len(batch)} items")
            yield made


def prefetched(items: Iterable[Item]) -> Iterator[Item]:
    """The items in their order, each made on another thread while the one before it is used."""
    source = iter(items)
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, source, _END)
        while (item := coming.result()) is not _END:
            coming = pool.submit(next, source, _END)
            yield cast("Item", item)


def map_in_order(call: Callable[[Item], Result], items: Iterable[Item], *, threads: int) -> Iterator[Result]:
    """The result of ``call`` for each item, in order, as many being made at a time as there are threads.

    Whoever stops asking has no more made than those under way.
    """
    coming: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for item in items:
            coming.append(pool.submit(call, item))
            if len(coming) > threads:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
