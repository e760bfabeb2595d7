"""The launcher that hands runs to warm workers; ``dagster.yaml`` names it, docs/workers.md tells how."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from celery.exceptions import OperationalError
from dagster import _check as check
from dagster._config import Field, IntSource, Noneable, Permissive, StringSource
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClassData, pack_value
from dagster_celery.config import TASK_EXECUTE_JOB_NAME
from dagster_celery.launcher import CeleryRunLauncher

from dub_assets.resources.tags import TASK
from dub_assets.service.workers import folder_broker
from dub_assets.service.workers.worker_registry import WorkerRegistry

_QUEUE_TAG = "dagster-celery/queue"
_ENDED = {"SUCCESS", "FAILURE", "REVOKED"}
_SECOND_TRY = {
    "task_publish_retry_policy": {"max_retries": 3, "interval_start": 0.2, "interval_step": 0.5, "interval_max": 2}
}
_ONE_AT_A_TIME = {True: {"worker_disable_prefetch": True}, False: {"task_acks_late": True}}
"""How a worker with a server for a broker, or without one, is kept from taking a second run that it cannot begin."""


class WarmRunLauncher(CeleryRunLauncher):
    """Celery's launcher with four things put right.

    - A run's id is its task's id. The stock launcher writes the task's into a tag once it is sent, when a warm worker
      is writing the run's status already; Dagster writes both as one value, and one of the two is lost.
    - A run that is ended is first reported as being cancelled: it ends as cancelled, not as failed and tried again.
    - Whether a run goes on is asked of the workers. The stored state says STARTED for ever where a host is gone.
    - Where the broker cannot be reached, a run goes back to Dagster's queue rather than being failed.
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
            config_source={**_ONE_AT_A_TIME[bool(broker)], **_SECOND_TRY, **(config_source or {})},
            inst_data=inst_data,
        )
        self._roster = WorkerRegistry(self.celery)

    @classmethod
    def config_type(cls) -> Any:
        """What ``dagster.yaml`` may say."""
        return {
            "broker": Field(
                Noneable(StringSource),
                is_required=False,
                description="URL of the broker, such as redis://host:6379/0; without one, a folder of the Dagster home "
                "is the broker and a SQLite file keeps the results: one machine, no server.",
            ),
            "backend": Field(Noneable(StringSource), is_required=False, description="URL of results; unset: broker."),
            "default_queue": Field(StringSource, is_required=False, default_value="dubs", description="Queue of runs."),
            "queues": Field(
                Permissive(), is_required=False, description="Queue by task (tag dub/task): `segment_mix: edits`."
            ),
            "silence_seconds": Field(
                IntSource,
                is_required=False,
                default_value=60,
                description="A run that no worker has been working on for this long has lost its worker.",
            ),
            "config_source": Field(Permissive(), is_required=False, description="Further settings of Celery."),
        }

    def register_instance(self, instance: dg.DagsterInstance) -> None:
        """Learn whose launcher this is: the folder of a broker without a server is below its home."""
        super().register_instance(instance)
        if self.broker == folder_broker.URL:
            self._folder = Path(instance.root_directory) / "workers"
            self.celery.conf.broker_transport_options = folder_broker.transport_options(self._folder)
            self.celery.conf.result_backend = f"db+sqlite:///{self._folder / 'results.sqlite'}"

    @property
    def all_queues(self) -> list[str]:
        """Every queue that runs are put into by the configuration."""
        return list(dict.fromkeys([self.default_queue, *self.queues.values()]))

    @property
    def supports_resume_run(self) -> bool:
        """A run that lost its worker is repeated as another run (``run_retries``), which keeps what was made."""
        return False

    def tidy(self) -> None:
        """Remove what earlier processes left behind and Redis would forget by itself."""
        if self._folder is not None:
            folder_broker.sweep(self._folder)
            self.celery.backend.cleanup()

    def launch_run(self, context: LaunchRunContext) -> None:
        """Put a run into its queue. Raises DagsterUserCodeUnreachableError, for which Dagster tries again."""
        run = context.dagster_run
        queue = run.tags.get(_QUEUE_TAG) or self.queues.get(run.tags.get(TASK, ""), self.default_queue)
        arguments = ExecuteRunArgs(
            job_origin=check.not_none(context.job_code_origin),
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
        """End a run as cancelled; False where it has ended already."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        if run.status is not dg.DagsterRunStatus.CANCELING:
            self._instance.report_run_canceling(run)
        self.celery.control.revoke(run_id, terminate=True)
        if run.status is dg.DagsterRunStatus.STARTING and not self._is_begun(run_id):
            self._instance.report_run_canceled(run, "The run was cancelled before a worker took it up.")
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether a worker says that it works on the run. Dagster asks this of runs that have started."""
        answers = self._roster.tasks()
        if any(run.run_id in tasks for tasks in answers.values()):
            self._silent_since.pop(run.run_id, None)
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        result = self.celery.AsyncResult(run.run_id)
        state, told = result.state, result.info
        if state in _ENDED:  # Dagster looks at the run once more: one that has ended by now is not failed
            return self._lost(run, f"its worker has ended without ending the run ({state.lower()})")
        worker = str(told.get("hostname")) if isinstance(told, dict) else ""
        if worker in answers and self._roster.knows(run.run_id).get(worker) is False:
            return self._lost(run, f"its worker {worker} was started anew")
        silent_s = time.monotonic() - self._silent_since.setdefault(run.run_id, time.monotonic())
        if silent_s < self._silence_s:
            return CheckRunHealthResult(WorkerStatus.RUNNING, f"no worker has named the run for {silent_s:.0f} s")
        return self._lost(run, f"its worker {worker} has not answered for {silent_s:.0f} s")

    def get_run_worker_debug_info(self, run: dg.DagsterRun, include_container_logs: bool | None = True) -> str | None:  # noqa: ARG002
        """What is known of a run's worker."""
        result = self.celery.AsyncResult(run.run_id)
        present = ", ".join(self._roster.tasks()) or "none"
        return f"task {result.state} {result.info or ''}; workers that answer: {present}"

    def _is_begun(self, run_id: str) -> bool:
        return self.celery.AsyncResult(run_id).state != "PENDING" or any(
            run_id in tasks for tasks in self._roster.tasks().values()
        )

    def _lost(self, run: dg.DagsterRun, reason: str) -> CheckRunHealthResult:
        self._silent_since.pop(run.run_id, None)
        return CheckRunHealthResult(WorkerStatus.FAILED, reason)
