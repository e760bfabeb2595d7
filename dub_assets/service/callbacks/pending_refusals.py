"""The callbacks of refused messages: read from the records of refusals, sent as those of runs are."""

import logging
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dub_assets.core.errors import DubError
from dub_assets.core.keys import PENDING_REFUSALS, REFUSALS
from dub_assets.service.callbacks.outbox_entry import OutboxEntry, PendingCallback
from dub_assets.service.callbacks.resources import CallbackServices
from dub_assets.service.callbacks.segment_callback import refused
from dub_assets.service.pending_messages import RefusedMessage, RefusedMessages

_log = logging.getLogger(__name__)

_AT_ONCE = 40
"""The most refusals that are looked at together, so that the callbacks of runs do not wait for them."""

_LISTED_EVERY_S = 4.0
_NAME = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refused message whose callback has not been received yet."""

    message: RefusedMessage
    record: str
    """Key of the object that it stands in."""

    @property
    def job_id(self) -> str:
        """The job that the message named."""
        return self.message.job_id or ""

    @property
    def url(self) -> str:
        """Where its callback goes."""
        return self.message.callback_url or ""

    @property
    def channel(self) -> tuple[str, str]:
        """Job and endpoint, whose callbacks are sent in order."""
        return self.job_id, urlsplit(self.url).netloc


@dataclass
class PendingRefusals:
    """The refusals whose callbacks are due; one a process. The records are the truth, this only saves reading them."""

    services: CallbackServices
    _waiting: dict[str, dict[str, Refusal]] = field(default_factory=dict)
    """By record, by message."""

    _not_before: dict[str, float] = field(default_factory=dict)
    _listed_s: float = float("-inf")

    def due(self) -> list[Refusal]:
        """Some of those that are due; none while the store does not answer."""
        try:
            if time.monotonic() - self._listed_s > _LISTED_EVERY_S:
                self._list()
        except DubError as error:
            _log.warning("callbacks of refused messages wait: %s", error)
            return []
        now_s = self.services.now_s()
        waiting = [refusal for record in self._waiting.values() for refusal in record.values()]
        return [one for one in waiting if self._not_before.get(one.message.message_id, 0.0) <= now_s][:_AT_ONCE]

    def sealed(self, refusal: Refusal) -> OutboxEntry:
        """The dispatch of a refusal, with its callback; its id is that of the message, however often that comes."""
        message = refusal.message
        dispatch = self.services.book.load(message.message_id)
        if dispatch.sealed:
            return dispatch
        post = PendingCallback(name=_NAME, created_s=message.refused_at_s, body=refused(message).encoded())
        return self.services.book.seal(dispatch, [post])

    def note(self, refusal: Refusal, dispatch: OutboxEntry) -> bool:
        """Note how far a refusal has come; True if its callback is to be sent now."""
        if dispatch.is_settled:
            for loss in dispatch.losses():
                _log.error("the callback of refused message %s never arrived: %s", refusal.message.message_id, loss)
            self._settle(refusal)
            return False
        self._not_before[refusal.message.message_id] = dispatch.delivery.due_s
        return dispatch.delivery.due_s <= self.services.now_s()

    def _list(self) -> None:
        stored = {item.key for item in self.services.archive.store.list(PENDING_REFUSALS)}
        for key in stored - self._waiting.keys():
            record = self.services.archive.find(RefusedMessages, key)
            if record is not None:
                told = [message for message in record.messages if message.callback_url and message.job_id]
                self._waiting[key] = {one.message_id: Refusal(message=one, record=key) for one in told}
        for key in self._waiting.keys() - stored:
            del self._waiting[key]
        self._listed_s = time.monotonic()

    def _settle(self, refusal: Refusal) -> None:
        waiting = self._waiting.get(refusal.record, {})
        waiting.pop(refusal.message.message_id, None)
        self._not_before.pop(refusal.message.message_id, None)
        if not waiting:
            store, key = self.services.archive.store, refusal.record
            store.put(key.replace(PENDING_REFUSALS, REFUSALS, 1), store.get(key), "application/json")
            store.delete([key])
            self._waiting.pop(key, None)
