"""moto's server, for the commands that talk to a queue."""

from __future__ import annotations

from aws_server import aws_endpoint

__all__ = ["aws_endpoint"]
