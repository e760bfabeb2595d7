"""Dispatches of callbacks as objects, beside the job records.

Not in the run's tags: Dagster writes a run's tags and its status as one value that it reads before, without a lock, so
that a tag set while the run goes on can be lost; and a retried run inherits tags. An object is written whole or not at
all, and has one writer.
"""

from __future__ import annotations

from collections.abc import Sequence

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.keys import callback_body_key, dispatch_key
from dub_assets.service.callbacks.outbox_entry import OutboxEntry, PendingCallback


class ArchivedOutbox:
    """Dispatches in an archive: ``jobs/callbacks/{origin}.json``, bodies in the folder of that name."""

    def __init__(self, archive: JobArchive) -> None:
        self._archive = archive

    def load(self, origin: str) -> OutboxEntry:
        """A run's dispatch; a new one where there is none yet."""
        return self._archive.find(OutboxEntry, dispatch_key(origin)) or OutboxEntry(origin=origin)

    def seal(self, dispatch: OutboxEntry, posts: Sequence[PendingCallback]) -> OutboxEntry:
        """Write down further callbacks, first their bytes and then the dispatch that has them; it is returned."""
        for number, post in enumerate(posts, start=len(dispatch.sealed)):
            self._archive.store.put(callback_body_key(dispatch.origin, number), post.body, "application/json")
        sealed = dispatch.with_sealed(posts)
        self.save(sealed)
        return sealed

    def body(self, origin: str, number: int) -> bytes:
        """The bytes of a sealed callback."""
        return self._archive.store.get(callback_body_key(origin, number))

    def save(self, dispatch: OutboxEntry) -> None:
        """Write down how far a dispatch has come."""
        self._archive.save(dispatch_key(dispatch.origin), dispatch)
