"""The dispatcher: makes the attempts that are due, in threads, and stores the outcome of each.

The threads outlast the call that starts them, so an endpoint that answers late, or never, delays its own callbacks
only. They are daemon threads: an attempt that ends with the process is made again by the next one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from dub_assets.core.errors import DubError
from dub_assets.core.retries import RetryRules
from dub_assets.service.callbacks.delivery import Outcome
from dub_assets.service.callbacks.outbox import Outbox, OutboxEntry

_log = logging.getLogger(__name__)

_SHIFT_S = 30.0
"""For how long a worker starts attempts; after that, the outbox entries of its queues are read again."""

QueueKey = tuple[str, str]
"""The job and the endpoint (host and port) of a delivery queue."""


class CallbackSender(Protocol):
    """Sends a callback once. Safe to use from several threads."""

    def send(self, url: str, body: bytes, webhook_id: str) -> Outcome:
        """Post a body once and return the outcome. Raises no error because of the consumer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQueue:
    """The outbox entries of one job at one endpoint with their URLs, in order: an entry waits for those before it."""

    job_id: str
    endpoint: str
    pending: tuple[tuple[str, OutboxEntry], ...]

    @property
    def key(self) -> QueueKey:
        """The job and the endpoint."""
        return self.job_id, self.endpoint


class CallbackDispatcher:
    """Delivers queues in parallel: at most ``workers_per_endpoint`` at one endpoint, ``workers`` in all.

    A process has one dispatcher, so that no two threads deliver the same queue.
    """

    def __init__(
        self,
        sender: CallbackSender,
        outbox: Outbox,
        *,
        rules: RetryRules,
        now_s: Callable[[], float] = time.time,
        workers: int = 64,
        workers_per_endpoint: int = 4,
    ) -> None:
        self._sender = sender
        self._outbox = outbox
        self._rules = rules
        self._now_s = now_s
        self._max_workers = workers
        self._max_workers_per_endpoint = workers_per_endpoint
        self._lock = threading.Lock()
        self._busy: set[QueueKey] = set()
        self._retries_due_s: dict[QueueKey, float] = {}
        self._workers: dict[threading.Thread, str] = {}
        """The workers with their endpoints."""

    def busy(self) -> frozenset[QueueKey]:
        """Return the queues that are being delivered; only their workers may change their outbox entries."""
        with self._lock:
            return frozenset(self._busy)

    def take_due(self) -> set[QueueKey]:
        """Return the queues whose last attempt in this process failed and whose retry is due; each retry once."""
        now_s = self._now_s()
        with self._lock:
            due = {key for key, due_s in self._retries_due_s.items() if due_s <= now_s} - self._busy
            for key in due:
                del self._retries_due_s[key]
            return due

    def deliver(self, queues: Iterable[DeliveryQueue], *, wait_s: float) -> None:
        """Start to deliver the queues that are not busy. Returns when they are done, at the latest after ``wait_s``.

        Queues for which no worker is free are left to a later call.
        """
        started = self._start(queues)
        until = time.monotonic() + wait_s
        for worker in started:
            worker.join(max(0.0, until - time.monotonic()))

    def _start(self, queues: Iterable[DeliveryQueue]) -> list[threading.Thread]:
        """Start workers for the queues that are not busy, and return them."""
        by_endpoint: dict[str, deque[DeliveryQueue]] = {}
        with self._lock:
            self._workers = {worker: endpoint for worker, endpoint in self._workers.items() if worker.is_alive()}
            for queue in queues:
                if queue.key not in self._busy:
                    by_endpoint.setdefault(queue.endpoint, deque()).append(queue)
            workers = [worker for endpoint, waiting in by_endpoint.items() for worker in self._hire(endpoint, waiting)]
            for worker in workers:
                worker.start()
        return workers

    def _hire(self, endpoint: str, waiting: deque[DeliveryQueue]) -> list[threading.Thread]:
        """Return new workers for an endpoint's queues, and mark these as busy if there is a worker."""
        at_endpoint = list(self._workers.values()).count(endpoint)
        free = min(self._max_workers_per_endpoint - at_endpoint, self._max_workers - len(self._workers), len(waiting))
        if free <= 0:
            return []
        self._busy |= {queue.key for queue in waiting}
        name = f"callbacks to {endpoint}"
        hired = [threading.Thread(target=self._work, args=(waiting,), name=name, daemon=True) for _ in range(free)]
        self._workers |= dict.fromkeys(hired, endpoint)
        return hired

    def _work(self, waiting: deque[DeliveryQueue]) -> None:
        """Deliver queues until none is waiting; after the shift, only mark them as no longer busy."""
        until = time.monotonic() + _SHIFT_S
        while (queue := self._next(waiting)) is not None:
            try:
                if time.monotonic() < until:
                    self._deliver(queue, until)
            except DubError as error:
                _log.warning("callbacks of job %s are interrupted: %s", queue.job_id, error)
            except Exception:  # noqa: BLE001 - a defect in one queue must not stop the others
                _log.exception("callbacks of job %s are interrupted", queue.job_id)
            finally:
                with self._lock:
                    self._busy.discard(queue.key)

    def _next(self, waiting: deque[DeliveryQueue]) -> DeliveryQueue | None:
        with self._lock:
            return waiting.popleft() if waiting else None

    def _deliver(self, queue: DeliveryQueue, until: float) -> None:
        with self._lock:
            self._retries_due_s.pop(queue.key, None)
        for url, entry in queue.pending:
            current = entry
            while (number := current.next_due(self._now_s())) is not None and time.monotonic() < until:
                current = self._attempt(url, current, number)
            if not current.is_settled:
                with self._lock:
                    self._retries_due_s[queue.key] = current.delivery.due_s
                return

    def _attempt(self, url: str, entry: OutboxEntry, number: int) -> OutboxEntry:
        body = self._outbox.body(entry.origin, number)
        outcome = self._sender.send(url, body, entry.webhook_id(number))
        after = entry.after_attempt(outcome, now_s=self._now_s(), rules=self._rules)
        self._outbox.save(after)
        return after
