"""Refused messages: stored in groups, then moved to the dead-letter queue in a thread. They start no run."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Sequence
from datetime import UTC, datetime

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.errors import DubError
from dub_assets.core.keys import pending_refusals_key, refusals_key
from dub_assets.service.pending_messages import RefusedMessage, RefusedMessages
from dub_assets.service.queue.ports import Queue
from dub_assets.service.received_message import ReceivedMessage

_log = logging.getLogger(__name__)

_GROUP_SIZE = 200
_GROUP_CHARACTERS = 4_000_000
_MAX_BACKLOG = 20_000
"""If more messages wait for the dead-letter queue, a tick waits for them."""

_REASONS_SHOWN = 3

Refused = Sequence[tuple[ReceivedMessage, str]]
"""Messages, each with the reason why it is refused."""


class DeadLetterWorker:
    """Moves messages to the dead-letter queue in a daemon thread, so that no valid message waits for that.

    Messages that are lost with the process are delivered again after their visibility timeout.
    """

    def __init__(self) -> None:
        self._work: deque[tuple[Queue, Refused]] = deque()
        self._changed = threading.Condition()
        self._active = False
        self.problem: str | None = None
        """Why the last messages could not be moved; None if they were."""

    @property
    def backlog(self) -> int:
        """The number of messages that wait."""
        with self._changed:
            return sum(len(refused) for _, refused in self._work)

    def put(self, queue: Queue, refused: Refused) -> None:
        """Move messages as soon as possible."""
        with self._changed:
            self._work.append((queue, refused))
            if not self._active:
                self._active = True
                threading.Thread(target=self._run, name="dead letters", daemon=True).start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until no message is left. Return False if that takes longer than ``timeout_s``."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._active, timeout_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._work:
                    self._active = False
                    self._changed.notify_all()
                    return
                queue, refused = self._work.popleft()
            self._move(queue, refused)

    def _move(self, queue: Queue, refused: Refused) -> None:
        try:
            failed = queue.dead_letters(refused)
        except DubError as error:
            _log.error("%d refused messages stay in the queue: %s", len(refused), error)
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001  # a bug must not end the thread
            _log.exception("%d refused messages stay in the queue", len(refused))
            self.problem = repr(error)
        else:
            self.problem = None
            if failed:
                _log.info("%d refused messages were delivered again", len(failed))


class Refusals:
    """Collects the refused messages of a tick, up to 200 in one stored object, and passes them to the worker.

    A message is deleted from the queue only once its refusal is stored. ``is_fifo``: the queue holds messages back
    until those before them are deleted, so refused messages are moved at the end of each batch.
    """

    def __init__(self, queue: Queue, archive: JobArchive, worker: DeadLetterWorker, *, is_fifo: bool) -> None:
        self._queue = queue
        self._archive = archive
        self._worker = worker
        self._is_fifo = is_fifo
        self._group: list[tuple[ReceivedMessage, RefusedMessage]] = []
        self._group_characters = 0
        self._reasons: Counter[str] = Counter()
        self.count = 0
        """The number of refused messages."""

    def add(self, message: ReceivedMessage, refused: RefusedMessage) -> None:
        """Refuse a message. Raises the store's errors if a full group cannot be stored."""
        self._reasons[refused.reason] += 1
        self.count += 1
        if message.receive_count > 1:  # under a key of its own, which is the same at each delivery
            self._store([(message, refused)], _day(message.sent_at_ms / 1000), message.message_id)
            return
        self._group.append((message, refused))
        self._group_characters += len(message.body)
        if len(self._group) >= _GROUP_SIZE or self._group_characters >= _GROUP_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Store the collected refusals. Raises the store's errors; the messages are then delivered again."""
        group, self._group, self._group_characters = self._group, [], 0
        if group:
            first = group[0][1]
            self._store(group, _day(first.refused_at_s), first.message_id)

    def end_batch(self) -> None:
        """Move refused messages now if the queue is a FIFO queue, so that it delivers the next ones."""
        if self._is_fifo:
            self.flush()
            self._worker.wait()

    @property
    def summary(self) -> list[str]:
        """What was refused and why, for the tick's page in the UI."""
        most_common = self._reasons.most_common(_REASONS_SHOWN)
        lines = [f"{count} messages refused: {reason}" for reason, count in most_common]
        others = self._reasons.total() - sum(count for _, count in most_common)
        if others:
            lines.append(f"{others} more refused for other reasons")
        if self._worker.problem:
            lines.append(f"refused messages stay in the queue: {self._worker.problem}")
        return lines

    def _store(self, group: list[tuple[ReceivedMessage, RefusedMessage]], day: str, name: str) -> None:
        has_callbacks = any(refused.callback_url for _, refused in group)
        key = pending_refusals_key(day, name) if has_callbacks else refusals_key(day, name)
        is_first = all(message.receive_count == 1 for message, _ in group)
        record = RefusedMessages(messages=tuple(refused for _, refused in group), is_outbox=is_first)
        self._archive.save(key, record)
        for _, refused in group:
            _log.warning("message %s of job %s is refused: %s", refused.message_id, refused.job_id, refused.reason)
        if self._worker.backlog > _MAX_BACKLOG:
            self._worker.wait()
        self._worker.put(self._queue, [(message, refused.reason) for message, refused in group])


def _day(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).date().isoformat()
