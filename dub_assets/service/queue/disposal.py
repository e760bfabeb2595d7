"""Puts refused messages away behind the ticks of the queue's sensor, so that no valid message waits for that."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence

from dub_assets.core.errors import DubError
from dub_assets.service.queue.ports import Queue
from dub_assets.service.received_message import ReceivedMessage

_log = logging.getLogger(__name__)

Refused = Sequence[tuple[ReceivedMessage, str]]
"""Messages, each with the reason why it is refused."""


class Disposal:
    """Copies messages to the dead letters and deletes them, in a daemonic thread; one a process.

    Messages that a process takes with it when it dies come again once their visibility timeout is over.
    """

    def __init__(self) -> None:
        self._work: deque[tuple[Queue, Refused]] = deque()
        self._changed = threading.Condition()
        self._active = False
        self.problem: str | None = None
        """Why the last messages could not be put away; None if they were."""

    @property
    def backlog(self) -> int:
        """How many messages wait."""
        with self._changed:
            return sum(len(refused) for _, refused in self._work)

    def put(self, queue: Queue, refused: Refused) -> None:
        """Put messages away soon."""
        with self._changed:
            self._work.append((queue, refused))
            if not self._active:
                self._active = True
                threading.Thread(target=self._run, name="refused messages", daemon=True).start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until nothing is left; False if that took too long."""
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
            self._put_away(queue, refused)

    def _put_away(self, queue: Queue, refused: Refused) -> None:
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
                _log.info("%d receipts had run out: their messages come again", len(failed))
