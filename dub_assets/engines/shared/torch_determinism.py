"""Deterministic inference with torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def deterministic(seed: int, *, threads: int) -> Iterator[None]:
    """Make inference with torch repeatable inside the block: fixed seed, fixed number of threads, no gradients.

    The state of torch's random generator is restored on leaving. torch counts threads for each calling thread, and
    other libraries set that count too. With another count, sums are split differently and differ in their last bits.
    """
    import torch

    torch.set_num_threads(threads)
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(seed)
        yield
