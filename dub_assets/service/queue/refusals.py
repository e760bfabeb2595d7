"""The refused messages of one tick: recorded in one object, then put away. No run is made of them."""

import logging
from collections import Counter
from datetime import UTC, datetime

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.keys import pending_refusals_key, refusals_key
from dub_assets.service.pending_messages import RefusedMessage, RefusedMessages
from dub_assets.service.queue.disposal import Disposal
from dub_assets.service.queue.ports import Queue
from dub_assets.service.received_message import ReceivedMessage

_log = logging.getLogger(__name__)

_TOGETHER = 200
_TOGETHER_CHARACTERS = 4_000_000
_MOST_WAITING = 20_000
"""Messages that may wait to be put away before a tick waits for that."""

_REASONS_SHOWN = 3


class Refusals:
    """Collects refused messages, records up to 200 of them in one object, and hands them to the disposal.

    A message is deleted from the queue only once its refusal is recorded. ``in_order``: the queue keeps messages back
    until those before them are deleted, so that they are put away at once.
    """

    def __init__(self, queue: Queue, archive: JobArchive, disposal: Disposal, *, in_order: bool) -> None:
        self._queue = queue
        self._archive = archive
        self._disposal = disposal
        self._in_order = in_order
        self._collected: list[tuple[ReceivedMessage, RefusedMessage]] = []
        self._characters = 0
        self._reasons: Counter[str] = Counter()
        self.count = 0
        """How many messages were refused."""

    def add(self, message: ReceivedMessage, refused: RefusedMessage) -> None:
        """Refuse a message. Raises what the store raises if full records cannot be written."""
        self._reasons[refused.reason] += 1
        self.count += 1
        if message.receive_count > 1:  # under a key of its own, however often it comes
            self._record([(message, refused)], _day(message.sent_at_ms / 1000), message.message_id)
            return
        self._collected.append((message, refused))
        self._characters += len(message.body)
        if len(self._collected) >= _TOGETHER or self._characters >= _TOGETHER_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Record what is collected. Raises what the store raises; the messages come again then."""
        collected, self._collected, self._characters = self._collected, [], 0
        if collected:
            first = collected[0][1]
            self._record(collected, _day(first.refused_at_s), first.message_id)

    def end_batch(self) -> None:
        """Let a queue that keeps an order give its next messages."""
        if self._in_order:
            self.flush()
            self._disposal.wait()

    @property
    def summary(self) -> list[str]:
        """What was refused and why, for the people who look at the ticks."""
        shown = [f"{count} messages refused: {reason}" for reason, count in self._reasons.most_common(_REASONS_SHOWN)]
        others = sum(self._reasons.values()) - sum(count for _, count in self._reasons.most_common(_REASONS_SHOWN))
        more = [f"{others} more refused for other reasons"] if others else []
        problem = self._disposal.problem
        return shown + more + ([f"refused messages stay in the queue: {problem}"] if problem else [])

    def _record(self, refused: list[tuple[ReceivedMessage, RefusedMessage]], day: str, name: str) -> None:
        told = any(record.callback_url for _, record in refused)
        key = pending_refusals_key(day, name) if told else refusals_key(day, name)
        self._archive.save(key, RefusedMessages(messages=tuple(record for _, record in refused)))
        for _, record in refused:
            _log.warning("message %s of job %s is refused: %s", record.message_id, record.job_id, record.reason)
        if self._disposal.backlog > _MOST_WAITING:
            self._disposal.wait()
        self._disposal.put(self._queue, [(message, record.reason) for message, record in refused])


def _day(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).date().isoformat()
