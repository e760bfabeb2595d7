"""The delivery of a job's callbacks: in order, at least once, retried with growing pauses, ended by age.

A pure state machine over a clock given in Unix seconds. One ``Delivery`` stands for the callbacks of one job at one
endpoint; whoever drives it asks ``next_due``, makes the attempt, and stores ``after_attempt``. A driver that dies in
between makes the same attempt again: same callback, same bytes, same id.

What an endpoint's answer means:

- 2xx: received.
- 410: the endpoint is gone; nothing more is sent to it, what is left counts as lost.
- a URL that may not be called: the same.
- everything else (no answer, other 4xx and 5xx, redirects, which are not followed): failed, tried again until the
  callback is older than ``max_age_s``. No other 4xx ends it: the contract counts only 2xx as received, and a
  consumer that answers 404, 401 or 422 for an hour is more often half deployed than right. The price is that a
  callback which is refused for good holds up those behind it until its age ends it; their order is worth more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dub_assets.core.retries import RetryRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The consumer has it."""

    status_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The endpoint asked for no more (410)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The URL may not be called; nothing was sent."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The consumer does not have it, as far as can be told; ``retry_after_s`` is the pause it asked for."""

    reason: str
    retry_after_s: float | None = None


Outcome = Delivered | Gone | Refused | Failed
"""What came of one attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A callback that was given up; ``number`` counts the job's callbacks from 0."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far a job's callbacks have come.

    Callbacks before ``settled`` are delivered or among ``losses``; the one at ``settled`` has failed ``failures``
    times and may be tried from ``due_s`` on. ``ended`` says why the endpoint gets no more, ``problem`` what went wrong
    last at the callback that is waiting.
    """

    settled: int = 0
    failures: int = 0
    due_s: float = 0.0
    problem: str | None = None
    ended: str | None = None
    losses: tuple[Loss, ...] = ()

    def next_due(self, produced: int, now_s: float) -> int | None:
        """The number of the callback to attempt now, out of the ``produced`` first ones; None where none is due."""
        waiting = self.ended is None and self.settled < produced
        return self.settled if waiting and now_s >= self.due_s else None

    def after_attempt(
        self, outcome: Outcome, *, webhook_id: str, created_s: float, now_s: float, rules: RetryRules
    ) -> Delivery:
        """The state after an attempt at the waiting callback, which came to be at ``created_s``."""
        match outcome:
            case Delivered():
                return self._settled()
            case Gone(reason=reason) | Refused(reason=reason):
                return replace(self._lost(reason), ended=reason)
            case Failed(reason=reason, retry_after_s=wished_s):
                failures = self.failures + 1
                due_s = now_s + rules.pause_s(webhook_id, failures, wished_s)
                if due_s > created_s + rules.max_age_s:
                    return self._lost(f"given up after {failures} attempts: {reason}")
                return replace(self, failures=failures, due_s=due_s, problem=reason)

    def without_endpoint(self, produced: int) -> Delivery:
        """The state once every callback produced since the endpoint ended counts as lost; unchanged before that."""
        if self.ended is None or self.settled >= produced:
            return self
        lost = tuple(Loss(number=number, reason=self.ended) for number in range(self.settled, produced))
        return replace(self, settled=produced, losses=self.losses + lost)

    def _settled(self) -> Delivery:
        return replace(self, settled=self.settled + 1, failures=0, due_s=0.0, problem=None)

    def _lost(self, reason: str) -> Delivery:
        return replace(self._settled(), losses=(*self.losses, Loss(number=self.settled, reason=reason)))
