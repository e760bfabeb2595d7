"""AWS's protocols for the local profile."""

from aws_server import aws_endpoint, sqs

__all__ = ["aws_endpoint", "sqs"]
