"""Callbacks: sending one, and keeping what is to be sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dub_assets.service.callbacks.delivery import Outcome
from dub_assets.service.callbacks.outbox_entry import OutboxEntry, PendingCallback


class CallbackSender(Protocol):
    """Sends a callback once. Safe to use from several threads."""

    def send(self, url: str, body: bytes, webhook_id: str) -> Outcome:
        """Post a body once and say what came of it; never raises because of the other side."""
        ...


class OutboxStore(Protocol):
    """Where dispatches and the bytes of their callbacks are kept. Raises StorageUnavailableError."""

    def load(self, origin: str) -> OutboxEntry:
        """A run's dispatch; a new one where there is none yet."""
        ...

    def seal(self, dispatch: OutboxEntry, posts: Sequence[PendingCallback]) -> OutboxEntry:
        """Write down further callbacks, first their bytes and then the dispatch that has them; it is returned."""
        ...

    def body(self, origin: str, number: int) -> bytes:
        """The bytes of a sealed callback."""
        ...

    def save(self, dispatch: OutboxEntry) -> None:
        """Write down how far a dispatch has come."""
        ...
