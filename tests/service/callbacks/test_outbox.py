"""Stored outbox entries: those of earlier versions are read, and written as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.codec import decode, encode
from dub_assets.core.keys import dispatch_key
from dub_assets.service.callbacks.delivery import Delivery, Loss
from dub_assets.service.callbacks.outbox import Outbox, OutboxEntry, PendingCallback, StoredCallback

GOLDEN = Path(__file__).parents[2] / "golden" / "outbox_entry.json"
ENTRY = OutboxEntry(
    origin="b3a1f0c2-run",
    sealed=(
        StoredCallback(name="downloaded", created_s=1_700_000_000.0),
        StoredCallback(name="stt_completed", created_s=1_700_000_060.5),
        StoredCallback(name="end of b3a1f0c2-run", created_s=1_700_000_090.25),
    ),
    delivery=Delivery(
        settled=1,
        failures=2,
        due_s=1_700_000_123.75,
        problem="the endpoint answered 500: not now",
        losses=(Loss(number=0, reason="given up after 9 attempts: the endpoint answered 500"),),
    ),
)


@pytest.fixture
def archive(tmp_path: Path) -> JobArchive:
    store = LocalObjectStore(tmp_path / "objects", shared=tmp_path / "shared")
    return JobArchive(store, LocalWorkspace(tmp_path / "shared", store))


def test_an_entry_is_stored_in_the_form_of_version_0_1_0():
    assert decode(OutboxEntry, GOLDEN.read_bytes()) == ENTRY
    assert encode(ENTRY) == GOLDEN.read_bytes()


def test_continues_an_entry_that_version_0_1_0_stored(archive: JobArchive):
    archive.store.put(dispatch_key(ENTRY.origin), GOLDEN.read_bytes(), "application/json")
    outbox = Outbox(archive)
    entry = outbox.load(ENTRY.origin)
    assert entry.next_due(1_700_000_123.0) is None
    assert entry.next_due(1_700_000_124.0) == 1
    extended = outbox.add(entry, [PendingCallback(name="another", created_s=1_700_000_100.0, body=b"{}")])
    assert outbox.load(ENTRY.origin) == extended
    assert extended.sealed[:3] == ENTRY.sealed
    assert outbox.body(ENTRY.origin, 3) == b"{}"


def test_a_group_without_an_entry_has_an_empty_one(archive: JobArchive):
    assert Outbox(archive).load("new") == OutboxEntry(origin="new")


def test_callbacks_added_after_the_end_of_a_delivery_are_lost():
    ended = OutboxEntry(origin="run", delivery=Delivery(ended="the endpoint answered 410"))
    entry = ended.with_callbacks([PendingCallback(name="late", created_s=1.0, body=b"{}")])
    assert entry.is_settled
    assert entry.losses() == ["late: the endpoint answered 410"]
