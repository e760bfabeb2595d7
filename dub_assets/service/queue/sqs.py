"""A queue of Amazon SQS, standard or FIFO, or of another server with its protocol."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dub_assets.adapters.aws import aws_client, error_code
from dub_assets.core.errors import ConfigurationError, InputError, QueueUnavailableError
from dub_assets.service.callbacks.values import readable_line
from dub_assets.service.queue.sqs_calls import QueueAddress, reported
from dub_assets.service.queue.sqs_messages import batches, dead_letter, received, request
from dub_assets.service.received_message import FailedReceipt, QueueDepth, ReceivedMessage

if TYPE_CHECKING:
    from botocore.client import BaseClient

_log = logging.getLogger(__name__)

_BATCH = 10
"""The most messages or receipts in one request."""

_RECEIPT_CODES = {"ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight"}


class SqsQueue:
    """A queue and, if ``dead_letter_url`` names one, its dead-letter queue.

    A received message is hidden from other consumers for ``visibility_timeout_s`` and is delivered again unless it is
    deleted. All methods are thread-safe. They raise QueueUnavailableError if the queue does not answer, and
    ConfigurationError, with the variable, if it does not exist or access is denied.
    """

    def __init__(
        self,
        queue_url: str,
        *,
        region: str,
        endpoint_url: str | None = None,
        profile: str | None = None,
        visibility_timeout_s: int = 300,
        wait_s: int = 20,
        dead_letter_url: str | None = None,
    ) -> None:
        if dead_letter_url == queue_url:
            raise ConfigurationError(
                "JOB_DLQ_URL is JOB_QUEUE_URL: name another queue, or dead letters would be received again"
            )
        self._queue = QueueAddress(url=queue_url, variable="JOB_QUEUE_URL")
        self._dead_letters = dead_letter_url and QueueAddress(url=dead_letter_url, variable="JOB_DLQ_URL")
        self._visibility_timeout_s = visibility_timeout_s
        self._wait_s = wait_s
        self._connect = partial(aws_client, "sqs", region=region, endpoint_url=endpoint_url, profile=profile)
        self._lock = threading.Lock()
        self._connection: BaseClient | None = None

    def receive(self, max_messages: int, *, wait_s: int | None = None) -> list[ReceivedMessage]:
        """Return at most ``max_messages`` messages, as ``Queue.receive`` does."""
        messages: list[ReceivedMessage] = []
        while len(messages) < max_messages:
            try:
                batch = self._receive(min(_BATCH, max_messages - len(messages)), 0 if messages else wait_s)
            except QueueUnavailableError as error:
                if not messages:
                    raise
                _log.warning("%s; %d messages were received before", error, len(messages))
                break  # raising would leave those hidden until their timeout
            if not batch:
                break
            messages += batch
        return messages

    def delete(self, receipts: Sequence[str]) -> list[FailedReceipt]:
        """Delete received messages. Return the receipts that were rejected."""
        return self._each_receipt("delete_message_batch", receipts, {})

    def hide(self, receipts: Sequence[str], seconds: int) -> list[FailedReceipt]:
        """Hide received messages for ``seconds`` from now. Return the receipts that were rejected."""
        return self._each_receipt("change_message_visibility_batch", receipts, {"VisibilityTimeout": seconds})

    def release(self, receipts: Sequence[str]) -> list[FailedReceipt]:
        """Make received messages visible again at once. Return the receipts that were rejected."""
        return self.hide(receipts, 0)

    def depth(self) -> QueueDepth:
        """Return the approximate number of messages."""
        names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
        with reported(self._queue):
            answer = self._client.get_queue_attributes(QueueUrl=self._queue.url, AttributeNames=names)
        waiting, in_flight, delayed = (int(answer["Attributes"].get(name, 0)) for name in names)
        return QueueDepth(waiting=waiting, in_flight=in_flight, delayed=delayed)

    def send(
        self,
        body: str,
        *,
        group: str | None = None,
        deduplication_id: str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> str:
        """Send a message and return its id. Raises InputError if the queue rejects it.

        A FIFO queue requires a ``group`` and drops messages whose ``deduplication_id`` it has received in the last five
        minutes. A standard queue is sent neither.
        """
        identity = {"group": group, "deduplication_id": deduplication_id}
        return self._send(self._queue, request(self._queue, body, attributes=attributes or {}, **identity))

    def dead_letter(self, message: ReceivedMessage, reason: str) -> list[FailedReceipt]:
        """Copy a message with the reason to the dead-letter queue, then delete it. Returns the same as ``delete``.

        Without a dead-letter queue, the reason is only logged. If the deletion fails, a later second copy has the same
        ``source_message_id``, and FIFO queues drop it.
        """
        if not self._dead_letters:
            _log.warning("message %s is deleted because JOB_DLQ_URL is not set: %s", message.message_id, reason)
        else:
            self._copy_to(self._dead_letters, message, reason)
        return self.delete([message.receipt])

    def dead_letters(self, refused: Sequence[tuple[ReceivedMessage, str]]) -> list[FailedReceipt]:
        """Move messages, each with its reason, like ``dead_letter``, ten in a request.

        A message that the dead-letter queue rejects is not deleted, and is delivered again.
        """
        failed: list[FailedReceipt] = []
        for batch in batches(refused):
            try:
                copied = self._copied(self._dead_letters, batch) if self._dead_letters else list(batch)
            except InputError:  # the batch is too large, or a message with its reason
                failed += [failure for message, reason in batch for failure in self.dead_letter(message, reason)]
                continue
            failed += self.delete([message.receipt for message, _ in copied])
        return failed

    def _copied(
        self, queue: QueueAddress, batch: Sequence[tuple[ReceivedMessage, str]]
    ) -> list[tuple[ReceivedMessage, str]]:
        """Copy messages to a queue in one request. Return those that it accepted."""
        entries = [
            {
                "Id": str(place),
                **dead_letter(queue, message, reason),
            }
            for place, (message, reason) in enumerate(batch)
        ]
        with reported(queue):
            answer = self._client.send_message_batch(QueueUrl=queue.url, Entries=entries)
        for failure in answer.get("Failed", ()):
            _log.error("%s rejects message %s: %s", queue.url, batch[int(failure["Id"])][0].message_id, failure["Code"])
        return [batch[int(accepted["Id"])] for accepted in answer.get("Successful", ())]

    def _copy_to(self, queue: QueueAddress, message: ReceivedMessage, reason: str) -> None:
        try:
            self._send(queue, dead_letter(queue, message, reason))
        except InputError:
            _log.warning(
                "message %s is too long to be sent with its reason: %s", message.message_id, readable_line(reason)
            )
            self._send(queue, dead_letter(queue, message, None))

    def _send(self, queue: QueueAddress, request: Mapping[str, Any]) -> str:
        with reported(queue):
            message_id: str = self._client.send_message(QueueUrl=queue.url, **request)["MessageId"]
        return message_id

    def _receive(self, count: int, wait_s: int | None) -> list[ReceivedMessage]:
        with reported(self._queue):
            answer = self._client.receive_message(
                QueueUrl=self._queue.url,
                MaxNumberOfMessages=count,
                WaitTimeSeconds=self._wait_s if wait_s is None else wait_s,
                VisibilityTimeout=self._visibility_timeout_s,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        return [received(message) for message in answer.get("Messages", ())]

    def _each_receipt(self, call: str, receipts: Sequence[str], options: Mapping[str, int]) -> list[FailedReceipt]:
        failed: list[FailedReceipt] = []
        unique = list(dict.fromkeys(receipts))
        for start in range(0, len(unique), _BATCH):
            batch = unique[start : start + _BATCH]
            entries = [{"Id": str(place), "ReceiptHandle": receipt, **options} for place, receipt in enumerate(batch)]
            failed += self._batch(call, batch, entries)
        return failed

    def _batch(self, call: str, batch: Sequence[str], entries: Sequence[Mapping[str, Any]]) -> list[FailedReceipt]:
        from botocore.exceptions import ClientError

        with reported(self._queue):
            try:
                answer = getattr(self._client, call)(QueueUrl=self._queue.url, Entries=entries)
            except ClientError as error:
                if error_code(error) not in _RECEIPT_CODES:
                    raise
                return [FailedReceipt(receipt=receipt, reason=error_code(error)) for receipt in batch]
        return [
            FailedReceipt(receipt=batch[int(failure["Id"])], reason=failure["Code"])
            for failure in answer.get("Failed", ())
        ]

    @property
    def _client(self) -> BaseClient:
        with self._lock:
            if self._connection is None:
                self._connection = self._connect()
            return self._connection
