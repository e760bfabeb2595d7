"""Waiting for what other processes and threads do."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 600.0
"""After this long, what is waited for does not come any more."""


def wait_until(condition: Callable[[], object], what: str, *, pause_s: float = 0.2) -> None:
    """Look until something is so, once more after the time is over: the machine may have slept."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until and not condition():
            raise AssertionError(f"waited for {what} in vain")
        time.sleep(pause_s)
