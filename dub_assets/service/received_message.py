"""What a queue returns: messages, failed receipts and its depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMessage:
    """A message as one call received it.

    ``receipt`` identifies this delivery and deletes it. ``receive_count`` is the number of deliveries so far.
    ``sent_at_ms`` is in milliseconds since 1970. ``group`` and ``deduplication_id`` are set by FIFO queues.
    ``attributes`` are the message's text attributes.
    """

    message_id: str
    receipt: str
    body: str = field(repr=False)
    receive_count: int
    sent_at_ms: int
    group: str | None = None
    deduplication_id: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedReceipt:
    """A receipt that the queue rejected, and why: the message has been delivered again since, or is deleted."""

    receipt: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """The approximate number of messages: to be received, received but not deleted yet, and delayed."""

    waiting: int
    in_flight: int
    delayed: int
