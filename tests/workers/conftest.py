"""The set-ups that the tests run on: one of a folder, one of servers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import boto3
import pytest
from crew import Crew
from servers import servers
from support.aws_server import REGION, aws_endpoint
from support.callback_receiver import CallbackReceiver
from world import INPUT, World, clip, environment

from dub_assets.adapters.storage.s3 import s3_client

__all__ = ["aws_endpoint"]


@pytest.fixture(scope="module", params=["warm", pytest.param("cluster", marks=pytest.mark.servers)])
def world(request, tmp_path_factory, aws_endpoint) -> Iterator[World]:
    """A service of each set-up, started once for the tests of a file."""
    folder = tmp_path_factory.mktemp(request.param)
    bucket = f"bucket-{uuid.uuid4().hex}"
    s3 = s3_client(region=REGION, endpoint_url=aws_endpoint)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.upload_file(str(clip(folder)), bucket, INPUT)
    sqs = boto3.client("sqs", region_name=REGION, endpoint_url=aws_endpoint)
    url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex}")["QueueUrl"]
    read = environment(url=url, bucket=bucket, endpoint=aws_endpoint, folder=folder)
    with servers(request.param, folder) as at_hand, CallbackReceiver() as receiver:
        crew = Crew(folder, read | at_hand.environment, setup=request.param, workers=at_hand.workers)
        try:
            crew.start()
            yield World(crew, at_hand.named, sqs, url, receiver)
        finally:
            crew.close()
            sqs.close()
            s3.close()
