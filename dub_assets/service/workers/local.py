"""The launcher of one machine: the daemon starts a process for each run, without the code server."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import dagster as dg
import psutil
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, LaunchRunContext, WorkerStatus
from dagster._core.origin import JobPythonOrigin
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import serialize_value

from dub_assets.resources.tags import LAUNCHED_ON
from dub_assets.service.workers import process

_NAMELESS_S = 60
"""Seconds that a started run may take to log its process id; it does so within a moment."""

_STARTS_WITHIN_S = 30
"""Seconds between a run becoming STARTING and its process being there."""

_HERE = ('"socket"', '"localhost"', '"127.0.0.1"')


class LocalRunLauncher(DefaultRunLauncher):
    """Starts runs as processes of this machine and checks whether they are alive.

    Dagster's own launcher asks the code server to start the process. While that server is down, loading or slow, the
    request fails, and Dagster fails the run. Here the daemon starts the process itself, which takes milliseconds on
    any host. Every failure to start is reported as ``DagsterUserCodeUnreachableError``, after which Dagster puts the
    run back into its queue. A run whose code server is on another host is still started by that server.
    """

    checks_starting_runs = True
    """Whether ``check_run_worker_health`` takes runs that have not begun yet."""

    def __init__(self, inst_data: object = None) -> None:
        super().__init__(inst_data=inst_data)  # type: ignore[arg-type]  # Dagster's, which it does not export
        self._children: list[subprocess.Popen[bytes]] = []

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Dagster's monitoring may ask."""
        return True

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start a run's process. Raises DagsterUserCodeUnreachableError, after which Dagster queues the run again."""
        run = context.dagster_run
        try:
            origin = context.job_code_origin
            if origin is None or not _code_is_here(run):
                super().launch_run(context)
            else:
                self._start(run, origin)
        except DagsterUserCodeUnreachableError:
            raise
        except Exception as error:
            raise DagsterUserCodeUnreachableError(f"the run's process could not be started: {error}") from error

    def _start(self, run: dg.DagsterRun, origin: JobPythonOrigin) -> None:
        self._children = [child for child in self._children if child.poll() is None]
        if _process_of(run.run_id) is not None:
            return  # an attempt that Dagster took for failed had started it
        self._instance.add_run_tags(run.run_id, {LAUNCHED_ON: socket.gethostname()})
        arguments = ExecuteRunArgs(job_origin=origin, run_id=run.run_id, instance_ref=self._instance.get_ref())
        python = origin.executable_path or sys.executable
        command = [python, "-m", process.__name__, run.run_id, serialize_value(arguments)]
        self._children.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))  # noqa: S603 - no shell

    def terminate(self, run_id: str) -> bool:
        """Interrupt a run, so that it ends as cancelled; False if it has ended already."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished or GRPC_INFO_TAG in run.tags:
            return bool(super().terminate(run_id))
        self._instance.report_run_canceling(run)
        running = _process_of(run_id)
        if running is not None:
            running.terminate()
        elif run.tags.get(LAUNCHED_ON) == socket.gethostname():
            self._instance.report_run_canceled(run, "The run was cancelled; its process had ended.")
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Return whether the process of a starting or started run is alive."""
        if not _is_of_this_machine(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING, "it runs on another machine")
        if run.status is dg.DagsterRunStatus.STARTING:
            return self._starting(run.run_id)
        named = self._named_process(run.run_id)
        if named is None:
            return self._nameless(run.run_id)
        pid, named_s = named
        if _is_alive(pid, named_s):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"its process {pid} is gone: it was killed or lost")

    def _starting(self, run_id: str) -> CheckRunHealthResult:
        """A process may take any time to load the code; without a process, the run waits for nothing."""
        launched_s = self._instance.get_run_stats(run_id).launch_time or 0.0
        if time.time() - launched_s < _STARTS_WITHIN_S or _process_of(run_id) is not None:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "its process was lost before it began")

    def _named_process(self, run_id: str) -> tuple[int, float] | None:
        """The process that a run named last, and when (Unix time); None if it has named none."""
        named = None
        for entry in self._instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            pid = entry.get_dagster_event().engine_event_data.metadata.get("pid")
            if pid is not None:
                named = int(str(pid.value)), entry.timestamp
        return named

    def _nameless(self, run_id: str) -> CheckRunHealthResult:
        record = self._instance.get_run_record_by_id(run_id)
        begun_s = record.start_time if record else None
        if begun_s is None or time.time() - begun_s < _NAMELESS_S:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "it has not named its process yet")
        return CheckRunHealthResult(WorkerStatus.FAILED, "it has begun and never named its process")


def _code_is_here(run: dg.DagsterRun) -> bool:
    """Whether the code server of a run is a process of this machine, and so the code can be loaded here."""
    if run.remote_job_origin is None:
        return False
    location = run.remote_job_origin.repository_origin.code_location_origin
    host = getattr(location, "host", None)
    return host is None or host in {"localhost", "127.0.0.1", "::1", socket.gethostname()}


def _is_of_this_machine(run: dg.DagsterRun) -> bool:
    """Whether a run was started here: by this launcher, by the command line, or by a code server of this machine."""
    host, server = run.tags.get(LAUNCHED_ON), run.tags.get(GRPC_INFO_TAG, "")
    if host is not None:
        return host == socket.gethostname()
    return not server or any(here in server for here in _HERE)


def _process_of(run_id: str) -> psutil.Process | None:
    """The process that this launcher started for a run, from its command line."""
    for candidate in psutil.process_iter(["cmdline"]):
        command = candidate.info["cmdline"] or ()
        if process.__name__ in command and run_id in command:
            return candidate
    return None


def _is_alive(pid: int, named_s: float) -> bool:
    try:
        named = psutil.Process(pid)
        return named.create_time() <= named_s + 1 and named.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
