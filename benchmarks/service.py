"""A client of the service of `make stack`: sends messages, reads callbacks and Dagster's event log."""

from __future__ import annotations

import json
import os
import platform
import socket
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import dagster as dg

from dub_assets.core.keys import claim_key
from stack.places import BUCKET, Places
from stack.run import aws, client, consumer, new_secret, worker

EVENTS = {
    "run stored and queued": "PIPELINE_ENQUEUED",
    "out of Dagster's queue": "PIPELINE_STARTING",
    "process started, code loaded": "PIPELINE_START",
    "first step": "STEP_START",
}
_RUN_KEY = "dagster/run_key"


@dataclass(frozen=True)
class Service:
    """The running stack. Times are Unix times in seconds."""

    places: Places

    def upload(self, key: str, content: bytes) -> None:
        client(self.places, "s3").put_object(Bucket=BUCKET, Key=key, Body=content)

    def send(self, **message: Any) -> tuple[str, float]:
        """Send a message; return its id and when it was sent."""
        queue, body = client(self.places, "sqs"), json.dumps(message | {"callback_url": self.places.consumer})
        sent_s = time.time()
        answer = queue.send_message(QueueUrl=self.places.queue_url("jobs"), MessageBody=body)
        return answer["MessageId"], sent_s

    def callbacks(self, job_id: str) -> list[dict[str, Any]]:
        """Return the callbacks of a job that have arrived."""
        with urllib.request.urlopen(self.places.consumer) as answer:
            return [body for body in json.load(answer) if body["metadata"]["job_id"] == job_id]

    def arrivals(self, job_id: str, *, known: int = 0) -> list[float]:
        """Wait until a run ends; return when each callback after the ``known`` ones arrived, to about 50 ms."""
        arrivals_s: list[float] = []
        while True:
            callbacks = self.callbacks(job_id)[known:]
            arrivals_s += [time.time()] * (len(callbacks) - len(arrivals_s))
            if callbacks and callbacks[-1]["status"] != "in_progress":
                assert callbacks[-1]["status"] == "done", callbacks[-1]
                return arrivals_s
            time.sleep(0.05)

    def events(self, message_id: str) -> list[dg.EventLogEntry]:
        """Return Dagster's events of the run of a message."""
        with dg.DagsterInstance.from_config(str(self.places.home / "dagster")) as instance:
            (run,) = instance.get_runs(dg.RunsFilter(tags={_RUN_KEY: message_id}))
            return [entry for entry in instance.all_logs(run.run_id) if entry.is_dagster_event]

    def received_s(self, message_id: str) -> float:
        """Return when a message was received."""
        claim = json.load(client(self.places, "s3").get_object(Bucket=BUCKET, Key=claim_key(message_id))["Body"])
        return _find_number(claim, "at_ms") / 1000


@contextmanager
def running() -> Iterator[Service]:
    """Run the stack on free ports, in a temporary folder."""
    ports = {name: free_port() for name in ("aws_port", "consumer_port", "ui_port")}
    with tempfile.TemporaryDirectory() as folder:
        places, secret = Places(**ports, folder=Path(folder)), new_secret()
        with aws(places), consumer(places, secret), worker(places, secret):
            yield Service(places)


def times_to_first_step(service: Service, message_id: str) -> dict[str, float]:
    """Return when each part of a message's processing up to the first step was done."""
    at_s: dict[str, float] = {}
    for entry in service.events(message_id):
        at_s.setdefault(entry.get_dagster_event().event_type_value, entry.timestamp)
    return {"message received": service.received_s(message_id)} | {part: at_s[kind] for part, kind in EVENTS.items()}


def durations(start_s: float, ends_s: dict[str, float]) -> dict[str, float]:
    """Return the seconds of consecutive parts, from the times of their ends."""
    starts = [start_s, *ends_s.values()]
    return {
        part: round(end_s - part_start_s, 2)
        for (part, end_s), part_start_s in zip(ends_s.items(), starts, strict=False)
    }


def conditions() -> dict[str, Any]:
    """Return the machine, the versions and the load, on which figures depend."""
    return {
        "machine": {"cpus": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()},
        "versions": {"dagster": metadata.version("dagster"), "dub-assets": metadata.version("dub-assets")},
        "load_before": round(os.getloadavg()[0], 2),
    }


def _find_number(value: object, name: str) -> int:
    """Return the number of a name at any depth of a JSON object; 0 if it has none."""
    if not isinstance(value, dict):
        return 0
    if name in value:
        return int(value[name])
    return next(filter(None, (_find_number(child, name) for child in value.values())), 0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
