"""The courier: which attempts it makes, in what order and how many at a time; a sender in memory, a book on disk."""

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
from dub_assets.service.callbacks.dispatcher import CallbackDispatcher, Channel
from dub_assets.service.callbacks.outbox_entry import OutboxEntry, PendingCallback
from dub_assets.service.callbacks.outbox_store import ArchivedOutbox


class Sender:
    """Answers as planned by URL, else receives; ``gate`` closed: only once it is opened."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.failing: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def send(self, url: str, body: bytes, webhook_id: str) -> Outcome:
        with self._lock:
            self.sent.append((url, body))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.gate.wait(300)
        with self._lock:
            self.at_once -= 1
        return Failed(reason="no") if url in self.failing else Delivered(status_code=200)


@pytest.fixture
def book(tmp_path: Path) -> ArchivedOutbox:
    store = LocalObjectStore(tmp_path / "objects", shared=tmp_path / "shared")
    return ArchivedOutbox(JobArchive(store, LocalWorkspace(tmp_path / "shared", store)))


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture
def courier(sender: Sender, book: ArchivedOutbox) -> CallbackDispatcher:
    return CallbackDispatcher(sender, book, rules=RetryRules(), now_s=lambda: 1000.0)


def sealed(book: ArchivedOutbox, origin: str, *bodies: bytes) -> OutboxEntry:
    posts = [PendingCallback(name=f"{number}", created_s=1000.0, body=body) for number, body in enumerate(bodies)]
    return book.seal(OutboxEntry(origin=origin), posts)


def channel(job_id: str, *parcels: tuple[str, OutboxEntry], endpoint: str = "e") -> Channel:
    return Channel(job_id=job_id, endpoint=endpoint, parcels=parcels)


def test_the_callbacks_of_a_channel_are_sent_in_order_and_written_down(courier, sender, book):
    first, second = sealed(book, "run-1", b"a", b"b"), sealed(book, "run-2", b"c")
    courier.deliver([channel("job", ("u1", first), ("u2", second))], wait_s=300)
    assert sender.sent == [("u1", b"a"), ("u1", b"b"), ("u2", b"c")]
    assert [book.load(origin).is_settled for origin in ("run-1", "run-2")] == [True, True]


def test_what_fails_holds_up_what_comes_after_it_in_its_channel_and_nothing_else(courier, sender, book):
    sender.failing = {"u1"}
    held = channel("job-1", ("u1", sealed(book, "run-1", b"a", b"b")), ("u2", sealed(book, "run-2", b"c")))
    courier.deliver([held, channel("job-2", ("u3", sealed(book, "run-3", b"d")))], wait_s=300)
    assert sorted(sender.sent) == [("u1", b"a"), ("u3", b"d")]
    assert book.load("run-1").delivery.failures == 1


def test_a_channel_that_is_worked_on_is_not_taken_up_a_second_time(courier, sender, book):
    sender.gate.clear()
    one = channel("job", ("u", sealed(book, "run-1", b"a")))
    courier.deliver([one], wait_s=0)
    assert courier.busy() == {("job", "e")}
    courier.deliver([one], wait_s=0)
    sender.gate.set()
    courier.deliver([], wait_s=0)
    drain(courier)
    assert sender.sent == [("u", b"a")]
    assert courier.busy() == frozenset()


def test_an_endpoint_is_sent_no_more_than_four_at_a_time_and_all_of_it_arrives(courier, sender, book):
    sender.gate.clear()
    channels = [channel(f"job-{place}", ("u", sealed(book, f"run-{place}", b"a"))) for place in range(12)]
    courier.deliver(channels, wait_s=0)
    sender.gate.set()
    drain(courier)
    assert len(sender.sent) == 12
    assert sender.most_at_once <= 4


def test_an_endpoint_that_does_not_answer_keeps_no_lane_of_another(courier, sender, book):
    sender.gate.clear()
    courier.deliver([channel(f"slow-{place}", ("u", sealed(book, f"s{place}", b"a"))) for place in range(9)], wait_s=0)
    courier.deliver([channel("quick", ("v", sealed(book, "q", b"b")), endpoint="f")], wait_s=0)
    assert ("quick", "f") in courier.busy()
    sender.gate.set()
    drain(courier)
    assert ("v", b"b") in sender.sent


def test_a_store_that_does_not_answer_ends_the_work_on_a_channel_which_can_be_taken_up_again(
    courier, sender, book, monkeypatch
):
    one = channel("job", ("u", sealed(book, "run-1", b"a", b"b")))

    def unavailable(_: OutboxEntry) -> None:
        raise StorageUnavailableError("the store did not answer")

    monkeypatch.setattr(book, "save", unavailable)
    courier.deliver([one], wait_s=300)
    monkeypatch.undo()
    assert courier.busy() == frozenset()
    courier.deliver([channel("job", ("u", book.load("run-1")))], wait_s=300)
    assert sender.sent == [("u", b"a"), ("u", b"a"), ("u", b"b")]


def drain(courier: CallbackDispatcher) -> None:
    """Wait for every lane."""
    for lane in list(courier._running):
        lane.join(300)
        assert not lane.is_alive()
