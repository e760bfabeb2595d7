"""The callbacks of refused messages, built from the stored records of the messages instead of from a run."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
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
        message, outbox = self.message, Outbox(self.pending.archive)
        entry = outbox.load(message.message_id)
        if entry.sealed:
            return entry
        callback = message_refused(
            Subject(job_id=message.job_id or "", project_id=message.project_id),
            Failure(error=message.reason, error_code=message.error_code),
            task=message.task,
            segments=message.segments,
        )
        return outbox.add(entry, [PendingCallback(name=_NAME, created_s=message.refused_at_s, body=callback.encoded())])

    def settle(self, entry: OutboxEntry) -> None:
        """Forget the refusal, after a line in the log if its callback is lost."""
        for loss in entry.losses():
            _log.error("the callback of refused message %s never arrived: %s", self.message.message_id, loss)
        self.pending.forget(self)


class PendingRefusals:
    """The refused messages whose callbacks are pending: a cache of the stored records. A process has one."""

    def __init__(self, archive: JobArchive) -> None:
        self.archive = archive
        self._lock = threading.Lock()
        self._by_record: dict[str, dict[str, Refusal]] = {}
        """The refusals of each record, by message id."""

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
        if not refusals:
            self._put_away(refusal.record)

    def _list(self) -> None:
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
        messages = [message for message in record.messages if message.callback_url and message.job_id] if record else []
        return {message.message_id: Refusal(message=message, record=key, pending=self) for message in messages}

    def _put_away(self, key: str) -> None:
        store = self.archive.store
        if store.head(key):
            store.put(key.replace(PENDING_REFUSALS, REFUSALS, 1), store.get(key), "application/json")
            store.delete([key])
