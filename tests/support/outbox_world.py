"""A Dagster instance, a store and the delivery service, ticked by tests; fake engines."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import dagster as dg
from support.callback_receiver import CallbackReceiver
from support.fakes import FakeProgress

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.keys import job_record_key, request_key
from dub_assets.core.request import DubRequest
from dub_assets.definitions import definitions
from dub_assets.resources import tags
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.storage import StorageResource
from dub_assets.service.callbacks.delivery_service import DeliveryService
from dub_assets.service.callbacks.resources import CallbackServices
from dub_assets.settings import settings_from

STAGES = [
    "downloaded",
    "stt_completed",
    "mt_prepare",
    "mt_completed",
    "tts_prepare",
    "tts_completed",
    "completed",
]
OPEN = {"JOB_CALLBACK_ALLOWED_HOSTS": "127.0.0.1", "JOB_CALLBACK_LOCALHOST_HOST": ""}


def dub_request(job_id: str, **fields: Any) -> DubRequest:
    values = {
        "job_id": job_id,
        "project_id": "shop",
        "input_key": "projects/shop/inputs/talk.mp4",
        "source_language": "en",
        "target_language": "pt",
        "result_key": f"projects/shop/outputs/videos/{job_id}.mp4",
        "metadata_key": f"projects/shop/outputs/metadata/{job_id}.json",
        "segment_prefix": f"projects/shop/interim/{job_id}/segments",
        "segment_clips": True,
    }
    return DubRequest(**values | fields)


AFTER = {"before": dg.In(dg.Nothing)}


@dg.op(ins=AFTER)
def stems(context):
    context.log_event(dg.AssetObservation("source_video"))
    if Trouble.reason:
        raise dg.Failure(description=Trouble.reason, allow_retries=False)


@dg.op(ins=AFTER)
def transcript(context):
    context.log_event(dg.AssetMaterialization("transcript"))


@dg.op(ins=AFTER)
def translation(context):
    context.log_event(dg.AssetMaterialization("translation"))


@dg.op(ins=AFTER)
def tts_segments(context):
    context.log_event(dg.AssetMaterialization("tts_segments"))


@dg.op
def start():
    """Nothing."""


@dg.job
def dub_job():
    """The events of a dub."""
    tts_segments(translation(transcript(stems(start()))))


class Trouble:
    """Why the runs of ``dub_job`` above fail; None if they succeed."""

    reason: str | None = None


class World:
    """The delivery service and what it works on.

    ``now_s`` is the clock of deliveries, which tests advance; the events of runs have the real time. A tick waits for
    its attempts up to ``wait_s``, longer than in production.
    """

    wait_s = 300.0

    def __init__(self, environment: Mapping[str, str], instance: dg.DagsterInstance) -> None:
        self.settings = settings_from({**environment, **OPEN})
        self.instance = instance
        self.now_s = time.time() + 60
        self.definitions = definitions(self.settings, FakeProgress())
        self.restart()

    def restart(self) -> None:
        """Act as a new process, without the state in memory."""
        self.services = CallbackServices(self.settings, now_s=lambda: self.now_s)

    @property
    def archive(self) -> JobArchive:
        return StorageResource.of(self.settings).archive

    @property
    def service(self) -> DeliveryService:
        return self.services.service(self.instance)

    def tick(self) -> str:
        """Reconcile, as ``callbacks_sensor`` does, and wait for the attempts."""
        return self.service.reconcile(wait_s=self.wait_s)

    def ticks(self, count: int, *, pause_s: float = 0.0) -> None:
        for _ in range(count):
            self.tick()
            self.now_s += pause_s

    def tags(self, job_id: str, url: str, *, task: str = "full_pipeline", message: str = "m1") -> dict[str, str]:
        return {
            tags.JOB_ID: job_id,
            tags.PROJECT_ID: "shop",
            tags.TASK: task,
            tags.MESSAGE_ID: message,
            tags.REQUEST_KEY: request_key(message),
            tags.CALLBACK_URL: url.replace("{job_id}", job_id),
            tags.CALLBACKS: "pending",
        }

    def dub(self, job_id: str, url: str, *, message: str = "m1") -> dg.ExecuteInProcessResult:
        """Do what the queue's sensor does with a message, and execute the run."""
        request = dub_request(job_id)
        self.archive.save(request_key(message), request)
        self.archive.save(job_record_key(job_id), request)
        self.instance.add_dynamic_partitions(jobs_partitions.name, [job_id])
        return self.definitions.resolve_job_def("dub_job").execute_in_process(
            instance=self.instance,
            partition_key=job_id,
            raise_on_error=False,
            tags=self.tags(job_id, url, message=message),
        )

    def talk(self, job_id: str, url: str, *, message: str = "m1", **more: str) -> dg.ExecuteInProcessResult:
        """Execute a run that has the events, request and document of a dub and does no work."""
        request = dub_request(job_id)
        self.archive.save(request_key(message), request)
        document = {"source_lang": "en", "segments": []}
        self.archive.store.put(request.metadata_key, json.dumps(document).encode(), "application/json")
        return self.run_job(dub_job, {**self.tags(job_id, url, message=message), **more})

    def run_job(self, job: dg.JobDefinition, run_tags: dict[str, str], **arguments: Any) -> dg.ExecuteInProcessResult:
        return job.execute_in_process(instance=self.instance, raise_on_error=False, tags=run_tags, **arguments)

    def add_run(self, run_tags: dict[str, str], *, job: str = "dub_job", **fields: Any) -> dg.DagsterRun:
        """Store a run that has not started."""
        run = dg.DagsterRun(job_name=job, tags=run_tags, status=dg.DagsterRunStatus.NOT_STARTED, **fields)
        return self.instance.add_run(run)

    def callbacks_tag(self, run_id: str) -> str:
        return self.instance.get_run_by_id(run_id).tags[tags.CALLBACKS]

    def log_of(self, run_id: str) -> list[str]:
        return [entry.message for entry in self.instance.all_logs(run_id) if entry.is_dagster_event]


def ids(receiver: CallbackReceiver) -> list[str]:
    return [request.headers["webhook-id"] for request in receiver.received]
