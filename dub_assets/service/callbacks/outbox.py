"""The outbox: callbacks that are stored before the first attempt, and the state of their delivery.

An outbox entry has the callbacks of one retry group, in order. Every attempt sends the stored bytes, even if a later
run changes the objects that the callback describes, or a later version would build another body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.keys import callback_body_key, dispatch_key
from dub_assets.core.retries import RetryRules
from dub_assets.service.callbacks.delivery import Delivery, Outcome
from dub_assets.service.callbacks.values import webhook_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCallback:
    """A callback to store. ``name`` is unique in its outbox entry; ``created_s`` is Unix time."""

    name: str
    created_s: float
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCallback:
    """A callback whose body is stored."""

    name: str
    created_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """The callbacks of one retry group, numbered from 0, and the state of their delivery.

    ``origin`` is the id of the group's first run, or of the refused message. ``sealed`` are the stored callbacks. The
    fields are those of the stored document, which earlier versions read too.
    """

    SCHEMA_NAME: ClassVar[str] = "Dispatch"

    origin: str
    sealed: tuple[StoredCallback, ...] = ()
    delivery: Delivery = field(default_factory=Delivery)

    @property
    def names(self) -> frozenset[str]:
        """The names of the stored callbacks."""
        return frozenset(callback.name for callback in self.sealed)

    @property
    def is_settled(self) -> bool:
        """Whether every stored callback is delivered or lost."""
        return self.delivery.settled >= len(self.sealed)

    def with_callbacks(self, callbacks: Sequence[PendingCallback]) -> OutboxEntry:
        """Return the entry with further callbacks; if its delivery has ended, they are lost."""
        added = (StoredCallback(name=callback.name, created_s=callback.created_s) for callback in callbacks)
        sealed = (*self.sealed, *added)
        return replace(self, sealed=sealed, delivery=self.delivery.without_endpoint(len(sealed)))

    def next_due(self, now_s: float) -> int | None:
        """Return the number of the callback to attempt now, None if none is due."""
        return self.delivery.next_due(len(self.sealed), now_s)

    def webhook_id(self, number: int) -> str:
        """Return the id of a callback, the same at each attempt."""
        return webhook_id(self.origin, number)

    def after_attempt(self, outcome: Outcome, *, now_s: float, rules: RetryRules) -> OutboxEntry:
        """Return the entry after an attempt at the first callback that is not settled."""
        number = self.delivery.settled
        delivery = self.delivery.after_attempt(
            outcome,
            webhook_id=self.webhook_id(number),
            created_s=self.sealed[number].created_s,
            now_s=now_s,
            rules=rules,
        )
        return replace(self, delivery=delivery.without_endpoint(len(self.sealed)))

    def unsent(self, *, now_s: float) -> OutboxEntry:
        """Return the entry with its callbacks as if none had been attempted and all had been created now."""
        sealed = tuple(replace(callback, created_s=now_s) for callback in self.sealed)
        return replace(self, sealed=sealed, delivery=Delivery())

    def losses(self) -> list[str]:
        """Return the name of each lost callback with the reason."""
        return [f"{self.sealed[loss.number].name}: {loss.reason}" for loss in self.delivery.losses]


class Outbox:
    """Outbox entries in an archive: ``jobs/callbacks/{origin}.json``, the bodies in the folder of that name.

    Run tags would not do: Dagster reads and writes a run's tags and status as one value without a lock, so one of two
    concurrent writers loses, and a retried run inherits its tags. An object is written completely or not at all, and
    the worker of the job's delivery queue is its only writer. All methods raise StorageUnavailableError.
    """

    def __init__(self, archive: JobArchive) -> None:
        self._archive = archive

    def load(self, origin: str) -> OutboxEntry:
        """Return the entry of a retry group; a new one if there is none yet."""
        return self._archive.find(OutboxEntry, dispatch_key(origin)) or OutboxEntry(origin=origin)

    def add(self, entry: OutboxEntry, callbacks: Sequence[PendingCallback]) -> OutboxEntry:
        """Store further callbacks, first their bodies, then the entry that refers to them, and return the entry."""
        for number, callback in enumerate(callbacks, start=len(entry.sealed)):
            self._archive.store.put(callback_body_key(entry.origin, number), callback.body, "application/json")
        extended = entry.with_callbacks(callbacks)
        self.save(extended)
        return extended

    def body(self, origin: str, number: int) -> bytes:
        """Return the body of a stored callback."""
        return self._archive.store.get(callback_body_key(origin, number))

    def save(self, entry: OutboxEntry) -> None:
        """Store an entry."""
        self._archive.save(dispatch_key(entry.origin), entry)
