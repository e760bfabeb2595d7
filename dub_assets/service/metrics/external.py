"""Metrics of what is outside Dagster: SQS queues, their age in CloudWatch, and the GPUs of this machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from prometheus_client import Metric

from dub_assets.adapters.aws import aws_client, aws_errors
from dub_assets.core.errors import ConfigurationError, DubError, QueueUnavailableError, TransientError
from dub_assets.service.metrics.sources import Source, gauge
from dub_assets.service.queue.sqs import SqsQueue
from dub_assets.settings import Settings

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

_PERIOD = timedelta(minutes=1)
_LOOKBACK = timedelta(minutes=10)
"""SQS reports the age each minute, a few minutes late, and not at all after hours without messages."""

_DRIVER_TIMEOUT_S = 10.0
_MIB = 1024 * 1024


def queue_sources(settings: Settings) -> dict[str, Source]:
    """Return a source for each configured queue, and one for the age of the job queue's messages."""
    storage, sources = settings.storage, dict[str, Source]()
    region, endpoint_url, profile = storage.region, storage.endpoint_url, storage.profile

    def queue(url: str) -> SqsQueue:
        return SqsQueue(url, region=region, endpoint_url=endpoint_url, profile=profile, wait_s=0)

    if settings.queue.url:
        sources["queue"] = partial(_depth_metrics, "dub_queue_messages", queue(settings.queue.url))
        connect = partial(aws_client, "cloudwatch", region=region, endpoint_url=endpoint_url, profile=profile)
        sources["queue_age"] = partial(_age_metrics, QueueAge(settings.queue.url, connect=connect))
    if settings.queue.dead_letter_url:
        sources["dead_letters"] = partial(_depth_metrics, "dub_dead_letters", queue(settings.queue.dead_letter_url))
    return sources


def _depth_metrics(name: str, queue: SqsQueue) -> Iterator[Metric]:
    depth = queue.depth()
    values = {("waiting",): depth.waiting, ("in_flight",): depth.in_flight, ("delayed",): depth.delayed}
    yield gauge(name, "Messages of the queue, approximately.", values, ("state",))


class QueueAge:
    """The age of a queue's oldest message, as SQS reports it to CloudWatch."""

    def __init__(self, queue_url: str, *, connect: Callable[[], BaseClient]) -> None:
        self._queue_name = queue_url.rstrip("/").rpartition("/")[-1]
        self._connect = connect

    def oldest_message_s(self) -> float | None:
        """Return the last report in seconds, None if there is no recent one.

        Raises ConfigurationError if the policy does not allow it, QueueUnavailableError if CloudWatch does not answer.
        """
        now = datetime.now(UTC)
        with aws_errors(f"CloudWatch's age of {self._queue_name}", unavailable=QueueUnavailableError, refused=_refusal):
            answer = self._client.get_metric_statistics(
                Namespace="AWS/SQS",
                MetricName="ApproximateAgeOfOldestMessage",
                Dimensions=[{"Name": "QueueName", "Value": self._queue_name}],
                StartTime=now - _LOOKBACK,
                EndTime=now,
                Period=int(_PERIOD.total_seconds()),
                Statistics=["Maximum"],
            )
        reports = sorted(answer["Datapoints"], key=lambda report: report["Timestamp"])
        return float(reports[-1]["Maximum"]) if reports else None

    @cached_property
    def _client(self) -> BaseClient:
        return self._connect()


def _refusal(code: str, _: ClientError) -> DubError:
    return ConfigurationError(
        f"CloudWatch refuses the age of the queue ({code}): check that the policy allows cloudwatch:GetMetricStatistics"
    )


def _age_metrics(age: QueueAge) -> Iterator[Metric]:
    oldest_s = age.oldest_message_s()
    if oldest_s is not None:
        yield gauge("dub_queue_oldest_message_seconds", "Age of the queue's oldest message.", {(): oldest_s})


def gpu_metrics() -> Iterator[Metric]:
    """Return the memory of each GPU that ``nvidia-smi`` lists. Raises TransientError if it fails."""
    rows = _gpu_rows()
    for column, kind in enumerate(("used", "total"), start=2):
        values = {(row[0], row[1]): float(row[column]) * _MIB for row in rows}
        yield gauge(f"dub_gpu_memory_{kind}_bytes", f"Memory of a GPU, {kind}.", values, ("gpu", "name"))


def _gpu_rows() -> list[list[str]]:
    """Return index, name, used and total memory in MiB of each GPU; none if there is no ``nvidia-smi``."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    command = [tool, "--query-gpu=index,name,memory.used,memory.total", "--format=csv,noheader,nounits"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_DRIVER_TIMEOUT_S).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise TransientError(f"nvidia-smi lists no GPU memory ({error}): check the driver") from error
    return [[field.strip() for field in line.split(",")] for line in output.splitlines() if line.strip()]
