"""The queue that asks for jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from dub_assets.service.received_message import FailedReceipt, QueueDepth, ReceivedMessage


class Queue(Protocol):
    """Messages that ask for jobs. Raises QueueUnavailableError where it does not answer."""

    @property
    def description(self) -> str:
        """Where the queue is, for people."""
        ...

    def receive(self, max_messages: int, *, wait_s: int | None = None) -> list[ReceivedMessage]:
        """At most ``max_messages`` messages, hidden from others for a while; they come back unless deleted.

        Where there is none, waits up to ``wait_s`` seconds (the queue's own wait where None) for the first.
        """
        ...

    def delete(self, receipts: Sequence[str]) -> list[FailedReceipt]:
        """Remove received messages; those that could not be removed are returned."""
        ...

    def hide(self, receipts: Sequence[str], seconds: int) -> list[FailedReceipt]:
        """Keep received messages from others for ``seconds`` from now; those where this failed are returned."""
        ...

    def release(self, receipts: Sequence[str]) -> list[FailedReceipt]:
        """Let others have received messages at once; those where this failed are returned."""
        ...

    def depth(self) -> QueueDepth:
        """About how many messages there are."""
        ...

    def send(
        self,
        body: str,
        *,
        group: str | None = None,
        deduplication_id: str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> str:
        """Send a message; its id is returned. FIFO queues want a group. Raises InputError for what is not taken."""
        ...

    def dead_letters(self, refused: Sequence[tuple[ReceivedMessage, str]]) -> list[FailedReceipt]:
        """Put away messages, each with its reason, as ``dead_letter`` does; returns as delete."""
        ...

    def dead_letter(self, message: ReceivedMessage, reason: str) -> list[FailedReceipt]:
        """Put away a message that can never succeed, with the reason, and only then delete it; returns as delete."""
        ...
