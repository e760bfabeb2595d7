"""The queue of these tests: a real server of the SQS protocol."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from support.queue_wire import Wire


@pytest.fixture
def new_wire(aws_endpoint, bucket, new_queue, sqs, tmp_path):
    with ExitStack() as wires:

        def make(*, fifo: bool = False) -> Wire:
            wire = Wire(aws_endpoint, bucket, new_queue, sqs, tmp_path, fifo=fifo)
            wires.callback(wire.close)
            return wire

        yield make


@pytest.fixture
def wire(new_wire) -> Wire:
    return new_wire()
