"""What comes from a queue of messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMessage:
    """A message as one call received it.

    ``receipt`` stands for this delivery and is what deletes it; ``receive_count`` counts deliveries, this one included;
    ``sent_at_ms`` is in milliseconds since 1970. ``group`` and ``deduplication_id`` are those of FIFO queues;
    ``attributes`` those of the message that are text.
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
    """A receipt that a queue did not act upon, and why; the message was delivered again since, or is gone."""

    receipt: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """About how many messages a queue has: to be received, received and not deleted yet, and held back for later."""

    waiting: int
    in_flight: int
    delayed: int
