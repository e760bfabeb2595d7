"""The set-ups that the tests run on: one of a folder, one of servers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import boto3
import pytest
from servers import servers
from support.aws_server import REGION, aws_endpoint
from support.callback_receiver import CallbackReceiver
from worker_service import WorkerService
from world import INPUT, World, clip, environment

from dub_assets.adapters.aws import aws_client

__all__ = ["aws_endpoint"]


@pytest.fixture(scope="module", params=["warm", pytest.param("cluster", marks=pytest.mark.servers)])
def world(request, tmp_path_factory, aws_endpoint) -> Iterator[World]:
    """A service of each set-up, started once a file of tests."""
    folder = tmp_path_factory.mktemp(request.param)
    bucket = f"bucket-{uuid.uuid4().hex}"
    s3 = aws_client("s3", region=REGION, endpoint_url=aws_endpoint)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.upload_file(str(clip(folder)), bucket, INPUT)
    sqs = boto3.client("sqs", region_name=REGION, endpoint_url=aws_endpoint)
    url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex}")["QueueUrl"]
    variables = environment(url=url, bucket=bucket, endpoint=aws_endpoint, folder=folder)
    with servers(request.param, folder) as available, CallbackReceiver() as receiver:
        service = WorkerService(
            folder, variables | available.environment, setup=request.param, workers=available.workers
        )
        try:
            service.start()
            yield World(service, available.named, sqs, url, receiver)
        finally:
            service.close()
            sqs.close()
            s3.close()
