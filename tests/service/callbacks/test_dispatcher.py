"""The dispatcher: order and number of its attempts; a sender in memory, an outbox on disk."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.errors import StorageUnavailableError
from dub_assets.core.retries import RetryRules
from dub_assets.service.callbacks.delivery import Delivered, Failed, Outcome
from dub_assets.service.callbacks.dispatcher import CallbackDispatcher, DeliveryQueue
from dub_assets.service.callbacks.outbox import Outbox, OutboxEntry, PendingCallback


class Sender:
    """Acknowledges every callback but those to ``failing`` URLs, once ``gate`` is open."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.failing: set[str] = set()
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
        assert self.gate.wait(300)
        with self._lock:
            self.concurrent -= 1
        return Failed(reason="no") if url in self.failing else Delivered(status_code=200)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    store = LocalObjectStore(tmp_path / "objects", shared=tmp_path / "shared")
    return Outbox(JobArchive(store, LocalWorkspace(tmp_path / "shared", store)))


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture
def dispatcher(sender: Sender, outbox: Outbox) -> CallbackDispatcher:
    return CallbackDispatcher(sender, outbox, rules=RetryRules(), now_s=lambda: 1000.0)


def stored(outbox: Outbox, origin: str, *bodies: bytes) -> OutboxEntry:
    callbacks = [PendingCallback(name=f"{number}", created_s=1000.0, body=body) for number, body in enumerate(bodies)]
    return outbox.add(OutboxEntry(origin=origin), callbacks)


def queue_of(job_id: str, *pending: tuple[str, OutboxEntry], endpoint: str = "e") -> DeliveryQueue:
    return DeliveryQueue(job_id=job_id, endpoint=endpoint, pending=pending)


def test_delivers_the_callbacks_of_a_queue_in_order_and_stores_the_outcomes(dispatcher, sender, outbox):
    first, second = stored(outbox, "run-1", b"a", b"b"), stored(outbox, "run-2", b"c")
    dispatcher.deliver([queue_of("job", ("u1", first), ("u2", second))], wait_s=300)
    assert sender.sent == [("u1", b"a"), ("u1", b"b"), ("u2", b"c")]
    assert [outbox.load(origin).is_settled for origin in ("run-1", "run-2")] == [True, True]


def test_a_failure_delays_the_rest_of_its_queue_and_no_other(dispatcher, sender, outbox):
    sender.failing = {"u1"}
    delayed = queue_of("job-1", ("u1", stored(outbox, "run-1", b"a", b"b")), ("u2", stored(outbox, "run-2", b"c")))
    dispatcher.deliver([delayed, queue_of("job-2", ("u3", stored(outbox, "run-3", b"d")))], wait_s=300)
    assert sorted(sender.sent) == [("u1", b"a"), ("u3", b"d")]
    assert outbox.load("run-1").delivery.failures == 1


def test_delivers_a_queue_once_at_a_time(dispatcher, sender, outbox):
    sender.gate.clear()
    queue = queue_of("job", ("u", stored(outbox, "run-1", b"a")))
    dispatcher.deliver([queue], wait_s=0)
    assert dispatcher.busy() == {("job", "e")}
    dispatcher.deliver([queue], wait_s=0)
    sender.gate.set()
    dispatcher.deliver([], wait_s=0)
    drain(dispatcher)
    assert sender.sent == [("u", b"a")]
    assert dispatcher.busy() == frozenset()


def test_makes_at_most_four_attempts_at_a_time_at_an_endpoint(dispatcher, sender, outbox):
    sender.gate.clear()
    queues = [queue_of(f"job-{place}", ("u", stored(outbox, f"run-{place}", b"a"))) for place in range(12)]
    dispatcher.deliver(queues, wait_s=0)
    sender.gate.set()
    drain(dispatcher)
    assert len(sender.sent) == 12
    assert sender.max_concurrent <= 4


def test_an_endpoint_that_does_not_answer_takes_no_worker_of_another(dispatcher, sender, outbox):
    sender.gate.clear()
    dispatcher.deliver(
        [queue_of(f"slow-{place}", ("u", stored(outbox, f"s{place}", b"a"))) for place in range(9)], wait_s=0
    )
    dispatcher.deliver([queue_of("quick", ("v", stored(outbox, "q", b"b")), endpoint="f")], wait_s=0)
    assert ("quick", "f") in dispatcher.busy()
    sender.gate.set()
    drain(dispatcher)
    assert ("v", b"b") in sender.sent


def test_continues_a_queue_that_an_unavailable_store_interrupted(dispatcher, sender, outbox, monkeypatch):
    queue = queue_of("job", ("u", stored(outbox, "run-1", b"a", b"b")))

    def unavailable(_: OutboxEntry) -> None:
        raise StorageUnavailableError("the store did not answer")

    monkeypatch.setattr(outbox, "save", unavailable)
    dispatcher.deliver([queue], wait_s=300)
    monkeypatch.undo()
    assert dispatcher.busy() == frozenset()
    dispatcher.deliver([queue_of("job", ("u", outbox.load("run-1")))], wait_s=300)
    assert sender.sent == [("u", b"a"), ("u", b"a"), ("u", b"b")]


def test_a_failed_queue_is_due_once_after_its_pause(sender, outbox):
    now = [1000.0]
    dispatcher = CallbackDispatcher(sender, outbox, rules=RetryRules(), now_s=lambda: now[0])
    sender.failing = {"u"}
    dispatcher.deliver([queue_of("job", ("u", stored(outbox, "run-1", b"a")))], wait_s=300)
    assert dispatcher.take_due() == set()
    now[0] = outbox.load("run-1").delivery.due_s
    assert dispatcher.take_due() == {("job", "e")}
    assert dispatcher.take_due() == set()


def drain(dispatcher: CallbackDispatcher) -> None:
    """Wait for every worker."""
    for worker in list(dispatcher._workers):
        worker.join(300)
        assert not worker.is_alive()
