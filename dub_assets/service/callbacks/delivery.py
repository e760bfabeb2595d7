"""The delivery of callbacks as a pure state machine: in order, at least once, with growing pauses, until too old.

A ``Delivery`` is the state for one job at one endpoint. The dispatcher asks ``next_due``, makes the attempt and stores
``after_attempt``; if it dies in between, it makes the same attempt again: same callback, same bytes, same id. Times are
Unix times in seconds. The answer decides:

- 2xx: acknowledged.
- 410: the endpoint gets nothing more, and all remaining callbacks are lost. So are those of a URL that is not allowed.
- everything else, such as no answer, another 4xx, 5xx or a redirect: failed. The callback is attempted again until it
  is older than ``RetryRules.max_age_s``. No other 4xx ends a delivery: a consumer that answers 404, 401 or 422 for an
  hour is more often deployed half than right. A callback that is refused for good therefore delays those after it until
  it is too old; their order is worth more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dub_assets.core.retries import RetryRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The consumer has acknowledged the callback."""

    status_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The endpoint takes no more callbacks (410)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The URL is not allowed; nothing was sent."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The consumer has not acknowledged the callback; ``retry_after_s`` is the pause that it asked for."""

    reason: str
    retry_after_s: float | None = None


Outcome = Delivered | Gone | Refused | Failed
"""The outcome of one attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A callback that is not attempted any more; ``number`` is its position, counted from 0."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The state of a delivery; the fields are stored.

    Callbacks before number ``settled`` are delivered or among ``losses``. Number ``settled`` has failed ``failures``
    times, last with ``problem``, and is due at ``due_s``. ``ended`` is the reason why the endpoint gets nothing more.
    """

    settled: int = 0
    failures: int = 0
    due_s: float = 0.0
    problem: str | None = None
    ended: str | None = None
    losses: tuple[Loss, ...] = ()

    def next_due(self, count: int, now_s: float) -> int | None:
        """Return the number of the callback to attempt now, of ``count`` callbacks; None if none is due."""
        has_next = self.ended is None and self.settled < count
        return self.settled if has_next and now_s >= self.due_s else None

    def after_attempt(
        self, outcome: Outcome, *, webhook_id: str, created_s: float, now_s: float, rules: RetryRules
    ) -> Delivery:
        """Return the state after an attempt at callback number ``settled``, which was created at ``created_s``."""
        match outcome:
            case Delivered():
                return self._next()
            case Gone(reason=reason) | Refused(reason=reason):
                return replace(self._lost(reason), ended=reason)
            case Failed(reason=reason, retry_after_s=retry_after_s):
                failures = self.failures + 1
                due_s = now_s + rules.pause_s(webhook_id, failures, retry_after_s)
                if due_s > created_s + rules.max_age_s:
                    return self._lost(f"given up after {failures} attempts: {reason}")
                return replace(self, failures=failures, due_s=due_s, problem=reason)

    def without_endpoint(self, count: int) -> Delivery:
        """Return the state with all of ``count`` callbacks lost if the delivery has ended; else this state."""
        if self.ended is None or self.settled >= count:
            return self
        lost = tuple(Loss(number=number, reason=self.ended) for number in range(self.settled, count))
        return replace(self, settled=count, losses=self.losses + lost)

    def _next(self) -> Delivery:
        return replace(self, settled=self.settled + 1, failures=0, due_s=0.0, problem=None)

    def _lost(self, reason: str) -> Delivery:
        return replace(self._next(), losses=(*self.losses, Loss(number=self.settled, reason=reason)))
