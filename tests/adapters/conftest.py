"""AWS's protocols for the adapters of S3 and SQS."""

from aws_server import aws_endpoint, bucket, connect, new_queue, sqs

__all__ = ["aws_endpoint", "bucket", "connect", "new_queue", "sqs"]
