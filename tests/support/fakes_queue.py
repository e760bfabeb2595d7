"""A queue in memory, standard or FIFO, which passes the contract tests of the real one (``test_sqs.py``)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dub_assets.core.errors import InputError
from dub_assets.service.received_message import FailedReceipt, QueueDepth, ReceivedMessage

_DEDUPLICATION_S = 300


@dataclass(kw_only=True)
class _Held:
    """A message in the queue; the last of its ``receipts`` is valid."""

    message_id: str
    body: str
    group: str | None
    deduplication_id: str | None
    attributes: Mapping[str, str]
    sent_s: float
    visible_s: float
    receipts: list[str] = field(default_factory=list)


class FakeQueue:
    """Keeps messages. ``now_s`` is its clock, moved by tests and by waiting.

    Every call raises ``fault`` unless that is None. ``calls`` has the names of all calls.
    """

    def __init__(
        self,
        *,
        fifo: bool = False,
        visibility_timeout_s: int = 300,
        wait_s: int = 20,
        dead_letters: FakeQueue | None = None,
    ) -> None:
        self.now_s = 1_700_000_000.0
        self.fault: Exception | None = None
        self.calls: list[str] = []
        self._away = dead_letters
        self._fifo = fifo
        self._visibility_timeout_s = visibility_timeout_s
        self._wait_s = wait_s
        self._held: list[_Held] = []
        self._seen: dict[str, tuple[float, str]] = {}
        self._numbers = itertools.count(1)

    def receive(self, max_messages: int, *, wait_s: int | None = None) -> list[ReceivedMessage]:
        self._called("receive")
        until_s = self.now_s + (self._wait_s if wait_s is None else wait_s)
        ready = self._ready()
        if not ready:
            awake_s = [message.visible_s for message in self._held if self.now_s < message.visible_s <= until_s]
            self.now_s = min(awake_s, default=until_s)
            ready = self._ready()
        return [self._delivered(message) for message in ready[:max_messages]]

    def delete(self, receipts: Sequence[str]) -> list[FailedReceipt]:
        self._called("delete")
        failed = self._unknown(receipts)
        self._held = [message for message in self._held if not set(receipts) & set(message.receipts)]
        return failed

    def hide(self, receipts: Sequence[str], seconds: int) -> list[FailedReceipt]:
        self._called("hide")
        failed = self._unknown(receipts)
        for message in self._held:
            if set(receipts) & set(message.receipts):
                message.visible_s = self.now_s + seconds
        return failed

    def release(self, receipts: Sequence[str]) -> list[FailedReceipt]:
        return self.hide(receipts, 0)

    def depth(self) -> QueueDepth:
        self._called("depth")
        in_flight = sum(message.visible_s > self.now_s for message in self._held)
        return QueueDepth(waiting=len(self._held) - in_flight, in_flight=in_flight, delayed=0)

    def send(
        self,
        body: str,
        *,
        group: str | None = None,
        deduplication_id: str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> str:
        self._called("send")
        if self._fifo and not group:
            raise InputError("a FIFO queue requires a group")
        message_id = f"message-{next(self._numbers)}"
        if self._fifo and deduplication_id:
            sent_s, known_id = self._seen.get(deduplication_id, (float("-inf"), ""))
            if self.now_s - sent_s < _DEDUPLICATION_S:
                return known_id
            self._seen[deduplication_id] = self.now_s, message_id
        self._held.append(
            _Held(
                message_id=message_id,
                body=body,
                group=group if self._fifo else None,
                deduplication_id=deduplication_id if self._fifo else None,
                attributes=dict(attributes or {}),
                sent_s=self.now_s,
                visible_s=self.now_s,
            )
        )
        return message_id

    def dead_letter(self, message: ReceivedMessage, reason: str) -> list[FailedReceipt]:
        self._called("dead_letter")
        if self._away is not None:
            self._away.send(
                message.body,
                group=message.group or message.message_id,
                deduplication_id=message.message_id,
                attributes={**message.attributes, "reason": reason, "source_message_id": message.message_id},
            )
        return self.delete([message.receipt])

    def dead_letters(self, refused: Sequence[tuple[ReceivedMessage, str]]) -> list[FailedReceipt]:
        return [failed for message, reason in refused for failed in self.dead_letter(message, reason)]

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.fault is not None:
            raise self.fault

    def _ready(self) -> list[_Held]:
        busy = {message.group for message in self._held if message.group and message.visible_s > self.now_s}
        return [held for held in self._held if held.visible_s <= self.now_s and held.group not in busy]

    def _delivered(self, message: _Held) -> ReceivedMessage:
        message.receipts.append(f"receipt-{next(self._numbers)}")
        message.visible_s = self.now_s + self._visibility_timeout_s
        return ReceivedMessage(
            message_id=message.message_id,
            receipt=message.receipts[-1],
            body=message.body,
            receive_count=len(message.receipts),
            sent_at_ms=round(message.sent_s * 1000),
            group=message.group,
            deduplication_id=message.deduplication_id,
            attributes=message.attributes,
        )

    def _unknown(self, receipts: Sequence[str]) -> list[FailedReceipt]:
        known = {receipt for message in self._held for receipt in message.receipts}
        return [FailedReceipt(receipt=receipt, reason="unknown") for receipt in receipts if receipt not in known]
