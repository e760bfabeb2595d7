"""Calls over many items: in batches that fit into memory, on several threads, ahead of their use.

>>> list(map_in_order(str.upper, ["a", "b"], threads=2))
['A', 'B']
"""

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
    """Return the results of ``call`` over all items, in order, and report the progress of ``stage``.

    Raises what ``map_batches`` raises.
    """
    results: list[Result] = []
    progress.report(stage, 0, len(items))
    for batch_results in map_batches(call, items, size=size, threads=threads):
        results.extend(batch_results)
        progress.report(stage, len(results), len(items))
    return results


def map_batches(
    call: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item], *, size: int, threads: int = 1
) -> Iterator[list[Result]]:
    """Yield the results of ``call`` over each batch, in order; batches that do not fit into memory are halved.

    Raises:
        DeviceMemoryError: A single item does not fit.
        RuntimeError: The call returned another number of results than items. This is an error in an engine, and would
            shift all later results.
    """
    batches = [items[start : start + size] for start in range(0, len(items), size)]
    fitting = FittingBatches(size)
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for batch, batch_results in zip(batches, pool.map(partial(fitting.results, call), batches), strict=True):
            if len(batch_results) != len(batch):
                raise RuntimeError(f"an engine returned {len(batch_results)} results for {len(batch)} items")
            yield batch_results


def prefetched(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items in order, each computed on another thread while the one before it is used."""
    source = iter(items)
    with ThreadPoolExecutor(max_workers=1) as pool:
        following = pool.submit(next, source, _END)
        while (item := following.result()) is not _END:
            following = pool.submit(next, source, _END)
            yield cast("Item", item)


def map_in_order(call: Callable[[Item], Result], items: Iterable[Item], *, threads: int) -> Iterator[Result]:
    """Yield the result of ``call`` for each item, in order, with ``threads`` calls at a time.

    If the consumer stops, only the calls in flight are finished.
    """
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for item in items:
            pending.append(pool.submit(call, item))
            if len(pending) > threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
