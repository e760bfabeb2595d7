"""``python -m stack.run``: runs the stack until Ctrl-C or SIGTERM, which ends all of it.

The queue, the bucket and the consumer live in this process, the worker (``dub-assets dev``) in one of its own with all
its children in one process group.
"""

from __future__ import annotations

import base64
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import boto3
from moto.server import ThreadedMotoServer

from stack.consumer import Consumer
from stack.places import BUCKET, REGION, Places

_ENDING_S = 30.0
"""Time for Dagster to finish its tick: the queue's sensor waits up to 25 s for a message."""

_STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def aws(places: Places) -> Iterator[None]:
    """Run a server of S3 and SQS with an empty bucket and empty queues."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", port=places.aws_port, verbose=False)
    server.start()
    try:
        client(places, "s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        for name in ("jobs", "dead-letters"):
            client(places, "sqs").create_queue(QueueName=name)
        yield
    finally:
        server.stop()


def client(places: Places, service: str) -> Any:
    """Return a client of the server."""
    return boto3.client(
        service,
        endpoint_url=places.aws,
        region_name=REGION,
        aws_access_key_id="stack",
        aws_secret_access_key="stack",  # noqa: S106 - the server takes any
    )


@contextmanager
def consumer(places: Places, secret: str) -> Iterator[None]:
    """Run the receiver of callbacks."""
    server = Consumer(places.consumer_port, secret)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def worker(places: Places, secret: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run Dagster's daemon and UI with their processes; their output goes to ``places.log``."""
    shutil.rmtree(places.home, ignore_errors=True)
    places.log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "dub_assets.cli", "dev", "--port", str(places.ui_port), "--host", "127.0.0.1"]
    with places.log.open("wb") as log:
        process = subprocess.Popen(
            command, env=places.environment(secret), start_new_session=True, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children: SIGTERM first, then SIGKILL."""
    for order in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, order)
            process.wait(_ENDING_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def new_secret() -> str:
    """Return a secret to sign callbacks with."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


def _stop(number: int, _: object) -> NoReturn:
    for other in _STOPS:
        signal.signal(other, signal.SIG_IGN)  # impatience must not leave half of it behind
    raise SystemExit(128 + number)


def _require_free(places: Places) -> None:
    for port in (places.aws_port, places.consumer_port, places.ui_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise SystemExit(f"port {port} is taken ({error.strerror}): is another stack running?") from error


def main() -> None:
    """Run the stack."""
    for number in _STOPS:
        signal.signal(number, _stop)  # a shell's background jobs ignore SIGINT, and so would all their children
    places, secret = Places(), new_secret()
    _require_free(places)
    with aws(places), consumer(places, secret), worker(places, secret) as process:
        sys.stdout.write(
            f"queue     {places.queue_url('jobs')}\nbucket    {BUCKET} at {places.aws}\n"
            f"callbacks {places.consumer}\nlog       {places.log}\nUI        http://127.0.0.1:{places.ui_port}\n"
            "`make stack-demo` sends jobs; Ctrl-C ends everything.\n"
        )
        sys.stdout.flush()
        sys.exit(process.wait())


if __name__ == "__main__":
    main()
