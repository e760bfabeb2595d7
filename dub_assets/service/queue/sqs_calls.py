"""Calls to Amazon SQS: the client, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dub_assets.core.errors import ConfigurationError, DubError, InputError, QueueUnavailableError

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

_PASSING_STATUS = {408, 429}
_PASSING_CODES = {
    "InternalError", "InternalFailure", "KmsThrottled", "OverLimit", "RequestThrottled", "RequestTimeout",
    "ServiceUnavailable", "Throttling", "ThrottlingException",
}  # fmt: skip
"""Answers that may differ next time; some of them come with the status 403."""

_CONTENT_CODES = {"InvalidAttributeValue", "InvalidMessageContents", "InvalidParameterValue"}
_NO_QUEUE_CODES = {"NonExistentQueue", "QueueDoesNotExist"}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAddress:
    """A queue's URL, and the variable that sets it."""

    url: str
    variable: str


def sqs_client(
    *,
    region: str,
    endpoint_url: str | None = None,
    profile: str | None = None,
    attempts: int = 2,
    connect_timeout_s: float = 5.0,
    read_timeout_s: float = 25.0,
) -> BaseClient:
    """A boto3 client for SQS with the usual credentials chain; ``attempts`` counts the first call.

    The times leave room for the longest wait of SQS (20 s) and end before a sensor's tick does (60 s).
    """
    from boto3.session import Session
    from botocore.config import Config

    config = Config(
        connect_timeout=connect_timeout_s,
        read_timeout=read_timeout_s,
        retries={"total_max_attempts": attempts, "mode": "standard"},
    )
    return Session(profile_name=profile).client("sqs", region_name=region, endpoint_url=endpoint_url, config=config)


def error_code(error: ClientError) -> str:
    """The code of an error answer, without the namespace that older ones have."""
    code: str = error.response["Error"]["Code"]
    return code.rpartition(".")[-1]


@contextmanager
def reported(queue: QueueAddress) -> Iterator[None]:
    """Report what SQS or the way to it refuses as errors of dub_assets."""
    from botocore import exceptions as boto

    try:
        yield
    except boto.ClientError as error:
        raise _refusal(queue, error) from error
    except (boto.ConnectionError, boto.HTTPClientError, boto.IncompleteReadError) as error:
        raise QueueUnavailableError(
            f"{queue.url} did not answer ({type(error).__name__}): check the network and AWS_ENDPOINT_URL, then try"
            " again"
        ) from error
    except (boto.BotoCoreError, ValueError) as error:  # ValueError: how botocore refuses an endpoint's address
        reason = " ".join(str(error).split())
        raise ConfigurationError(
            f"cannot use {queue.variable}={queue.url}: {reason}; check the AWS settings, AWS_ENDPOINT_URL among them"
        ) from error


def _refusal(queue: QueueAddress, error: ClientError) -> DubError:
    """What an error answer of SQS means."""
    code = error_code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _PASSING_CODES or status in _PASSING_STATUS or status >= 500:
        return QueueUnavailableError(f"{queue.url} cannot be used now ({code}): try again later")
    if code in _NO_QUEUE_CODES:
        return ConfigurationError(f"{queue.variable}: there is no queue {queue.url}; create it, or name another one")
    if code in _CONTENT_CODES:
        reason = " ".join(str(error.response["Error"].get("Message", "")).split())
        return InputError(f"{queue.url} does not take this ({code}): {reason}")
    return ConfigurationError(
        f"{queue.variable}: {queue.url} is refused ({code}); check the credentials, AWS_REGION, and that the policy"
        " allows sqs:ReceiveMessage, sqs:SendMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and"
        " sqs:GetQueueAttributes"
    )
