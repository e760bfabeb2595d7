"""No job is lost and none is done twice, whatever is killed, away or slow, and when: real processes, a real queue.

`make faults` kills 200 times, `make kills` a few times; `KILLS=500 SEED=7 pytest -s -m faults tests/faults` as you
like, or `PLAN="server away 90,machine"`.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from service import Service
from support.callback_receiver import CallbackReceiver

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.core.keys import request_key
from dub_assets.resources.tags import CALLBACKS

pytestmark = pytest.mark.faults

RUN_KEY = "dagster/run_key"
REGION = "ap-northeast-2"
KILLS = int(os.environ.get("KILLS", "6"))
COUNTED_AFTER = 25
"""Kills after which everything is let come to its end and counted."""

PLAN = os.environ.get("PLAN", "")
"""What to do, separated by commas, rather than what the seed chooses."""

SEED = int(os.environ.get("SEED", "0"))
STAGES = [
    *["downloaded", "stt_completed", "mt_prepare", "mt_completed", "tts_prepare", "tts_completed"],
    *["completed"],
]

OF_ACCEPTED = [
    *["receive.after", "save.claim.before", "save.claim.after", "save.request.before", "save.request.after"],
    *["answer.after", "create_tick.before", "create_tick.after", "update_tick.before", "update_tick.after"],
    *["create_run.before", "create_run.after", "submit_run.before", "submit_run.after", "launch_run.before"],
    *["launch_run.after", "cursor.before", "cursor.after"],
    *["save.record.before", "save.record.after", "add_partitions.before", "add_partitions.after"],
    *["delete.before", "delete.after", "save.stems.before", "save.translation.after", "save.segment_mixes.before"],
    *["save.metadata.before", "save.metadata.after"],
    *["send.before", "send.after", "save.outbox.before", "save.outbox.after", "react.before", "react.after"],
    *["deliver.before", "deliver.after"],
]
OF_REFUSED = ["save.refusal.before", "save.refusal.after", "copy.before", "copy.after", "delete.before", "delete.after"]
OF_CANCELLED = [
    *["save.cancellation.before", "save.cancellation.after", "cancel daemon", "cancel server", "cancel both"],
    *["cancel machine"],
]
"""What is killed while a job is cancelled."""

AT_RANDOM = ["daemon", "server", "both", "machine"]
OUTAGES = [
    *["server away 1", "server away 20", "server away 90", "daemon away 20", "daemon paused 20", "server paused 20"],
    *["daemon paused 90", "busy host 20"],
]
"""What is away or does not get the processor, and for how many seconds."""

TOGETHER = 4
"""Jobs that are sent at an outage: some run, the others wait."""

LOAD = 20
"""Processes that compete for the processor on a busy host."""


class World:
    """The service on a queue, a bucket and a consumer, and what was sent to it."""

    def __init__(self, service: Service, sqs, url: str, dead_url: str, receiver: CallbackReceiver) -> None:
        self.service = service
        self.refused: dict[str, str] = {}
        self.full: dict[str, str] = {}
        self.cancelled: set[str] = set()
        self.reasons: dict[str, str] = {}
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

    def cancel(self, message_id: str) -> None:
        """Ask for the end of a job once its run is stored."""
        self.service.wait(lambda: message_id in self.runs(), "the run is not stored")
        job_id = self.full[message_id]
        self.cancelled.add(job_id)
        body = json.dumps({"task": "cancel", "job_id": job_id, "project_id": "shop"})
        self._sqs.send_message(QueueUrl=self._url, MessageBody=body)

    def send_languages(self, languages: Sequence[str]) -> list[str]:
        """Send a message with several languages; return its jobs."""
        job_id = f"languages-{len(self.full)}"
        message = {"job_id": job_id, "project_id": "shop", "callback_url": self._receiver.url()}
        asked = {"input_key": "projects/shop/inputs/talk.mp4", "source_lang": "en", "target_langs": languages}
        sent = self._sqs.send_message(QueueUrl=self._url, MessageBody=json.dumps(message | asked))
        keys = [sent["MessageId"], *(f"{sent['MessageId']}.{number}" for number in range(1, len(languages)))]
        jobs = [job_id, *(f"{job_id}.{language}" for language in languages[1:])]
        self.full |= zip(keys, jobs, strict=True)
        return jobs

    def left(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def runs(self) -> dict[str, list[dg.DagsterRun]]:
        """The runs of each message, the first one and its repetitions."""
        by_message: dict[str, list[dg.DagsterRun]] = {}
        with self.service.instance as instance:
            for record in instance.get_run_records(ascending=True):
                by_message.setdefault(record.dagster_run.tags[RUN_KEY], []).append(record.dagster_run)
        return by_message

    def begun(self) -> Counter[str]:
        """How often each run has begun, by its log."""
        with self.service.instance as instance:
            return Counter(
                {
                    run.run_id: len(instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_START))
                    for run in instance.get_runs()
                }
            )

    def drain(self) -> None:
        self.service.wait(lambda: self.left() == 0, "the queue is not drained")
        self.service.wait(self._are_done, "not every job has ended")

    def _are_done(self) -> bool:
        runs = self.runs()
        ended = all(run.is_finished and run.tags[CALLBACKS] != "pending" for kept in runs.values() for run in kept)
        return {*self.full} <= {*runs} and ended and {*self.refused.values()} <= {*self.sent_stages()}

    def sent_stages(self) -> dict[str, list[str]]:
        """The stages that the consumer received for each job, in order and without repeats."""
        stages: dict[str, list[str]] = {}
        seen: set[str] = set()
        for received in self._receiver.received:
            assert received.answered == 204, received.fault
            if received.headers["webhook-id"] not in seen:
                seen.add(received.headers["webhook-id"])
                metadata = received.json["metadata"]
                self.reasons[metadata["job_id"]] = received.json.get("error", "")
                stages.setdefault(metadata["job_id"], []).append(metadata["stage"])
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
    """What to do, and whether the message at hand is a whole dub; everything before anything comes again.

    However short the plan is, the code server is away for 20 s and the daemon is paused in it.
    """
    if PLAN:
        return [(point, point not in OF_REFUSED) for point in PLAN.split(",")]
    points = [(point, True) for point in OF_ACCEPTED + OF_CANCELLED + AT_RANDOM + OUTAGES]
    points += [(point, False) for point in OF_REFUSED]
    plan = [("server away 20", True), ("daemon paused 20", True)]
    while len(plan) < kills:
        plan += chance.sample(points, len(points))
    return plan[:kills]


def test_no_job_is_lost_and_none_is_done_twice_whatever_is_away(world: World, connect, bucket):
    chance = random.Random(SEED)
    plan = planned(KILLS, chance)
    world.service.start()
    for number, (point, full) in enumerate(plan, start=1):
        started = time.monotonic()
        kill(world, point, chance, full=full)
        print(f"kill {number}: {point} after {time.monotonic() - started:.1f} s", flush=True)
        if number % COUNTED_AFTER == 0 or number == len(plan):
            world.drain()
            check(world, connect(), bucket)


def test_languages_of_one_source_outlive_the_job_that_makes_their_stems(world: World, connect, bucket):
    world.service.start()
    world.service.arm("separate.before")
    world.send_languages(["pt", "es", "fr"])
    world.service.await_kill("separate.before")
    world.drain()
    check(world, connect(), bucket)
    assert len(world.service.faults.joinpath("separations").read_text(encoding="utf-8").splitlines()) == 1


def kill(world: World, point: str, chance: random.Random, *, full: bool) -> None:
    """Send a message, and kill what comes to the point on its way, or at any time."""
    service = world.service
    if point in OUTAGES:
        break_down(world, point, chance)
        return
    is_cancelled, target = point in OF_CANCELLED, point.removeprefix("cancel ")
    if target not in AT_RANDOM:
        service.arm(point)
        message_id = world.send(full=full)
        if is_cancelled:
            world.cancel(message_id)
        service.await_kill(point)
        return
    message_id = world.send(full=full)
    if is_cancelled:
        world.cancel(message_id)
    until = time.monotonic() + chance.uniform(0, 6)
    service.wait(lambda: time.monotonic() > until, "time stands still")
    if target == "machine":
        service.kill_machine()
        return
    for name in ("daemon", "server") if target == "both" else (target,):
        service.kill(name)


def break_down(world: World, outage: str, chance: random.Random) -> None:
    """Let a part of the service be away, or without processor time, while jobs run and wait."""
    service = world.service
    part, kind, seconds = outage.rsplit(" ", 2)
    for _ in range(TOGETHER):
        world.send(full=True)
    until = time.monotonic() + chance.uniform(0, 10)
    service.wait(lambda: time.monotonic() > until, "time stands still")
    if kind == "away":
        service.kill(part, away_s=float(seconds))
        world.send(full=True)
        world.send(full=False)
    elif kind == "paused":
        service.pause(part, float(seconds))
    else:
        with busy_host():
            until = time.monotonic() + float(seconds)
            service.wait(lambda: time.monotonic() > until, "time stands still")


@contextmanager
def busy_host() -> Iterator[None]:
    """Processes that never wait."""
    load = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(LOAD)]
    try:
        yield
    finally:
        for process in load:
            process.kill()
            process.wait()


def check(world: World, s3, bucket: str) -> None:
    """No job is lost, none is done twice at once, every callback is received, and no refused message has a run.

    A job is lost if it does not end well: there is nothing wrong with any of them.
    """
    runs = world.runs()
    assert {*runs} == {*world.full}
    ends = {world.full[message]: kept[-1].status for message, kept in runs.items()}
    ended = {job_id for job_id in world.cancelled if ends[job_id] is dg.DagsterRunStatus.CANCELED}
    lost = {job_id: end.value for job_id, end in ends.items() if job_id not in ended and end.value != "SUCCESS"}
    assert not lost, f"lost jobs: {lost}"
    done = {*world.full.values()} - ended
    for kept in runs.values():
        assert len({run.root_run_id or run.run_id for run in kept}) == 1, "a message has two runs"
    assert all(count <= 1 for count in world.begun().values()), "a run was executed twice"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = {entry["Key"] for page in pages for entry in page.get("Contents", ())}
    assert {request_key(message) for message in world.full} <= keys
    assert {f"projects/shop/outputs/videos/{job_id}.mp4" for job_id in done} <= keys
    received_stages = world.sent_stages()
    assert {job_id: received_stages[job_id] for job_id in done} == dict.fromkeys(done, STAGES)
    for job_id in ended:  # the stages that it reached, then its end
        assert received_stages[job_id] == [*STAGES[: len(received_stages[job_id]) - 1], "failed"]
        assert world.reasons[job_id] == "cancelled"
    assert all(received_stages[job_id] == ["failed"] for job_id in world.refused.values())
    assert {world.reasons[job_id] for job_id in world.refused.values()} <= {"segments is missing"}
    copies = world.dead()
    assert {*copies} == {*world.refused}
    assert world.left() == 0
    repeated = sum(len(kept) - 1 for kept in runs.values())
    print(
        f"{len(world.full)} jobs, {repeated} runs repeated; {len(world.refused)} messages refused, "
        f"dead letters twice: {sum(copies.values()) - len(copies)}; restarts: {world.service.restarts}",
        flush=True,
    )
