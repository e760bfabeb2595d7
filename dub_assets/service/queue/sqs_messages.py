"""The formats of messages that are sent to Amazon SQS and received from it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dub_assets.core.errors import InputError
from dub_assets.service.callbacks.values import readable_line
from dub_assets.service.queue.sqs_calls import QueueAddress
from dub_assets.service.received_message import ReceivedMessage

_BATCH = 10
"""The most messages in one request, and the most attributes of a message."""

_BYTES = 256_000
"""The most bytes in one request."""

_OVERHEAD_BYTES = 4096


def request(
    queue: QueueAddress,
    body: str,
    *,
    group: str | None,
    deduplication_id: str | None,
    attributes: Mapping[str, str],
) -> dict[str, Any]:
    """Return the parameters of a message to send. Raises InputError if a FIFO queue would get no group."""
    values = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    sent: dict[str, Any] = {"MessageBody": body, "MessageAttributes": values}
    if queue.url.endswith(".fifo"):
        if not group:
            raise InputError(f"{queue.url} is a FIFO queue: give the message a group, such as its project's id")
        sent["MessageGroupId"] = group
        sent["MessageDeduplicationId"] = deduplication_id or uuid.uuid4().hex
    return sent


def dead_letter(queue: QueueAddress, message: ReceivedMessage, reason: str | None) -> dict[str, Any]:
    """Return a dead letter: the message, the reason, and the attributes that fit; without a reason, neither."""
    added: dict[str, str] = {}
    if reason is not None:
        added = {"reason": readable_line(reason), "source_message_id": message.message_id}
        others = [(name, value) for name, value in message.attributes.items() if value and name not in added]
        added |= dict(others[: _BATCH - len(added)])
    return request(
        queue,
        message.body,
        group=message.group or message.message_id,
        deduplication_id=message.message_id,
        attributes=added,
    )


def batches(refused: Sequence[tuple[ReceivedMessage, str]]) -> Iterator[list[tuple[ReceivedMessage, str]]]:
    """Yield the messages in batches that fit into one request."""
    batch: list[tuple[ReceivedMessage, str]] = []
    size = 0
    for message, reason in refused:
        length = len(message.body.encode(errors="replace")) + _OVERHEAD_BYTES
        if batch and (len(batch) == _BATCH or size + length > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append((message, reason))
        size += length
    if batch:
        yield batch


def received(message: Mapping[str, Any]) -> ReceivedMessage:
    """Return a message of an answer of SQS."""
    system = message["Attributes"]
    return ReceivedMessage(
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"],
        receive_count=int(system["ApproximateReceiveCount"]),
        sent_at_ms=int(system["SentTimestamp"]),
        group=system.get("MessageGroupId"),
        deduplication_id=system.get("MessageDeduplicationId"),
        attributes={
            name: value["StringValue"]
            for name, value in message.get("MessageAttributes", {}).items()
            if "StringValue" in value
        },
    )
