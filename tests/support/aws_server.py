"""Fixtures of a real HTTP server with the protocols of S3 and SQS.

Libraries are imported in the fixtures, because environments without them load this module too.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from functools import partial

import pytest

REGION = "ap-northeast-2"


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    """The address of moto's server. The environment has credentials for it, and no configuration of the machine."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "HTTP_PROXY", "http_proxy"):
            environment.delenv(name, raising=False)
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        environment.setenv("AWS_CONFIG_FILE", "/dev/null")
        environment.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture
def connect(aws_endpoint: str) -> Callable[[], object]:
    """Returns S3 clients of the server."""
    from dub_assets.adapters.aws import aws_client

    return partial(aws_client, "s3", region=REGION, endpoint_url=aws_endpoint)


@pytest.fixture
def bucket(connect) -> str:
    """The name of a fresh bucket."""
    name = f"bucket-{uuid.uuid4().hex}"
    connect().create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


@pytest.fixture
def sqs(aws_endpoint: str):
    """A client of the server, to read queues independently."""
    import boto3

    client = boto3.client("sqs", region_name=REGION, endpoint_url=aws_endpoint)
    yield client
    client.close()


@pytest.fixture
def new_queue(sqs) -> Callable[..., str]:
    """Creates queues on the server and returns their URLs."""

    def make(*, fifo: bool = False) -> str:
        name = f"queue-{uuid.uuid4().hex}" + (".fifo" if fifo else "")
        return sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})["QueueUrl"]

    return make
