"""The queue's address, and errors of Amazon SQS as errors of dub_assets."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dub_assets.adapters.aws import aws_errors
from dub_assets.core.errors import ConfigurationError, DubError, InputError, QueueUnavailableError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_CONTENT_CODES = {"InvalidAttributeValue", "InvalidMessageContents", "InvalidParameterValue"}
_NO_QUEUE_CODES = {"NonExistentQueue", "QueueDoesNotExist"}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAddress:
    """The URL of a queue, and the variable that sets it."""

    url: str
    variable: str


def reported(queue: QueueAddress) -> AbstractContextManager[None]:
    """Return a context that turns errors of SQS and of the way to it into errors of dub_assets."""
    return aws_errors(
        queue.url,
        unavailable=QueueUnavailableError,
        refused=lambda code, error: _error(queue, code, error),
        settings=f"{queue.variable}, and the AWS settings, AWS_ENDPOINT_URL among them",
    )


def _error(queue: QueueAddress, code: str, error: ClientError) -> DubError:
    if code in _NO_QUEUE_CODES:
        return ConfigurationError(f"{queue.variable}: there is no queue {queue.url}; create it, or name another one")
    if code in _CONTENT_CODES:
        reason = " ".join(str(error.response["Error"].get("Message", "")).split())
        return InputError(f"{queue.url} rejects the message ({code}): {reason}")
    return ConfigurationError(
        f"{queue.variable}: access to {queue.url} is denied ({code}); check the credentials, AWS_REGION, and that the"
        " policy allows sqs:ReceiveMessage, sqs:SendMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and"
        " sqs:GetQueueAttributes"
    )
