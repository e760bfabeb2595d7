"""The callbacks of refused messages, built from the stored records of the messages instead of from a run."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from urllib.parse import urlsplit

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.errors import DubError
from dub_assets.core.keys import PENDING_REFUSALS, REFUSALS
from dub_assets.service.callbacks.bodies import message_refused
from dub_assets.service.callbacks.dispatcher import CallbackDispatcher, QueueKey
from dub_assets.service.callbacks.outbox import Outbox, OutboxEntry, PendingCallback
from dub_assets.service.callbacks.values import Failure, Subject
from dub_assets.service.pending_messages import RefusedMessage, RefusedMessages

_log = logging.getLogger(__name__)

_MAX_READY = 40
"""The most refusals that are handed to the dispatcher at a time, so that the callbacks of runs do not wait for them."""

_LISTED_EVERY_S = 4.0
_NAME = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refused message whose callback is pending: a source of the dispatcher.

    ``record`` is the key of the object that contains the message.
    """

    message: RefusedMessage
    record: str
    pending: PendingRefusals = field(repr=False)
    outbox: Outbox = field(repr=False)

    @property
    def url(self) -> str:
        """The callback URL."""
        return self.message.callback_url or ""

    @property
    def queue_key(self) -> QueueKey:
        """The delivery queue of the callback."""
        return self.message.job_id or "", urlsplit(self.url).netloc

    def stored(self) -> OutboxEntry:
        """Return the outbox entry, stored if it was not. Its origin is the message's id."""
        message = self.message
        entry = self.outbox.load(message.message_id)
        if entry.sealed:
            return entry
        callback = message_refused(
            Subject(job_id=message.job_id or "", project_id=message.project_id),
            Failure(error=message.reason, error_code=message.error_code),
            task=message.task,
            segments=message.segments,
        )
        pending = PendingCallback(name=_NAME, created_s=message.refused_at_s, body=callback.encoded())
        return self.outbox.add(entry, [pending])

    def settle(self, entry: OutboxEntry) -> None:
        """Forget the refusal, after a line in the log if its callback is lost."""
        for loss in entry.losses():
            _log.error("the callback of refused message %s never arrived: %s", self.message.message_id, loss)
        self.pending.forget(self)


class FirstAttempt(Outbox):
    """The outbox of one refused message until an attempt fails: the callback is built from the message's record.

    Most callbacks are acknowledged at once, so this saves three objects for each. ``before_failure`` is called before
    an attempt that failed is stored.
    """

    def __init__(self, archive: JobArchive, before_failure: Callable[[], None]) -> None:
        super().__init__(archive)
        self._before_failure = before_failure
        self._callbacks: Sequence[PendingCallback] = ()
        self._has_failed = False

    def load(self, origin: str) -> OutboxEntry:
        """Return the entry of a failed attempt; before one, a new entry."""
        return super().load(origin) if self._has_failed else OutboxEntry(origin=origin)

    def add(self, entry: OutboxEntry, callbacks: Sequence[PendingCallback]) -> OutboxEntry:
        """Keep callbacks, and return the entry with them."""
        self._callbacks = callbacks
        return entry.with_callbacks(callbacks)

    def body(self, origin: str, number: int) -> bytes:  # noqa: ARG002  # one message has one entry
        """Return the body of a callback."""
        return self._callbacks[number].body

    def save(self, entry: OutboxEntry) -> None:
        """Store an entry, with its callbacks before, unless they were acknowledged at the first attempt."""
        if not self._has_failed:
            if entry.is_settled and not entry.losses():
                return
            self._before_failure()
            super().add(OutboxEntry(origin=entry.origin), self._callbacks)
            self._has_failed = True
        super().save(entry)


class PendingRefusals:
    """The refused messages whose callbacks are pending: a cache of the stored records. A process has one."""

    def __init__(self, archive: JobArchive) -> None:
        self.archive = archive
        self._lock = threading.Lock()
        self._by_record: dict[str, dict[str, Refusal]] = {}
        """The refusals of each record, by message id."""

        self._changed: set[str] = set()
        """The records of which more callbacks are acknowledged than is stored."""

        self._listed_s = float("-inf")

    def ready(self, dispatcher: CallbackDispatcher) -> list[Refusal]:
        """Return refusals that the dispatcher may have now; none while the store cannot be reached."""
        try:
            if time.monotonic() - self._listed_s > _LISTED_EVERY_S:
                self._list()
        except DubError as error:
            _log.warning("callbacks of refused messages wait: %s", error)
            return []
        with self._lock:
            refusals = [refusal for record in self._by_record.values() for refusal in record.values()]
        active = islice((refusal for refusal in refusals if not dispatcher.is_waiting(refusal.queue_key)), _MAX_READY)
        return [refusal for refusal in active if dispatcher.is_free(refusal.queue_key)]

    def forget(self, refusal: Refusal) -> None:
        """Forget a refusal; move its record out of the pending ones if it was the last."""
        with self._lock:
            refusals = self._by_record.get(refusal.record, {})
            refusals.pop(refusal.message.message_id, None)
            self._changed.add(refusal.record)
        if not refusals:
            self._put_away(refusal.record)

    def _store_progress(self) -> None:
        """Store which callbacks are acknowledged, so that another process does not send them again."""
        with self._lock:  # held until all is stored: a record that is put away meanwhile would come back
            changed, self._changed = self._changed, set()
            for key in changed:
                pending = self._by_record.get(key)
                record = self.archive.find(RefusedMessages, key) if pending else None
                if pending and record:
                    ids = (message.message_id for message in record.messages)
                    delivered = tuple(message_id for message_id in ids if message_id not in pending)
                    self.archive.save(key, replace(record, delivered=delivered))

    def _mark_failed(self, key: str) -> None:
        """Store that the outbox has entries of the messages of a record."""
        with self._lock:
            record = self.archive.find(RefusedMessages, key)
            if record and record.is_outbox:
                self.archive.save(key, replace(record, is_outbox=False))

    def _list(self) -> None:
        self._store_progress()
        keys = {item.key for item in self.archive.store.list(PENDING_REFUSALS)}
        with self._lock:
            known = {key: refusals for key, refusals in self._by_record.items() if refusals and key in keys}
        for key in keys - known.keys():
            known[key] = self._load(key)
            if not known[key]:
                self._put_away(key)
        with self._lock:
            self._by_record = known
        self._listed_s = time.monotonic()

    def _load(self, key: str) -> dict[str, Refusal]:
        record = self.archive.find(RefusedMessages, key)
        if record is None:
            return {}
        return {
            message.message_id: Refusal(message=message, record=key, pending=self, outbox=self._outbox(record, key))
            for message in record.messages
            if message.callback_url and message.job_id and message.message_id not in record.delivered
        }

    def _outbox(self, record: RefusedMessages, key: str) -> Outbox:
        return FirstAttempt(self.archive, partial(self._mark_failed, key)) if record.is_outbox else Outbox(self.archive)

    def _put_away(self, key: str) -> None:
        store = self.archive.store
        if store.head(key):
            store.put(key.replace(PENDING_REFUSALS, REFUSALS, 1), store.get(key), "application/json")
            store.delete([key])
