"""When to try again: growing pauses with jitter, an age limit, and Retry-After."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """When to try again and when to stop.

    The pause after failure k is ``pauses_s[k]`` (the last one again and again), longer by up to the share ``jitter``.
    ``Retry-After`` lengthens a pause, up to ``longest_wait_s``. The default pauses reach two hours after four; an
    endpoint that is down over a weekend is tried some 40 times.
    """

    pauses_s: tuple[float, ...] = (1, 5, 30, 120, 600, 1800, 3600, 7200)
    jitter: float = 0.25
    longest_wait_s: float = 6 * 3600
    max_age_s: float = 72 * 3600

    def pause_s(self, webhook_id: str, failures: int, retry_after_s: float | None = None) -> float:
        """The pause after the given number of failures, 1 or more; the same for the same callback."""
        base = self.pauses_s[min(failures, len(self.pauses_s)) - 1]
        digest = hashlib.sha256(f"{webhook_id}.{failures}".encode()).digest()
        share = int.from_bytes(digest[:4]) / 2**32
        return max(base * (1 + self.jitter * share), min(retry_after_s or 0.0, self.longest_wait_s))


def retry_after_s(header: str | None, now_s: float) -> float | None:
    """The pause that a ``Retry-After`` header asks for (RFC 9110, 10.2.3: seconds or a date); None where unreadable."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    at = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, at.timestamp() - now_s)
