"""The protocol of a queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from dub_assets.service.received_message import FailedReceipt, QueueDepth, ReceivedMessage


class Queue(Protocol):
    """A queue of messages. Every method raises QueueUnavailableError if the queue does not answer."""

    def receive(self, max_messages: int, *, wait_s: int | None = None) -> list[ReceivedMessage]:
        """Return at most ``max_messages`` messages, which are hidden from other consumers until their timeout.

        If there is none, wait up to ``wait_s`` seconds for the first; None: the queue's own wait.
        """
        ...

    def delete(self, receipts: Sequence[str]) -> list[FailedReceipt]:
        """Delete received messages. Return the receipts that were rejected."""
        ...

    def hide(self, receipts: Sequence[str], seconds: int) -> list[FailedReceipt]:
        """Hide received messages for ``seconds`` from now. Return the receipts that were rejected."""
        ...

    def release(self, receipts: Sequence[str]) -> list[FailedReceipt]:
        """Make received messages visible again at once. Return the receipts that were rejected."""
        ...

    def depth(self) -> QueueDepth:
        """Return the approximate number of messages."""
        ...

    def send(
        self,
        body: str,
        *,
        group: str | None = None,
        deduplication_id: str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> str:
        """Send a message and return its id. FIFO queues require a group. Raises InputError if the queue rejects it."""
        ...

    def dead_letters(self, refused: Sequence[tuple[ReceivedMessage, str]]) -> list[FailedReceipt]:
        """Move messages, each with its reason, like ``dead_letter``."""
        ...

    def dead_letter(self, message: ReceivedMessage, reason: str) -> list[FailedReceipt]:
        """Copy a message with the reason to the dead-letter queue, then delete it. Returns the same as ``delete``."""
        ...
