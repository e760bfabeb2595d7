"""What networks on torch draw and add up, the same at every call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def drawn(seed: int, *, threads: int) -> Iterator[None]:
    """Inside, no gradients, random numbers from this seed, and sums in parts for so many threads of the processor.

    Random numbers elsewhere are left alone. torch counts threads for each thread that calls it, and other libraries set
    that count too: sums in other parts differ in their last bits.
    """
    import torch

    torch.set_num_threads(threads)
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(seed)
        yield
