"""``python -m stack.prepare``: creates the bucket and queues that the service's variables name, if they are missing.

For the profile ``local`` of compose.yaml, where moto's server begins empty at every start.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import boto3
from botocore.exceptions import ClientError

from stack.places import REGION


def prepare(environment: dict[str, str]) -> list[str]:
    """Create missing ones; return the names of all."""
    endpoint = environment.get("AWS_ENDPOINT_URL")
    if not endpoint:
        raise SystemExit("AWS_ENDPOINT_URL is not set: this makes nothing at Amazon's")
    bucket = environment["AWS_S3_BUCKET"]
    region = environment.get("AWS_REGION") or REGION
    s3: Any = boto3.client("s3", endpoint_url=endpoint, region_name=region)
    try:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    except ClientError as error:
        if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
            raise
    sqs: Any = boto3.client("sqs", endpoint_url=endpoint, region_name=region)
    queues = [environment[name].rpartition("/")[-1] for name in ("JOB_QUEUE_URL", "JOB_DLQ_URL")]
    for queue in queues:
        sqs.create_queue(QueueName=queue, Attributes={"FifoQueue": "true"} if queue.endswith(".fifo") else {})
    return [bucket, *queues]


if __name__ == "__main__":
    sys.stdout.write(f"made {', '.join(prepare(dict(os.environ)))}\n")
