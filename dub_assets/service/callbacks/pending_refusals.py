"""The callbacks of refused messages, built from the stored records of the messages instead of from a run."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.errors import DubError
from dub_assets.core.keys import PENDING_REFUSALS, REFUSALS
from dub_assets.service.callbacks.bodies import message_refused
from dub_assets.service.callbacks.dispatcher import QueueKey
from dub_assets.service.callbacks.outbox import Outbox, OutboxEntry, PendingCallback
from dub_assets.service.callbacks.values import Failure, Subject
from dub_assets.service.pending_messages import RefusedMessage, RefusedMessages

_log = logging.getLogger(__name__)

_MAX_DUE = 40
"""The most refusals that one pass handles, so that the callbacks of runs do not wait for them."""

_LISTED_EVERY_S = 4.0
_NAME = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refused message whose callback is pending; ``record`` is the key of the object that contains the message."""

    message: RefusedMessage
    record: str

    @property
    def job_id(self) -> str:
        """The job that the message named."""
        return self.message.job_id or ""

    @property
    def url(self) -> str:
        """The callback URL."""
        return self.message.callback_url or ""

    @property
    def queue_key(self) -> QueueKey:
        """The delivery queue of the callback."""
        return self.job_id, urlsplit(self.url).netloc


@dataclass
class PendingRefusals:
    """The refused messages whose callbacks are pending: a cache of the stored records. A process has one."""

    archive: JobArchive
    outbox: Outbox
    now_s: Callable[[], float]
    _by_record: dict[str, dict[str, Refusal]] = field(default_factory=dict)
    """The refusals of each record, by message id."""

    _due_s: dict[str, float] = field(default_factory=dict)
    """When the next attempt is due, by message id."""

    _listed_s: float = float("-inf")

    def due(self) -> list[Refusal]:
        """Return at most 40 of the refusals that are due; none while the store cannot be reached."""
        try:
            if time.monotonic() - self._listed_s > _LISTED_EVERY_S:
                self._list()
        except DubError as error:
            _log.warning("callbacks of refused messages wait: %s", error)
            return []
        now_s = self.now_s()
        refusals = [refusal for record in self._by_record.values() for refusal in record.values()]
        return [refusal for refusal in refusals if self._due_s.get(refusal.message.message_id, 0.0) <= now_s][:_MAX_DUE]

    def stored_entry(self, refusal: Refusal) -> OutboxEntry:
        """Return the outbox entry of a refusal, stored if it was not. Its origin is the message's id."""
        message = refusal.message
        entry = self.outbox.load(message.message_id)
        if entry.sealed:
            return entry
        callback = message_refused(
            Subject(job_id=refusal.job_id, project_id=message.project_id),
            Failure(error=message.reason, error_code=message.error_code),
            task=message.task,
            segments=message.segments,
        )
        pending = PendingCallback(name=_NAME, created_s=message.refused_at_s, body=callback.encoded())
        return self.outbox.add(entry, [pending])

    def is_due(self, refusal: Refusal, entry: OutboxEntry) -> bool:
        """Return whether the callback is to be attempted now. Forget the refusal if it is delivered or lost."""
        if entry.is_settled:
            for loss in entry.losses():
                _log.error("the callback of refused message %s never arrived: %s", refusal.message.message_id, loss)
            self._forget(refusal)
            return False
        self._due_s[refusal.message.message_id] = entry.delivery.due_s
        return entry.delivery.due_s <= self.now_s()

    def _list(self) -> None:
        keys = {item.key for item in self.archive.store.list(PENDING_REFUSALS)}
        for key in keys - self._by_record.keys():
            record = self.archive.find(RefusedMessages, key)
            if record is not None:
                messages = [message for message in record.messages if message.callback_url and message.job_id]
                self._by_record[key] = {
                    message.message_id: Refusal(message=message, record=key) for message in messages
                }
        for key in self._by_record.keys() - keys:
            del self._by_record[key]
        self._listed_s = time.monotonic()

    def _forget(self, refusal: Refusal) -> None:
        """Forget a refusal; move its record out of the pending ones if it was the last."""
        refusals = self._by_record.get(refusal.record, {})
        refusals.pop(refusal.message.message_id, None)
        self._due_s.pop(refusal.message.message_id, None)
        if not refusals:
            store, key = self.archive.store, refusal.record
            store.put(key.replace(PENDING_REFUSALS, REFUSALS, 1), store.get(key), "application/json")
            store.delete([key])
            self._by_record.pop(key, None)
