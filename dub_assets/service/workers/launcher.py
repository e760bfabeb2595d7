"""The run launcher that sends runs to warm workers through Celery. docs/workers.md describes the set-ups."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from celery.exceptions import OperationalError
from dagster_celery.config import TASK_EXECUTE_JOB_NAME
from dagster_celery.launcher import CeleryRunLauncher

from dub_assets.adapters.dagster_private import (
    CheckRunHealthResult,
    ConfigurableClassData,
    DagsterUserCodeUnreachableError,
    ExecuteRunArgs,
    LaunchRunContext,
    WorkerStatus,
    pack_value,
)
from dub_assets.resources.tags import TASK
from dub_assets.service.workers import folder_broker
from dub_assets.service.workers.worker_registry import WorkerRegistry

_QUEUE_TAG = "dagster-celery/queue"
_ENDED = {"SUCCESS", "FAILURE", "REVOKED"}
_PUBLISH_RETRIES = {
    "task_publish_retry_policy": {"max_retries": 3, "interval_start": 0.2, "interval_step": 0.5, "interval_max": 2}
}
_ONE_AT_A_TIME = {True: {"worker_disable_prefetch": True}, False: {"task_acks_late": True}}
"""By whether the broker is a server: keeps a worker from reserving a second run that it cannot start."""


class WarmRunLauncher(CeleryRunLauncher):
    """``CeleryRunLauncher`` with four changes.

    - A run's id is its task's id. The base class writes the task's id into a tag after sending it, when a warm worker
      may be writing the run's status; Dagster writes both as one value, so one of the two would be lost.
    - A run is reported as being cancelled before it is ended, so it ends as cancelled and not as failed and retried.
    - The workers are asked whether a run is alive. The stored state of a task stays STARTED if its host is lost.
    - If the broker cannot be reached, a run returns to Dagster's queue instead of failing.
    """

    def __init__(
        self,
        default_queue: str,
        broker: str | None = None,
        backend: str | None = None,
        queues: Mapping[str, str] | None = None,
        silence_seconds: int = 60,
        config_source: Mapping[str, Any] | None = None,
        inst_data: ConfigurableClassData | None = None,
    ) -> None:
        folder_broker.register()
        self.queues = dict(queues or {})
        self._silence_s = silence_seconds
        self._silent_since: dict[str, float] = {}
        self._folder: Path | None = None
        super().__init__(
            default_queue=default_queue,
            broker=broker or folder_broker.URL,
            backend=backend or broker,
            config_source={**_ONE_AT_A_TIME[bool(broker)], **_PUBLISH_RETRIES, **(config_source or {})},
            inst_data=inst_data,
        )
        self._workers = WorkerRegistry(self.celery)

    @classmethod
    def config_type(cls) -> Any:
        """The launcher's configuration in ``dagster.yaml``."""
        return {
            "broker": dg.Field(
                dg.Noneable(dg.StringSource),
                is_required=False,
                description="URL of the broker, such as redis://host:6379/0; without one, a folder of the Dagster home "
                "is the broker and a SQLite file keeps the results: one machine, no server.",
            ),
            "backend": dg.Field(
                dg.Noneable(dg.StringSource), is_required=False, description="URL of results; unset: broker."
            ),
            "default_queue": dg.Field(
                dg.StringSource, is_required=False, default_value="dubs", description="Queue of runs."
            ),
            "queues": dg.Field(
                dg.Permissive(), is_required=False, description="Queue by task (tag dub/task): `segment_mix: edits`."
            ),
            "silence_seconds": dg.Field(
                dg.IntSource,
                is_required=False,
                default_value=60,
                description="A run that no worker has been working on for this long has lost its worker.",
            ),
            "config_source": dg.Field(dg.Permissive(), is_required=False, description="Further settings of Celery."),
        }

    def register_instance(self, instance: dg.DagsterInstance) -> None:
        """Set the instance; the folder of a broker without a server is in its home."""
        super().register_instance(instance)
        if self.broker == folder_broker.URL:
            self._folder = Path(instance.root_directory) / "workers"
            self.celery.conf.broker_transport_options = folder_broker.transport_options(self._folder)
            self.celery.conf.result_backend = f"db+sqlite:///{self._folder / 'results.sqlite'}"

    @property
    def all_queues(self) -> list[str]:
        """The queues that the configuration names."""
        return list(dict.fromkeys([self.default_queue, *self.queues.values()]))

    @property
    def supports_resume_run(self) -> bool:
        """False: a run that lost its worker is retried by another run, which keeps finished products."""
        return False

    def tidy(self) -> None:
        """Remove messages and results that earlier processes left in the folder; Redis expires them by itself."""
        if self._folder is not None:
            folder_broker.sweep(self._folder)
            self.celery.backend.cleanup()

    def launch_run(self, context: LaunchRunContext) -> None:
        """Put a run into its queue. Raises DagsterUserCodeUnreachableError, after which Dagster tries again."""
        run = context.dagster_run
        queue = run.tags.get(_QUEUE_TAG) or self.queues.get(run.tags.get(TASK, ""), self.default_queue)
        if context.job_code_origin is None:
            raise ValueError(f"run {run.run_id} does not say which job it is of")
        arguments = ExecuteRunArgs(
            job_origin=context.job_code_origin,
            run_id=run.run_id,
            instance_ref=self._instance.get_ref(),
            set_exit_code_on_failure=True,
        )
        self._instance.report_engine_event(f"Sent to the workers of the queue {queue}.", run, cls=self.__class__)
        try:
            self.celery.send_task(
                TASK_EXECUTE_JOB_NAME,
                kwargs={"execute_job_args_packed": pack_value(arguments)},
                task_id=run.run_id,
                queue=queue,
            )
        except OperationalError as error:
            raise DagsterUserCodeUnreachableError(f"the broker of the workers cannot be reached: {error}") from error

    def terminate(self, run_id: str) -> bool:
        """Cancel a run. Return False if it has ended already."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        if run.status is not dg.DagsterRunStatus.CANCELING:
            self._instance.report_run_canceling(run)
        self.celery.control.revoke(run_id, terminate=True)
        if run.status is dg.DagsterRunStatus.STARTING and not self._has_started(run_id):
            self._instance.report_run_canceled(run, "The run was cancelled before a worker took it up.")
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Return whether a worker works on a run. Dagster's monitoring asks this of runs that have started."""
        answers = self._workers.tasks()
        if any(run.run_id in tasks for tasks in answers.values()):
            self._silent_since.pop(run.run_id, None)
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        result = self.celery.AsyncResult(run.run_id)
        state, info = result.state, result.info
        if state in _ENDED:  # Dagster reads the run again and fails it only if it has not ended by now
            return self._lost(run, f"its worker has ended without ending the run ({state.lower()})")
        worker = str(info.get("hostname")) if isinstance(info, dict) else ""
        if worker in answers and self._workers.knows(run.run_id).get(worker) is False:
            return self._lost(run, f"its worker {worker} was restarted")
        silent_s = time.monotonic() - self._silent_since.setdefault(run.run_id, time.monotonic())
        if silent_s < self._silence_s:
            return CheckRunHealthResult(WorkerStatus.RUNNING, f"no worker has named the run for {silent_s:.0f} s")
        return self._lost(run, f"its worker {worker} has not answered for {silent_s:.0f} s")

    def get_run_worker_debug_info(self, run: dg.DagsterRun, include_container_logs: bool | None = True) -> str | None:  # noqa: ARG002
        """Return the state of a run's task, and the workers that answer."""
        result = self.celery.AsyncResult(run.run_id)
        alive = ", ".join(self._workers.tasks()) or "none"
        return f"task {result.state} {result.info or ''}; workers that answer: {alive}"

    def _has_started(self, run_id: str) -> bool:
        return self.celery.AsyncResult(run_id).state != "PENDING" or any(
            run_id in tasks for tasks in self._workers.tasks().values()
        )

    def _lost(self, run: dg.DagsterRun, reason: str) -> CheckRunHealthResult:
        self._silent_since.pop(run.run_id, None)
        return CheckRunHealthResult(WorkerStatus.FAILED, reason)
