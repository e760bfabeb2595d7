"""Amazon CloudWatch: how long the oldest message of a queue has waited, which SQS itself does not tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from dub_assets.core.errors import ConfigurationError, QueueUnavailableError

if TYPE_CHECKING:
    from botocore.client import BaseClient

_PERIOD = timedelta(minutes=1)
_LOOKED_BACK = timedelta(minutes=10)
"""SQS reports each minute, a few minutes late; a queue that was idle for hours reports nothing for a while."""


class QueueAge:
    """The age of a queue's oldest message, as SQS reports it to CloudWatch."""

    def __init__(self, queue_url: str, *, connect: Callable[[], BaseClient]) -> None:
        self._queue_name = queue_url.rstrip("/").rpartition("/")[-1]
        self._connect = connect

    def oldest_message_s(self) -> float | None:
        """The last report, in seconds; None where there was none of late. Raises QueueUnavailableError."""
        from botocore import exceptions as boto

        now = datetime.now(UTC)
        try:
            answer = self._client.get_metric_statistics(
                Namespace="AWS/SQS",
                MetricName="ApproximateAgeOfOldestMessage",
                Dimensions=[{"Name": "QueueName", "Value": self._queue_name}],
                StartTime=now - _LOOKED_BACK,
                EndTime=now,
                Period=int(_PERIOD.total_seconds()),
                Statistics=["Maximum"],
            )
        except boto.ClientError as error:
            raise ConfigurationError(
                f"CloudWatch refuses the age of {self._queue_name} ({error.response['Error']['Code']}): check that the"
                " policy allows cloudwatch:GetMetricStatistics"
            ) from error
        except boto.BotoCoreError as error:
            raise QueueUnavailableError(
                f"CloudWatch does not tell the age of {self._queue_name} ({type(error).__name__}): check the network"
            ) from error
        reports = sorted(answer["Datapoints"], key=lambda report: report["Timestamp"])
        return float(reports[-1]["Maximum"]) if reports else None

    @cached_property
    def _client(self) -> BaseClient:
        return self._connect()


def cloudwatch_client(*, region: str, endpoint_url: str | None = None, profile: str | None = None) -> BaseClient:
    """A boto3 client for CloudWatch with the usual credentials chain; a scrape does not wait long for it."""
    from boto3.session import Session
    from botocore.config import Config

    config = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"})
    return Session(profile_name=profile).client(
        "cloudwatch", region_name=region, endpoint_url=endpoint_url, config=config
    )
