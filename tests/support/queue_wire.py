"""A queue, its dead letters and a bucket on a real server, and deployments of the service on them."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
from dagster._core.instance.types import InstanceType
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster._core.storage.event_log import InMemoryEventLogStorage
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.root import TemporaryLocalArtifactStorage
from dagster._core.storage.runs import InMemoryRunStorage
from support.deployment import Deployment

from dub_assets.core.codec import decode
from dub_assets.service.pending_messages import HeldMessages
from dub_assets.service.workers.local import LocalRunLauncher


class Wire:
    """A queue, its dead letters and a bucket on the server, and deployments on them."""

    def __init__(self, aws_endpoint: str, bucket: str, new_queue, sqs, tmp_path: Path, *, fifo: bool = False) -> None:
        self.url, self.dead_url = new_queue(fifo=fifo), new_queue(fifo=fifo)
        self.sqs = sqs
        self._instances = ExitStack()
        self.environment = {
            "JOB_QUEUE_URL": self.url,
            "JOB_DLQ_URL": self.dead_url,
            "JOB_QUEUE_WAIT": "0",
            "JOB_VISIBILITY_TIMEOUT": "60",
            "AWS_S3_BUCKET": bucket,
            "AWS_ENDPOINT_URL": aws_endpoint,
            "DUB_ASSETS_HOME": str(tmp_path / "home"),
            "DUB_ASSETS_CACHE": str(tmp_path / "cache"),
        }

    def deploy(self, **environment: str) -> Deployment:
        instance = self._instances.enter_context(_instance())
        return Deployment(self.environment | environment, instance)

    def close(self) -> None:
        self._instances.close()

    def send(self, body: str, *, group: str | None = None) -> str:
        fifo = {"MessageGroupId": group, "MessageDeduplicationId": uuid.uuid4().hex} if group else {}
        return self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **fifo)["MessageId"]

    def redeliver(self, deployment: Deployment) -> None:
        """The visibility of every held message passes."""
        for held in held_by(deployment):
            self.sqs.change_message_visibility(QueueUrl=self.url, ReceiptHandle=held.receipt, VisibilityTimeout=0)

    def left(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def waiting(self) -> int:
        """How many messages may be received now."""
        names = ["ApproximateNumberOfMessages"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return int(answer["Attributes"][names[0]])

    def dead(self) -> list[tuple[str, str]]:
        """The reason and the body of every dead letter."""
        answer = self.sqs.receive_message(
            QueueUrl=self.dead_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
        )
        return [
            (message["MessageAttributes"]["reason"]["StringValue"], message["Body"])
            for message in answer.get("Messages", ())
        ]


def _instance() -> dg.DagsterInstance:
    """Return an instance in memory, with the coordinator and the launcher of ``dagster.yaml``."""
    return dg.DagsterInstance(
        instance_type=InstanceType.EPHEMERAL,
        local_artifact_storage=TemporaryLocalArtifactStorage(),
        run_storage=InMemoryRunStorage(),
        event_storage=InMemoryEventLogStorage(),
        compute_log_manager=NoOpComputeLogManager(),
        run_coordinator=QueuedRunCoordinator(),
        run_launcher=LocalRunLauncher(),
    )


def held_by(deployment: Deployment):
    return decode(HeldMessages, (deployment.cursor or "").encode()).messages if deployment.cursor else ()
