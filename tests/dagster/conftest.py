"""AWS's protocols for the tests of the queue."""

from aws_server import aws_endpoint, bucket, connect, new_queue, sqs

__all__ = ["aws_endpoint", "bucket", "connect", "new_queue", "sqs"]
