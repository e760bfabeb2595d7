"""The run launcher of one machine: the daemon starts a process for each run, without the code server."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import psutil

from dub_assets.adapters.dagster_private import (
    GRPC_INFO_TAG,
    CheckRunHealthResult,
    DagsterUserCodeUnreachableError,
    ExecuteRunArgs,
    JobPythonOrigin,
    LaunchRunContext,
    WorkerStatus,
)
from dub_assets.resources.tags import LAUNCHED_ON
from dub_assets.service.workers import process

_LOGS_PID_WITHIN_S = 60
"""How long a started run may take to log its process id."""

_STARTS_WITHIN_S = 30
"""Time from the status STARTING to the start of the process."""

_INTERRUPTED_WITHIN_S = 3
"""Time from the report that a run is being cancelled to the interruption of its process."""

_ENDS_WITHIN_S = 30
"""How long an interrupted process may take to end before another call kills it."""

_THIS_MACHINE = ('"socket"', '"localhost"', '"127.0.0.1"')


class LocalRunLauncher(dg.DefaultRunLauncher):
    """Starts runs as processes of this machine and checks whether they are alive.

    Dagster's own launcher asks the code server to start the process. While that server is down, loading or slow, the
    request fails, and Dagster fails the run. Here the daemon starts the process itself, which takes milliseconds on
    any host. Every failure to start is reported as ``DagsterUserCodeUnreachableError``, after which Dagster puts the
    run back into its queue. A run whose code server is on another host is still started by that server.
    """

    checks_starting_runs = True
    """Whether ``check_run_worker_health`` accepts runs that have not started yet."""

    def __init__(self, inst_data: object = None) -> None:
        super().__init__(inst_data=inst_data)  # type: ignore[arg-type]  # Dagster's, which it does not export
        self._children: list[subprocess.Popen[bytes]] = []

    @property
    def supports_check_run_worker_health(self) -> bool:
        """True: Dagster's monitoring calls ``check_run_worker_health``."""
        return True

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start a run's process. Raises DagsterUserCodeUnreachableError, after which Dagster queues the run again."""
        run = context.dagster_run
        try:
            origin = context.job_code_origin
            if origin is None or not _has_local_code(run):
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
            return  # an earlier attempt, which Dagster took for failed, has started it
        self._instance.add_run_tags(run.run_id, {LAUNCHED_ON: socket.gethostname()})
        arguments = ExecuteRunArgs(job_origin=origin, run_id=run.run_id, instance_ref=self._instance.get_ref())
        python = origin.executable_path or sys.executable
        command = [python, "-m", process.__name__, run.run_id, dg.serialize_value(arguments)]
        self._children.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))  # noqa: S603 - no shell

    def terminate(self, run_id: str) -> bool:
        """Interrupt a run, so that it ends as cancelled; False if it has ended already.

        A later call does not interrupt it again. It kills the process, with its children, if that has not ended after
        30 s.
        """
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished or GRPC_INFO_TAG in run.tags:
            return bool(super().terminate(run_id))
        if run.status is not dg.DagsterRunStatus.CANCELING:
            self._instance.report_run_canceling(run)
        running = _process_of(run_id) or self._process_of_command(run)
        since_s = self._canceling_for_s(run_id)
        if running is not None and since_s < _INTERRUPTED_WITHIN_S:
            running.terminate()
        elif running is not None and since_s > _ENDS_WITHIN_S:
            _kill_tree(running)
            self._report_canceled(run_id, "The run was cancelled; its process did not end by itself and was killed.")
        elif running is None and _is_of_this_machine(run):
            self._report_canceled(run_id, "The run was cancelled; its process had ended.")
        return True

    def _process_of_command(self, run: dg.DagsterRun) -> psutil.Process | None:
        """Return the process of a command of this machine, such as `dub-assets dub`, that executes a run in itself."""
        logged = self._logged_process(run.run_id) if LAUNCHED_ON not in run.tags else None
        return psutil.Process(logged[0]) if logged and _is_alive(*logged) and _is_command(logged[0]) else None

    def _canceling_for_s(self, run_id: str) -> float:
        """Return the time since a run was first reported as being cancelled."""
        asked = self._instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.RUN_CANCELING, limit=1).records
        return time.time() - asked[0].timestamp if asked else 0.0

    def _report_canceled(self, run_id: str, message: str) -> None:
        """Report a run as cancelled, unless its process has reported its end meanwhile."""
        run = self._instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            self._instance.report_run_canceled(run, message)

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Return whether the process of a starting or started run is alive."""
        if not _is_of_this_machine(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING, "it runs on another machine")
        if run.status is dg.DagsterRunStatus.STARTING:
            return self._starting(run.run_id)
        logged = self._logged_process(run.run_id)
        if logged is None:
            return self._without_pid(run.run_id)
        pid, logged_s = logged
        if _is_alive(pid, logged_s):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"its process {pid} is gone: it was killed or lost")

    def _starting(self, run_id: str) -> CheckRunHealthResult:
        """Return whether a starting run has a process, which may take any time to load the code."""
        launched_s = self._instance.get_run_stats(run_id).launch_time or 0.0
        if time.time() - launched_s < _STARTS_WITHIN_S or _process_of(run_id) is not None:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "its process was lost before it began")

    def _logged_process(self, run_id: str) -> tuple[int, float] | None:
        """Return the process id that a run logged last, and when (Unix time); None if it has logged none."""
        logged = None
        for entry in self._instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            pid = entry.get_dagster_event().engine_event_data.metadata.get("pid")
            if pid is not None:
                logged = int(str(pid.value)), entry.timestamp
        return logged

    def _without_pid(self, run_id: str) -> CheckRunHealthResult:
        record = self._instance.get_run_record_by_id(run_id)
        started_s = record.start_time if record else None
        if started_s is None or time.time() - started_s < _LOGS_PID_WITHIN_S:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "it has not logged its process id yet")
        return CheckRunHealthResult(WorkerStatus.FAILED, "it has started and never logged its process id")


def _has_local_code(run: dg.DagsterRun) -> bool:
    """Return whether a run's code server is on this machine, so that its code can be loaded here."""
    if run.remote_job_origin is None:
        return False
    location = run.remote_job_origin.repository_origin.code_location_origin
    host = getattr(location, "host", None)
    return host is None or host in {"localhost", "127.0.0.1", "::1", socket.gethostname()}


def _is_of_this_machine(run: dg.DagsterRun) -> bool:
    """Return whether this launcher, the command line or a code server of this machine started a run."""
    host, server = run.tags.get(LAUNCHED_ON), run.tags.get(GRPC_INFO_TAG, "")
    if host is not None:
        return host == socket.gethostname()
    return not server or any(host in server for host in _THIS_MACHINE)


def _process_of(run_id: str) -> psutil.Process | None:
    """Return the process whose command line has the run's id."""
    for candidate in psutil.process_iter(["cmdline"]):
        command = candidate.info["cmdline"] or ()
        if process.__name__ in command and run_id in command:
            return candidate
    return None


def _is_command(pid: int) -> bool:
    """Return whether a process is a command of dub_assets: on another machine, the same id is another process."""
    with contextlib.suppress(psutil.Error):
        return any(Path(part).name in {"dub-assets", "dub_assets.cli"} for part in psutil.Process(pid).cmdline())
    return False


def _kill_tree(process: psutil.Process) -> None:
    """Kill a process and its children."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()


def _is_alive(pid: int, logged_s: float) -> bool:
    """Return whether a process runs that is older than its entry in the log: process ids are reused."""
    try:
        running = psutil.Process(pid)
        return running.create_time() <= logged_s + 1 and running.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
