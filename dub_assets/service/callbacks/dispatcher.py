"""The dispatcher: stores and delivers the callbacks of delivery queues in threads of its own.

The threads outlast the call that starts them, so an endpoint that answers late, or never, delays its own callbacks
only. They are daemon threads: an attempt that ends with the process is made again by the next one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from dub_assets.core.errors import DubError
from dub_assets.core.retries import RetryRules
from dub_assets.service.callbacks.delivery import Outcome
from dub_assets.service.callbacks.outbox import Outbox, OutboxEntry

_log = logging.getLogger(__name__)

_PAUSE_AFTER_ERROR_S = 5.0
"""Pause before a queue is handled again whose callbacks could not be built or stored."""

QueueKey = tuple[str, str]
"""The job and the endpoint (host and port) of a delivery queue."""


class CallbackSender(Protocol):
    """Sends a callback once. Safe to use from several threads."""

    def send(self, url: str, body: bytes, webhook_id: str) -> Outcome:
        """Post a body once and return the outcome. Raises no error because of the consumer."""
        ...


class CallbackSource(Protocol):
    """A retry group or a refused message, whose callbacks go to one URL in order."""

    @property
    def url(self) -> str:
        """The callback URL."""
        ...

    @property
    def queue_key(self) -> QueueKey:
        """The delivery queue of the callbacks."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The outbox with the entry of the callbacks."""
        ...

    def stored(self) -> OutboxEntry:
        """Return the outbox entry with all callbacks that there are by now. Stores those that are new."""
        ...

    def settle(self, entry: OutboxEntry) -> None:
        """Record that all callbacks of the entry are delivered or lost."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQueue:
    """The sources of one job at one endpoint, in order: a source waits until those before it are settled."""

    key: QueueKey
    sources: tuple[CallbackSource, ...]

    @property
    def job_id(self) -> str:
        """The job."""
        return self.key[0]

    @property
    def endpoint(self) -> str:
        """The host and port."""
        return self.key[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The reason why a queue waits, and the Unix time at which it is due again."""

    due_s: float
    problem: str


def delivery_queues(sources: Iterable[CallbackSource]) -> list[DeliveryQueue]:
    """Return the queues of sources, which keep their order in each queue."""
    by_key: dict[QueueKey, list[CallbackSource]] = {}
    for source in sources:
        by_key.setdefault(source.queue_key, []).append(source)
    return [DeliveryQueue(key=key, sources=tuple(members)) for key, members in by_key.items()]


class CallbackDispatcher:
    """Delivers queues in parallel: at most ``workers_per_endpoint`` at one endpoint, ``workers`` in all.

    A process has one dispatcher. Only the worker of a queue changes the outbox entries of the queue.
    """

    def __init__(
        self,
        sender: CallbackSender,
        *,
        rules: RetryRules,
        now_s: Callable[[], float] = time.time,
        workers: int = 64,
        workers_per_endpoint: int = 4,
    ) -> None:
        self._sender = sender
        self._rules = rules
        self._now_s = now_s
        self._max_workers = workers
        self._max_workers_per_endpoint = workers_per_endpoint
        self._changed = threading.Condition()
        self._queued: defaultdict[str, deque[DeliveryQueue]] = defaultdict(deque)
        """The queues without a worker by endpoint."""

        self._workers: Counter[str] = Counter()
        """The number of workers by endpoint."""

        self._busy: dict[QueueKey, DeliveryQueue | None] = {}
        """The queues that have a worker or will have one, each with a later state of it to be delivered afterwards."""

        self._waits: dict[QueueKey, Wait] = {}

    def deliver(self, queues: Iterable[DeliveryQueue]) -> None:
        """Deliver queues in threads. A queue that is being delivered follows its earlier state."""
        with self._changed:
            for queue in queues:
                if queue.key in self._busy:
                    self._busy[queue.key] = queue
                else:
                    self._busy[queue.key] = None
                    self._waits.pop(queue.key, None)
                    self._queued[queue.endpoint].append(queue)
            self._start_workers()

    def join(self, timeout_s: float) -> bool:
        """Wait until nothing is being delivered. Return False if that takes longer than ``timeout_s``."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, timeout_s)

    def is_free(self, key: QueueKey) -> bool:
        """Return whether a queue is neither being delivered nor waits until it is due."""
        with self._changed:
            return key not in self._busy and not self._is_waiting(key)

    def is_waiting(self, key: QueueKey) -> bool:
        """Return whether a queue waits until it is due."""
        with self._changed:
            return self._is_waiting(key)

    def take_due(self) -> set[QueueKey]:
        """Return the queues that waited in this process and are due; each wait once."""
        with self._changed:
            due = {key for key in self._waits if not self._is_waiting(key)}
            for key in due:
                del self._waits[key]
            return due

    def problems(self) -> list[str]:
        """Return the reason of each queue that waits, with its job."""
        with self._changed:
            return [f"job {job_id}: {wait.problem}" for (job_id, _), wait in self._waits.items() if wait.problem]

    def _is_waiting(self, key: QueueKey) -> bool:
        return key in self._waits and self._waits[key].due_s > self._now_s()

    def _start_workers(self) -> None:
        for endpoint, queues in self._queued.items():
            free = self._max_workers_per_endpoint - self._workers[endpoint]
            for _ in range(min(free, self._max_workers - self._workers.total(), len(queues))):
                self._workers[endpoint] += 1
                threading.Thread(target=self._work, args=(queues.popleft(),), name="callbacks", daemon=True).start()
        for endpoint in [endpoint for endpoint, queues in self._queued.items() if not queues]:
            del self._queued[endpoint]

    def _work(self, queue: DeliveryQueue) -> None:
        wait: Wait | None = Wait(due_s=self._now_s() + _PAUSE_AFTER_ERROR_S, problem="an error; see the log")
        try:
            wait = self._deliver(queue.sources)
        except DubError as error:
            _log.warning("callbacks of job %s are interrupted: %s", queue.job_id, error)
        except Exception:  # noqa: BLE001 - a defect in one queue must not stop the others
            _log.exception("callbacks of job %s are interrupted", queue.job_id)
        with self._changed:
            if later := self._busy.pop(queue.key):
                self._busy[queue.key] = None
                self._queued[queue.endpoint].append(later)
            elif wait:
                self._waits[queue.key] = wait
            self._workers -= Counter([queue.endpoint])
            self._start_workers()
            self._changed.notify_all()

    def _deliver(self, sources: Collection[CallbackSource]) -> Wait | None:
        """Deliver callbacks in order. Return the wait for the next attempt, None if there is nothing left to send."""
        for source in sources:
            entry = source.stored()
            while (number := entry.next_due(self._now_s())) is not None:
                entry = self._attempt(source, entry, number)
            if not entry.is_settled:
                return Wait(due_s=entry.delivery.due_s, problem=entry.delivery.problem or "")
            source.settle(entry)
        return None

    def _attempt(self, source: CallbackSource, entry: OutboxEntry, number: int) -> OutboxEntry:
        body = source.outbox.body(entry.origin, number)
        outcome = self._sender.send(source.url, body, entry.webhook_id(number))
        after = entry.after_attempt(outcome, now_s=self._now_s(), rules=self._rules)
        source.outbox.save(after)
        return after
