"""When to try again: the pauses between attempts.

>>> RetryRules(pauses_s=(1, 2, 4), jitter=0.0).pause_s("any", failures=2)
2.0

Configured elsewhere: retries of AWS calls by boto3 (``adapters/aws.py``), retries of downloads by urllib3
(``engines/models/download.py``), and retries of runs by Dagster (``dagster.yaml``, ``service/run_recovery.py``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """When to try again and when to stop; the default is that of callbacks.

    The pause after failure ``k`` is ``pauses_s[k - 1]``, or the last one. A random share of it, at most ``jitter``, is
    added. ``Retry-After`` lengthens a pause, up to ``longest_wait_s``. Callbacks older than
    ``max_age_s`` are given up. The default pauses reach two hours after four; an endpoint that is down over a weekend
    gets some 40 attempts.
    """

    pauses_s: tuple[float, ...] = (1, 5, 30, 120, 600, 1800, 3600, 7200)
    jitter: float = 0.25
    longest_wait_s: float = 6 * 3600
    max_age_s: float = 72 * 3600

    def pause_s(self, seed: str, failures: int, retry_after_s: float | None = None) -> float:
        """Return the pause after this number of failures, 1 or more; the jitter depends on ``seed`` only."""
        base = self.pauses_s[min(failures, len(self.pauses_s)) - 1]
        digest = hashlib.sha256(f"{seed}.{failures}".encode()).digest()
        share = int.from_bytes(digest[:4]) / 2**32
        return max(base * (1 + self.jitter * share), min(retry_after_s or 0.0, self.longest_wait_s))


HTTP_SERVICE_RETRIES = RetryRules(pauses_s=(1, 2, 4, 8, 16, 32, 60), jitter=0.0, longest_wait_s=60)
"""Between requests to a service that an engine uses."""

STARTUP_RETRIES = RetryRules(pauses_s=(5, 10, 20, 40, 80, 160, 300), jitter=0.0)
"""Between checks of what a process of the service waits for at its start."""

STEP_RETRIES = 3
"""Retries of a Dagster step after a transient error."""
STEP_PAUSE_S = 10
"""Pause before each of them, in seconds."""


def retry_after_s(header: str | None, now_s: float) -> float | None:
    """Return the pause that a ``Retry-After`` header asks for (RFC 9110, 10.2.3: seconds or a date).

    None if there is no such header or it cannot be read.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    at = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, at.timestamp() - now_s)
