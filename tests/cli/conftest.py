from __future__ import annotations

from aws_server import aws_endpoint, bucket, connect

__all__ = ["aws_endpoint", "bucket", "connect"]
