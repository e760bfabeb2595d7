"""Clients of AWS services, and their failures as errors of dub_assets.

>>> client = aws_client("s3", region="eu-central-1")
>>> with aws_errors("s3://talks", unavailable=StorageUnavailableError, refused=refusal_of):
...     client.head_object(Bucket="talks", Key="a.mp4")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dub_assets.core.errors import ConfigurationError, DubError, TransientError

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

_TRANSIENT_STATUS = {408, 409, 412, 429}
"""HTTP statuses that may differ next time. 412: S3's object was replaced while its parts were read."""

_TRANSIENT_CODES = {
    "InternalError", "InternalFailure", "InternalServerException", "KmsThrottled", "LimitExceededException",
    "OverLimit", "RequestThrottled", "RequestTimeout", "ServiceUnavailable", "ServiceUnavailableException", "SlowDown",
    "Throttling", "ThrottlingException", "TooManyRequestsException",
}  # fmt: skip
"""Error codes that may differ next time; some come with the status 403 or 400."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLimits:
    """Attempts of a call, the first included, and the timeouts of each in seconds."""

    attempts: int = 5
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 60.0


_LIMITS = {
    "s3": ClientLimits(),
    "translate": ClientLimits(),
    "kms": ClientLimits(read_timeout_s=20.0),
    # longer than SQS waits for a message (20 s), and over before a sensor's tick is (60 s)
    "sqs": ClientLimits(attempts=2, read_timeout_s=25.0),
    # a scrape of metrics does not wait for long
    "cloudwatch": ClientLimits(attempts=2, connect_timeout_s=3.0, read_timeout_s=5.0),
}


def aws_client(
    service: str,
    *,
    region: str | None,
    endpoint_url: str | None = None,
    profile: str | None = None,
    limits: ClientLimits | None = None,
) -> BaseClient:
    """Return a boto3 client with the usual chain of credentials, and with the service's limits unless given."""
    from boto3.session import Session
    from botocore.config import Config

    limits = limits or _LIMITS[service]
    config = Config(
        connect_timeout=limits.connect_timeout_s,
        read_timeout=limits.read_timeout_s,
        retries={"total_max_attempts": limits.attempts, "mode": "standard"},
        signature_version="s3v4" if service == "s3" else None,
    )
    return Session(profile_name=profile).client(service, region_name=region, endpoint_url=endpoint_url, config=config)


def error_code(error: ClientError) -> str:
    """Return the code of an error answer, without the namespace that older services put before it."""
    code: str = error.response["Error"]["Code"]
    return code.rpartition(".")[-1]


def is_transient(code: str, status: int = 0) -> bool:
    """Return whether the same request may succeed later, by an answer's error code and HTTP status."""
    return code in _TRANSIENT_CODES or status in _TRANSIENT_STATUS or status >= 500


@contextmanager
def aws_errors(
    name: str,
    *,
    unavailable: type[TransientError],
    refused: Callable[[str, ClientError], DubError],
    settings: str = "the AWS settings, AWS_ENDPOINT_URL among them",
    quotes: bool = True,
) -> Iterator[None]:
    """Raise errors of dub_assets for what an AWS service answers, and for what keeps a request from it.

    Args:
        name: The resource in messages, such as ``s3://talks``.
        unavailable: The error if it does not answer or asks to come back later.
        refused: Returns the error for an error code that a retry does not change.
        settings: What to check if the client cannot make the request; the error is a ConfigurationError.
        quotes: Whether that message quotes botocore's, which can contain the request.
    """
    from boto3.s3.transfer import S3TransferRetriesExceededError
    from botocore import exceptions as boto

    no_answer = (
        boto.ConnectionError,
        boto.HTTPClientError,
        boto.IncompleteReadError,
        boto.FlexibleChecksumError,
        S3TransferRetriesExceededError,
    )
    try:
        yield
    except boto.ClientError as error:
        code = error_code(error)
        if is_transient(code, error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)):
            raise unavailable(f"{name} cannot be used now ({code}): try again later") from error
        raise refused(code, error) from error
    except no_answer as error:
        raise unavailable(
            f"{name} did not answer ({type(error).__name__}): check the network and AWS_ENDPOINT_URL, then try again"
        ) from error
    except (boto.BotoCoreError, ValueError) as error:  # ValueError: an unusable endpoint URL
        reason = " ".join(str(error).split()) if quotes else type(error).__name__
        raise ConfigurationError(f"cannot use {name}: {reason}; check {settings}") from error
