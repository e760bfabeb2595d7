"""No message is lost and none is run twice, whatever is killed, and when: real processes, SIGKILL, a real queue.

`make faults` kills 200 times, `make kills` a few times; `KILLS=500 SEED=7 pytest -s tests/faults` as you like.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections import Counter
from pathlib import Path

import dagster as dg
import pytest
from callback_receiver import CallbackReceiver
from service import Service

from dub_assets.domain.keys import request_key
from dub_assets.media.ffmpeg import find_ffmpeg
from dub_assets.resources.tags import CALLBACKS

pytestmark = pytest.mark.faults

RUN_KEY = "dagster/run_key"
REGION = "ap-northeast-2"
KILLS = int(os.environ.get("KILLS", "6"))
COUNTED_AFTER = 25
"""Kills after which everything is let come to its end and counted."""

SEED = int(os.environ.get("SEED", "0"))
STAGES = [
    *["downloaded", "stt_completed", "mt_prepare", "mt_completed", "tts_prepare", "tts_completed"],
    *["completed"],
]

OF_ANY = [
    *["receive.after", "save.claim.before", "save.claim.after", "save.request.before", "save.request.after"],
    *["answer.after", "create_tick.before", "create_tick.after", "update_tick.before", "update_tick.after"],
    *["create_run.before", "create_run.after", "submit_run.before", "submit_run.after", "launch_run.before"],
    *["launch_run.after", "cursor.before", "cursor.after"],
]
OF_REFUSED = ["dead_letter.before", "copy.after", "dead_letter.after"]
OF_FULL = [
    *["save.record.before", "save.record.after", "add_partitions.before", "add_partitions.after"],
    *["delete.before", "delete.after", "save.stems.before", "save.translation.after", "save.segment_mixes.before"],
    *["save.metadata.before", "save.metadata.after"],
]
AT_RANDOM = ["daemon", "server", "both", "machine"]


class World:
    """The service on a queue, a bucket and a consumer, and what was sent to it."""

    def __init__(self, service: Service, sqs, url: str, dead_url: str, receiver: CallbackReceiver) -> None:
        self.service = service
        self.refused: dict[str, str] = {}
        self.full: dict[str, str] = {}
        self._receiver = receiver
        self._sqs = sqs
        self._url = url
        self._dead_url = dead_url
        self._copies: Counter[str] = Counter()

    def send(self, *, full: bool) -> str:
        sent = self.full if full else self.refused
        job_id = f"{'full' if full else 'refused'}-{len(sent)}"
        message = {"job_id": job_id, "project_id": "shop", "callback_url": self._receiver.url()}
        asked = {"input_key": "projects/shop/inputs/talk.mp4", "source_lang": "en", "target_lang": "pt"}
        body = json.dumps(message | (asked if full else {"task": "segment_mix"}))
        message_id: str = self._sqs.send_message(QueueUrl=self._url, MessageBody=body)["MessageId"]
        sent[message_id] = job_id
        return message_id

    def left(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def runs(self) -> dict[str, list[dg.DagsterRun]]:
        by_message: dict[str, list[dg.DagsterRun]] = {}
        with self.service.instance as instance:
            for run in instance.get_runs():
                by_message.setdefault(run.tags[RUN_KEY], []).append(run)
        return by_message

    def drain(self) -> None:
        self.service.wait(lambda: self.left() == 0, "the queue is not drained")
        self.service.wait(self._are_done, "not every run has ended")

    def _are_done(self) -> bool:
        runs = self.runs()
        return {*self.refused, *self.full} <= {*runs} and all(
            run.is_finished and run.tags[CALLBACKS] != "pending" for kept in runs.values() for run in kept
        )

    def told(self) -> dict[str, list[str]]:
        """The stages that the consumer was told of each job, in order, repeats left out."""
        stages: dict[str, list[str]] = {}
        seen: set[str] = set()
        for received in self._receiver.received:
            assert received.answered == 204, received.fault
            if received.headers["webhook-id"] not in seen:
                seen.add(received.headers["webhook-id"])
                told = received.json["metadata"]
                stages.setdefault(told["job_id"], []).append(told["stage"])
        return stages

    def dead(self) -> Counter[str]:
        """How many copies of each message have come to the dead letters."""
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._dead_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=3600
            )
            if not answer.get("Messages"):
                return self._copies
            self._copies.update(
                message["MessageAttributes"]["source_message_id"]["StringValue"] for message in answer["Messages"]
            )


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=10", "-f", "lavfi", "-i", "sine=440:sample_rate=48000"]
    subprocess.run(
        [str(find_ffmpeg()), "-v", "error", *sources, "-t", "2", "-pix_fmt", "yuv420p", str(path)], check=True
    )
    return path


@pytest.fixture
def world(tmp_path, clip, aws_endpoint, bucket, connect, new_queue, sqs):
    url, dead_url = new_queue(), new_queue()
    connect().upload_file(str(clip), bucket, "projects/shop/inputs/talk.mp4")
    environment = {
        "JOB_QUEUE_URL": url,
        "JOB_DLQ_URL": dead_url,
        "JOB_VISIBILITY_TIMEOUT": "4",
        "JOB_QUEUE_WAIT": "1",
        "JOB_MAX_RECEIVES": "1000",
        "JOB_MAX_PENDING_RUNS": "1000",
        "JOB_CALLBACK_ALLOWED_HOSTS": "127.0.0.1",
        "JOB_CALLBACK_LOCALHOST_HOST": "",
        "AWS_S3_BUCKET": bucket,
        "AWS_ENDPOINT_URL": aws_endpoint,
        "AWS_REGION": REGION,
        "DUB_ASSETS_HOME": str(tmp_path / "objects"),
        "DUB_ASSETS_CACHE": str(tmp_path / "cache"),
    }
    service = Service(tmp_path, environment)
    with CallbackReceiver() as receiver:
        try:
            yield World(service, sqs, url, dead_url, receiver)
        finally:
            service.close()


def planned(kills: int, chance: random.Random) -> list[tuple[str, bool]]:
    """Where to kill, and whether the message at hand is a whole dub; every point before any comes again."""
    points = [(point, False) for point in OF_ANY + OF_REFUSED + AT_RANDOM]
    points += [(point, True) for point in [*OF_FULL, "machine"]]
    plan: list[tuple[str, bool]] = []
    while len(plan) < kills:
        plan += chance.sample(points, len(points))
    return plan[:kills]


def test_every_message_has_one_run_whatever_is_killed(world: World, connect, bucket):
    chance = random.Random(SEED)
    world.service.start()
    for number, (point, full) in enumerate(planned(KILLS, chance), start=1):
        started = time.monotonic()
        kill(world, point, chance, full=full)
        print(f"kill {number}: {point} after {time.monotonic() - started:.1f} s", flush=True)
        if number % COUNTED_AFTER == 0 or number == KILLS:
            world.drain()
            check(world, connect(), bucket)


def kill(world: World, point: str, chance: random.Random, *, full: bool) -> None:
    """Send a message, and kill what comes to the point on its way, or at any time."""
    service = world.service
    if point not in AT_RANDOM:
        service.arm(point)
        world.send(full=full)
        service.await_kill(point)
        return
    world.send(full=full)
    until = time.monotonic() + chance.uniform(0, 6)
    service.wait(lambda: time.monotonic() > until, "time stands still")
    if point == "machine":
        service.kill_machine()
        return
    for name in ("daemon", "server") if point == "both" else (point,):
        service.kill(name)


def check(world: World, s3, bucket: str) -> None:
    """One run a message, its request kept, dead letters with every refused one, and videos of what succeeded."""
    runs = world.runs()
    sent = {*world.refused, *world.full}
    assert {message: len(kept) for message, kept in runs.items()} == dict.fromkeys(sent, 1)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = {entry["Key"] for page in pages for entry in page.get("Contents", ())}
    assert {request_key(message) for message in sent} <= keys
    succeeded = {message for message, (run,) in runs.items() if run.is_success}
    assert succeeded <= {*world.full}
    assert {f"projects/shop/outputs/videos/{world.full[message]}.mp4" for message in succeeded} <= keys
    told = world.told()
    for message, job_id in world.full.items():
        assert told[job_id] == STAGES if message in succeeded else told[job_id][-1] == "failed", job_id
        assert message in succeeded or told[job_id][:-1] == STAGES[: len(told[job_id]) - 1], job_id
    assert all(told[job_id] == ["failed"] for job_id in world.refused.values())
    copies = world.dead()
    assert {*copies} == {*world.refused}
    assert world.left() == 0
    ends = Counter(run.status.value for (run,) in runs.values())
    print(
        f"{len(sent)} messages, runs: {dict(ends)}; dead letters twice: {sum(copies.values()) - len(copies)}; "
        f"restarts: {world.service.restarts}"
    )
