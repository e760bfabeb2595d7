"""A deployment of the service on a queue: an instance, a store, and the sensor, ticked as by Dagster's daemon."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import dagster as dg
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from support.fakes import FakeProgress

from dub_assets.core.codec import decode
from dub_assets.core.keys import REFUSALS
from dub_assets.definitions import definitions
from dub_assets.service.pending_messages import RefusedMessage, RefusedMessages
from dub_assets.service.queue.consumer import DEAD_LETTERS
from dub_assets.service.queue.sensor import job_queue_sensor
from dub_assets.settings import settings_from

RUN_KEY = "dagster/run_key"
_REPOSITORY = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("dub_assets"), "__repository__")


def full(job_id: str = "talk-1", *, project_id: str = "shop", **fields: Any) -> str:
    message = {"job_id": job_id, "project_id": project_id, "input_key": f"projects/{project_id}/inputs/talk.mp4"}
    return json.dumps(message | {"callback_url": "https://consumer.example/jobs/{job_id}"} | fields)


class Deployment:
    """Ticks like the daemon: evaluates the sensor, then stores its partitions and runs, then its cursor."""

    def __init__(self, environment: dict[str, str], instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.cursor: str | None = None
        self.definitions = definitions(settings_from(environment), FakeProgress())
        self._repository = self.definitions.get_repository_def()
        resources = self.definitions.resources
        self.queue_resource, self.job_resources = resources["queue"], resources["job_resources"]

    @property
    def store(self):
        return self.job_resources.storage.archive.store

    def evaluate(self) -> Any:
        """Evaluate the sensor and store nothing."""
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            repository_def=self._repository,
            resources={"queue": self.queue_resource, "job_resources": self.job_resources},
        ) as context:
            # as in the daemon, whose context has its instance by reference
            vars(context)["caching_dynamic_partitions_loader"] = self.instance
            answer = job_queue_sensor.evaluate_tick(context)
        assert DEAD_LETTERS.wait(600), "refused messages are not moved"
        return answer

    def tick(self) -> Any:
        answer = self.evaluate()
        self.store_runs(answer.run_requests or ())
        self.keep(answer)
        return answer

    def store_runs(self, requests: Sequence[dg.RunRequest], *, status=dg.DagsterRunStatus.QUEUED) -> None:
        for request in requests:
            known = self.runs(request.run_key)
            if not known:
                run = dg.DagsterRun(
                    job_name=request.job_name,
                    tags={**request.tags, RUN_KEY: request.run_key},
                    run_config=request.run_config,
                    status=status,
                    remote_job_origin=RemoteJobOrigin(_REPOSITORY, request.job_name),
                )
                self.instance.add_run(run)
            elif known[0].status is dg.DagsterRunStatus.NOT_STARTED:
                self.queued(known[0])

    def queued(self, run: dg.DagsterRun) -> None:
        self.instance.delete_run(run.run_id)
        self.instance.add_run(run.with_status(dg.DagsterRunStatus.QUEUED))

    def keep(self, answer: Any) -> None:
        for request in answer.dynamic_partitions_requests or ():
            self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        self.cursor = answer.cursor

    def refusals(self) -> list[RefusedMessage]:
        """Return the recorded refusals; a message that was refused twice is there twice."""
        store = self.store
        records = [decode(RefusedMessages, store.get(item.key)) for item in store.list(REFUSALS)]
        return [message for record in records for message in record.messages]

    def runs(self, run_key: str | None = None) -> list[dg.DagsterRun]:
        return list(self.instance.get_runs(dg.RunsFilter(tags={RUN_KEY: run_key}) if run_key else None))

    def restart(self, instance: dg.DagsterInstance) -> None:
        """Continue with a new instance and an empty store."""
        self.instance = instance
        self.cursor = None
        self.store.delete([stored.key for stored in self.store.list("jobs/")])

    def finish_runs(self) -> None:
        """End every queued run."""
        for run in self.runs():
            if run.status is dg.DagsterRunStatus.QUEUED:
                self.instance.delete_run(run.run_id)
                self.instance.add_run(run.with_status(dg.DagsterRunStatus.SUCCESS))
