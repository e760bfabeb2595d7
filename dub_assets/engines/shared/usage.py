"""Counting the use of paid services."""

from __future__ import annotations

import threading
from collections import Counter


class UsageCount:
    """Amounts by name, added up from any thread until they are taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._amounts: Counter[str] = Counter()

    def add(self, **amounts: float) -> None:
        """Add amounts."""
        with self._lock:
            for name, amount in amounts.items():
                self._amounts[name] += amount  # type: ignore[assignment]  # Counter holds any number

    def take(self) -> tuple[tuple[str, float], ...]:
        """Return the amounts since the last call, sorted by name, and reset them."""
        with self._lock:
            taken, self._amounts = self._amounts, Counter()
        return tuple(sorted((name, round(float(amount), 6)) for name, amount in taken.items()))
