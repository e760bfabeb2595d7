"""Counting what services are asked."""

from __future__ import annotations

import threading
from collections import Counter


class UsageCount:
    """Amounts by name, added up on any thread until they are taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._amounts: Counter[str] = Counter()

    def add(self, **amounts: float) -> None:
        """Count more."""
        with self._lock:
            for name, amount in amounts.items():
                self._amounts[name] += amount  # type: ignore[assignment]  # Counter holds any number

    def take(self) -> tuple[tuple[str, float], ...]:
        """Everything counted since the last time, sorted by name."""
        with self._lock:
            taken, self._amounts = self._amounts, Counter()
        return tuple(sorted((name, round(float(amount), 6)) for name, amount in taken.items()))
