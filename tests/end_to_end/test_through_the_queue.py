"""From a message in the queue to the last callback: the stack of ``make stack``, with the consumer of the tests.

Real queue and bucket (moto's server), Dagster's daemon and run processes, real models, a consumer that refuses what
the contract does not allow.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import pytest
from standardwebhooks import Webhook
from support.answering_server import Answer, ServerRequest, answering
from support.callback_receiver import CallbackReceiver, Received
from support.ports import free_port
from support.translation_services import chat
from support.waiting import wait_until

from dub_assets.resources.tags import CALLBACKS, JOB_ID
from sample.build import build, cut
from stack.places import BUCKET, Places
from stack.run import aws, client, new_secret, worker

pytestmark = pytest.mark.models

START_S, END_S = 24.5, 31.7
"""Two phrases."""

STAGES = ["downloaded", "stt_completed", "mt_prepare", "mt_completed", "tts_prepare", "tts_completed", "completed"]
INPUT = "projects/shop/inputs/talk.mp4"


class SilentTranslator:
    """A translation service that answers no question until ``speaks`` is set: a run that asks it goes on."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.speaks = threading.Event()

    def answer(self, asked: ServerRequest) -> Answer:
        self.asked.set()
        self.speaks.wait()
        return chat(asked)


@dataclass(frozen=True)
class Service:
    """The running stack, seen by its producers and its consumer."""

    places: Places
    receiver: CallbackReceiver
    secret: str
    translator: SilentTranslator

    def send(self, job_id: str, **fields: Any) -> None:
        message = {"job_id": job_id, "project_id": "shop", "callback_url": self.receiver.url()} | fields
        queue = client(self.places, "sqs")
        queue.send_message(QueueUrl=self.places.queue_url("jobs"), MessageBody=json.dumps(message))

    def told_of(self, job_id: str) -> list[Received]:
        return [one for one in list(self.receiver.received) if one.path == f"/callbacks/{job_id}"]

    def stages_of(self, job_id: str) -> list[str]:
        return [one.json["metadata"]["stage"] for one in self.told_of(job_id)]

    def objects(self) -> dict[str, int]:
        listed = client(self.places, "s3").list_objects_v2(Bucket=BUCKET)
        return {item["Key"]: item["Size"] for item in listed["Contents"]}

    def log_of(self, job_id: str) -> str:
        with self._instance() as instance:
            runs = instance.get_runs(dg.RunsFilter(tags={JOB_ID: job_id}))
            return "\n".join(entry.message for run in runs for entry in instance.all_logs(run.run_id))

    def stamps_of(self, job_id: str) -> list[str]:
        """What each of a job's runs says of its callbacks."""
        with self._instance() as instance:
            return [run.tags[CALLBACKS] for run in instance.get_runs(dg.RunsFilter(tags={JOB_ID: job_id}))]

    def _instance(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.places.home / "dagster"))


def alive_in(group: int) -> list[str]:
    """The processes of a group; those that have ended and are not waited for do not count."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.name())
    return found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    places = Places(aws_port=free_port(), ui_port=free_port(), folder=folder / "stack")
    secret = new_secret()
    video = cut(build(Path("build/sample")), START_S, END_S, folder / "excerpt").video
    translator = SilentTranslator()
    with answering(translator.answer) as chat, pytest.MonkeyPatch.context() as environment:
        environment.setenv("TRANSLATION_CHAT_URL", f"{chat.url}/v1")
        environment.setenv("TRANSLATION_CHAT_MODEL", "a-model")
        with aws(places), CallbackReceiver() as receiver, worker(places, secret) as process:
            client(places, "s3").upload_file(str(video), BUCKET, INPUT)
            yield Service(places=places, receiver=receiver, secret=secret, translator=translator)
        wait_until(lambda: not alive_in(process.pid), "the end of all processes")
        translator.speaks.set()


def test_a_dub_is_told_of_in_seven_signed_callbacks_and_its_objects_are_there(service: Service):
    service.send("talk-1", input_key=INPUT, source_lang="en", target_lang="pt")
    wait_until(lambda: service.stages_of("talk-1")[-1:] in (["completed"], ["failed"]), "the end of the job")
    assert service.stages_of("talk-1") == STAGES
    told = service.told_of("talk-1")
    assert [one.fault for one in told] == [None] * 7
    for one in told:
        Webhook(service.secret).verify(one.body, dict(one.headers))
    last = told[-1].json
    objects = service.objects()
    assert objects[last["result_key"]] > 100_000
    assert last["metadata"]["metadata_key"] in objects
    assert len(last["metadata"]["segments"]) >= 2
    for segment in last["metadata"]["segments"]:
        assert set(segment["assets"].values()) <= objects.keys()
        assert len(segment["assets"]) == 5


def test_a_run_whose_process_is_killed_is_repeated_and_reported_as_one_job(service: Service):
    engines = {"translation": "chat"}
    service.send("talk-2", input_key=INPUT, source_lang="en", target_lang="pt", engines=engines)
    wait_until(service.translator.asked.is_set, "the question that the run waits for an answer to")
    (process,) = re.findall(r"Executing steps in process \(pid: (\d+)\)", service.log_of("talk-2"))
    service.translator.speaks.set()
    os.kill(int(process), signal.SIGKILL)
    wait_until(lambda: service.stages_of("talk-2")[-1:] in (["completed"], ["failed"]), "the end of the job")
    assert service.stages_of("talk-2") == STAGES
    wait_until(lambda: service.stamps_of("talk-2") == ["delivered"] * 2, "the end of all callbacks")
    assert "killed or lost" in service.log_of("talk-2")


def test_a_message_that_makes_no_sense_is_answered_and_put_away(service: Service):
    service.send("talk-3", task="segment_mix", segments=[])
    wait_until(lambda: service.stages_of("talk-3") != [], "the answer")
    (answer,) = [one.json for one in service.told_of("talk-3")]
    assert (answer["status"], answer["stage_id"]) == ("failed", "segment_mix")
    assert "segments" in answer["error"]
    queue, dead = client(service.places, "sqs"), service.places.queue_url("dead-letters")
    wait_until(lambda: "Messages" in queue.receive_message(QueueUrl=dead, VisibilityTimeout=0), "the dead letter")


def test_a_pair_that_is_not_served_fails_with_the_command_that_would_serve_it(service: Service):
    service.send("talk-4", input_key=INPUT, source_lang="ko", target_lang="en")
    wait_until(lambda: service.stages_of("talk-4")[-1:] == ["failed"], "the end of the job")
    error = service.told_of("talk-4")[-1].json["error"]
    assert "no engine can translate 'ko' to 'en': run `dub-assets models pull --pair ko-en`" in error
