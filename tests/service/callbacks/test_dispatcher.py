"""The dispatcher: order and number of its attempts; a sender in memory, an outbox on disk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.waiting import wait_until

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.errors import StorageUnavailableError
from dub_assets.core.retries import RetryRules
from dub_assets.service.callbacks.delivery import Delivered, Failed, Outcome
from dub_assets.service.callbacks.dispatcher import CallbackDispatcher, DeliveryQueue, delivery_queues
from dub_assets.service.callbacks.outbox import Outbox, OutboxEntry, PendingCallback

PATIENCE_S = 300


class Sender:
    """Acknowledges every callback but those to ``failing`` URLs, once ``gate`` is open or at ``quick`` URLs at once."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.failing: set[str] = set()
        self.quick: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.concurrent = 0
        self.max_concurrent = 0
        self._lock = threading.Lock()

    def send(self, url: str, body: bytes, webhook_id: str) -> Outcome:
        with self._lock:
            self.sent.append((url, body))
            self.concurrent += 1
            self.max_concurrent = max(self.max_concurrent, self.concurrent)
        assert url in self.quick or self.gate.wait(PATIENCE_S)
        with self._lock:
            self.concurrent -= 1
        return Failed(reason="no") if url in self.failing else Delivered(status_code=200)


@dataclass
class Source:
    """Callbacks with these bodies; ``bodies`` may grow."""

    outbox: Outbox
    url: str
    job_id: str
    bodies: list[bytes]
    endpoint: str = "e"
    settled: list[OutboxEntry] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"{self.job_id}-{self.url}"

    @property
    def queue_key(self) -> tuple[str, str]:
        return self.job_id, self.endpoint

    def stored(self) -> OutboxEntry:
        entry = self.outbox.load(self.origin)
        new = [
            PendingCallback(name=f"{number}", created_s=1000.0, body=body)
            for number, body in enumerate(self.bodies)
            if f"{number}" not in entry.names
        ]
        return self.outbox.add(entry, new) if new else entry

    def settle(self, entry: OutboxEntry) -> None:
        self.settled.append(entry)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    store = LocalObjectStore(tmp_path / "objects", shared=tmp_path / "shared")
    return Outbox(JobArchive(store, LocalWorkspace(tmp_path / "shared", store)))


@pytest.fixture
def source(outbox: Outbox) -> Callable[..., Source]:
    return lambda job, url, *bodies, **fields: Source(outbox, url, job, list(bodies), **fields)


@pytest.fixture
def sender() -> Sender:
    return Sender()


class Clock:
    now_s = 1000.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dispatcher(sender: Sender, outbox: Outbox, clock: Clock) -> CallbackDispatcher:
    return CallbackDispatcher(sender, rules=RetryRules(), now_s=lambda: clock.now_s)


def deliver(dispatcher: CallbackDispatcher, *sources: Source) -> None:
    dispatcher.deliver(delivery_queues(sources))
    assert dispatcher.join(PATIENCE_S)


def test_sources_of_a_job_at_an_endpoint_are_one_queue_in_their_order(source):
    first, other, second = source("a", "u1"), source("b", "u2"), source("a", "u3")
    elsewhere = source("a", "u4", endpoint="f")
    assert delivery_queues([first, other, second, elsewhere]) == [
        DeliveryQueue(key=("a", "e"), sources=(first, second)),
        DeliveryQueue(key=("b", "e"), sources=(other,)),
        DeliveryQueue(key=("a", "f"), sources=(elsewhere,)),
    ]


def test_delivers_the_callbacks_of_a_queue_in_order_and_stores_the_outcomes(dispatcher, sender, source):
    first, second = source("job", "u1", b"a", b"b"), source("job", "u2", b"c")
    deliver(dispatcher, first, second)
    assert sender.sent == [("u1", b"a"), ("u1", b"b"), ("u2", b"c")]
    assert [entry.is_settled for made in (first, second) for entry in (made.stored(), *made.settled)] == [True] * 4
    assert dispatcher.is_free(("job", "e"))
    assert dispatcher.problems() == []


def test_a_failure_delays_the_rest_of_its_queue_and_no_other(dispatcher, sender, source):
    sender.failing = {"u1"}
    failing, behind, other = source("job-1", "u1", b"a", b"b"), source("job-1", "u2", b"c"), source("job-2", "u3", b"d")
    deliver(dispatcher, failing, behind, other)
    assert sorted(sender.sent) == [("u1", b"a"), ("u3", b"d")]
    assert failing.stored().delivery.failures == 1
    assert (failing.settled, behind.settled, len(other.settled)) == ([], [], 1)
    assert dispatcher.problems() == ["job job-1: no"]
    assert dispatcher.is_waiting(("job-1", "e"))
    assert not dispatcher.is_free(("job-1", "e"))


def test_a_failed_queue_is_due_once_after_its_pause(dispatcher, sender, source, clock):
    sender.failing = {"u"}
    failing = source("job", "u", b"a")
    deliver(dispatcher, failing)
    assert dispatcher.take_due() == set()
    clock.now_s = failing.stored().delivery.due_s
    assert dispatcher.is_free(("job", "e"))
    assert dispatcher.take_due() == {("job", "e")}
    assert dispatcher.take_due() == set()


def test_stores_what_is_new_before_a_failed_callback_is_due(dispatcher, sender, source):
    sender.failing = {"u"}
    failing = source("job", "u", b"a")
    deliver(dispatcher, failing)
    failing.bodies.append(b"b")
    deliver(dispatcher, failing)
    assert sender.sent == [("u", b"a")]
    assert [callback.name for callback in failing.outbox.load(failing.origin).sealed] == ["0", "1"]
    assert dispatcher.is_waiting(("job", "e"))


def test_a_queue_is_delivered_by_one_worker_and_again_if_it_changes_meanwhile(dispatcher, sender, source):
    sender.gate.clear()
    first, later = source("job", "u", b"a"), source("job", "u", b"a", b"b")
    dispatcher.deliver(delivery_queues([first]))
    assert not dispatcher.is_free(("job", "e"))
    wait_until(lambda: sender.sent, "the first attempt")
    dispatcher.deliver(delivery_queues([later]))
    sender.gate.set()
    assert dispatcher.join(PATIENCE_S)
    assert sender.max_concurrent == 1
    assert sender.sent == [("u", b"a"), ("u", b"b")]
    assert (len(first.settled), len(later.settled)) == (1, 1)
    assert dispatcher.is_free(("job", "e"))


def test_makes_at_most_four_attempts_at_a_time_at_an_endpoint(dispatcher, sender, source):
    sender.gate.clear()
    dispatcher.deliver(delivery_queues(source(f"job-{place}", "u", b"a") for place in range(12)))
    sender.gate.set()
    assert dispatcher.join(PATIENCE_S)
    assert len(sender.sent) == 12
    assert sender.max_concurrent <= 4


def test_makes_at_most_so_many_attempts_at_a_time_in_all(sender, outbox, source):
    dispatcher = CallbackDispatcher(sender, rules=RetryRules(), workers=3, workers_per_endpoint=2)
    sender.gate.clear()
    sources = [source(f"job-{place}", "u", b"a", endpoint=f"e{place % 4}") for place in range(12)]
    dispatcher.deliver(delivery_queues(sources))
    sender.gate.set()
    assert dispatcher.join(PATIENCE_S)
    assert len(sender.sent) == 12
    assert sender.max_concurrent <= 3


def test_an_endpoint_that_does_not_answer_takes_no_worker_of_another(dispatcher, sender, source):
    sender.gate.clear()
    sender.quick = {"v"}
    dispatcher.deliver(delivery_queues(source(f"slow-{place}", "u", b"a") for place in range(9)))
    dispatcher.deliver(delivery_queues([source("quick", "v", b"b", endpoint="f")]))
    while not dispatcher.is_free(("quick", "f")):
        assert not dispatcher.join(0.05)
    assert ("v", b"b") in sender.sent
    sender.gate.set()
    assert dispatcher.join(PATIENCE_S)


@pytest.mark.parametrize("error", [StorageUnavailableError("the store did not answer"), ValueError("a defect")])
def test_continues_a_queue_that_an_error_interrupted(dispatcher, sender, outbox, source, monkeypatch, clock, error):
    def fail(_: OutboxEntry) -> None:
        raise error

    made = source("job", "u", b"a", b"b")
    made.stored()
    monkeypatch.setattr(outbox, "save", fail)
    deliver(dispatcher, made)
    monkeypatch.undo()
    assert dispatcher.is_waiting(("job", "e"))
    assert dispatcher.problems() == ["job job: an error; see the log"]
    clock.now_s += 5
    assert dispatcher.take_due() == {("job", "e")}
    deliver(dispatcher, made)
    assert sender.sent == [("u", b"a"), ("u", b"a"), ("u", b"b")]
