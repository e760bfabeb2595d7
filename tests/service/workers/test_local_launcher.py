"""``LocalRunLauncher`` and lost starts, with real processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psutil
import pytest
import yaml
from dagster._core.events import EngineEventData
from dagster._core.launcher import WorkerStatus
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.tags import GRPC_INFO_TAG

from dub_assets.service.run_recovery import requeue_lost_starts
from dub_assets.service.workers.local import LocalRunLauncher
from dub_assets.service.workers.process import only_process

SLEEPS = "import time; time.sleep(600)"
PROCESS = "dub_assets.service.workers.process"
_REPOSITORY = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("dub_assets"), "__repository__")


class Machine:
    """An instance with the launcher."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.launcher = LocalRunLauncher()
        self.launcher.register_instance(instance)

    def add_started_run(self, *, pid: int | None, tags: dict[str, str] | None = None) -> dg.DagsterRun:
        """Add a run that has started and, with a ``pid``, logged its process id."""
        run = self.instance.add_run(dg.DagsterRun(job_name="dub_job", tags=tags or {}))
        self.instance.report_dagster_event(
            dg.DagsterEvent(event_type_value="PIPELINE_START", job_name="dub_job"), run.run_id
        )
        if pid is not None:
            self.instance.report_engine_event("Executing steps in process", run, EngineEventData.in_process(pid))
        return self.instance.get_run_by_id(run.run_id)

    def health(self, run: dg.DagsterRun) -> WorkerStatus:
        return self.launcher.check_run_worker_health(run).status


@pytest.fixture
def machine() -> Iterator[Machine]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Machine(instance)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as sleeper:
        yield sleeper
        sleeper.kill()


def test_a_run_is_alive_as_long_as_its_process(machine: Machine, process: subprocess.Popen[bytes]):
    run = machine.add_started_run(pid=process.pid)
    assert machine.health(run) is WorkerStatus.RUNNING
    process.kill()
    process.wait()
    assert machine.health(run) is WorkerStatus.FAILED


def test_a_zombie_process_is_not_alive(machine: Machine, process: subprocess.Popen[bytes]):
    run = machine.add_started_run(pid=process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended and stays a zombie
    assert machine.health(run) is WorkerStatus.FAILED


def test_a_later_process_with_the_same_id_is_another_one(
    machine: Machine, process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
):
    hour_ago_s = time.time() - 3600
    with monkeypatch.context() as before:
        before.setattr(time, "time", lambda: hour_ago_s)
        run = machine.add_started_run(pid=process.pid)
    assert machine.health(run) is WorkerStatus.FAILED


def test_a_run_has_a_minute_to_log_its_process_id(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    run = machine.add_started_run(pid=None)
    assert machine.health(run) is WorkerStatus.RUNNING
    later_s = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later_s)
    assert machine.health(run) is WorkerStatus.FAILED


def test_runs_of_other_machines_count_as_alive(machine: Machine, process: subprocess.Popen[bytes]):
    run = machine.add_started_run(pid=process.pid, tags={GRPC_INFO_TAG: '{"host": "10.0.0.7", "port": 4000}'})
    process.kill()
    process.wait()
    assert machine.health(run) is WorkerStatus.RUNNING


def test_the_default_instance_has_this_launcher(tmp_path):
    shutil.copy("dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert isinstance(instance.run_launcher, LocalRunLauncher)
        assert instance.run_launcher.supports_check_run_worker_health
        assert instance.run_monitoring_enabled


def add_starting_run(machine: Machine) -> dg.DagsterRun:
    """Add a run for which Dagster has asked the launcher for a process."""
    origin = RemoteJobOrigin(_REPOSITORY, "dub_job")
    queued = dg.DagsterRun(job_name="dub_job", status=dg.DagsterRunStatus.QUEUED, remote_job_origin=origin)
    run = machine.instance.add_run(queued)
    for kind in ("PIPELINE_ENQUEUED", "PIPELINE_STARTING"):
        event = dg.DagsterEvent(event_type_value=kind, job_name="dub_job")
        machine.instance.report_dagster_event(event, run.run_id)
    return machine.instance.get_run_by_id(run.run_id)


@pytest.fixture
def local(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(dg.DagsterInstance, "run_launcher", machine.launcher)
    return machine


def advance_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    later_s = time.time() + seconds
    monkeypatch.setattr("dub_assets.service.workers.local.time.time", lambda: later_s)


def test_requeues_a_run_whose_process_was_lost_before_it_started(local: Machine, monkeypatch):
    run = add_starting_run(local)
    assert requeue_lost_starts(local.instance) == []
    advance_clock(monkeypatch, 31)
    assert requeue_lost_starts(local.instance) == [run.run_id]
    assert local.instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.QUEUED
    assert requeue_lost_starts(local.instance) == []


def test_a_process_may_take_any_time_to_start(local: Machine, monkeypatch):
    run = add_starting_run(local)
    command = [sys.executable, "-c", SLEEPS, PROCESS, run.run_id]
    with subprocess.Popen(command) as slow:
        advance_clock(monkeypatch, 3000)
        assert requeue_lost_starts(local.instance) == []
        slow.kill()
        slow.wait()
        assert requeue_lost_starts(local.instance) == [run.run_id]


def test_fails_a_run_after_twenty_starts(local: Machine, monkeypatch):
    run = add_starting_run(local)
    for _ in range(19):
        enqueued = dg.DagsterEvent(event_type_value="PIPELINE_ENQUEUED", job_name="dub_job")
        local.instance.report_dagster_event(enqueued, run.run_id)
    starting_again = dg.DagsterEvent(event_type_value="PIPELINE_STARTING", job_name="dub_job")
    local.instance.report_dagster_event(starting_again, run.run_id)
    advance_clock(monkeypatch, 31)
    assert requeue_lost_starts(local.instance) == []
    assert local.instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE


IGNORES = f"import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(); {SLEEPS}"
"""The code of a process that SIGTERM does not end; it writes a line once that is so."""


def started(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-u", "-c", code, *arguments], stdout=subprocess.PIPE)


def status_of(machine: Machine, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    return machine.instance.get_run_by_id(run.run_id).status


def test_interrupts_the_process_of_a_run_once(local: Machine, monkeypatch):
    run = local.add_started_run(pid=None)
    counts = "import signal, time; signal.signal(15, lambda *_: print('interrupted')); print(); "
    with started(counts + "[time.sleep(0.1) for _ in range(6000)]", PROCESS, run.run_id) as process:
        process.stdout.readline()
        assert local.launcher.terminate(run.run_id)
        assert process.stdout.readline() == b"interrupted\n"
        advance_clock(monkeypatch, 10)
        assert local.launcher.terminate(run.run_id)
        assert status_of(local, run) is dg.DagsterRunStatus.CANCELING
        process.kill()
        assert process.stdout.read() == b""
    local.launcher.terminate(run.run_id)
    assert status_of(local, run) is dg.DagsterRunStatus.CANCELED
    assert local.launcher.terminate(run.run_id) is False


def test_kills_a_process_that_does_not_end_and_its_children(local: Machine, monkeypatch):
    run = local.add_started_run(pid=None)
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPS!r}]); {IGNORES}"
    with started(parent, PROCESS, run.run_id) as process:
        process.stdout.readline()
        (child,) = psutil.Process(process.pid).children()
        local.launcher.terminate(run.run_id)
        assert process.poll() is None
        advance_clock(monkeypatch, 31)
        local.launcher.terminate(run.run_id)
        assert process.wait(60) == -signal.SIGKILL
        child.wait(60)
    assert status_of(local, run) is dg.DagsterRunStatus.CANCELED


@pytest.mark.parametrize(("arguments", "ends"), [(["dub-assets", "dub"], True), (["backup"], False)])
def test_ends_a_command_that_executes_a_run_and_no_other_process(local: Machine, arguments, ends):
    with started(SLEEPS, *arguments) as process:
        run = local.add_started_run(pid=process.pid)
        local.launcher.terminate(run.run_id)
        if ends:
            assert process.wait(60) == -signal.SIGTERM
        else:
            assert process.poll() is None
            process.kill()


def test_a_run_has_one_process_at_a_time(tmp_path):
    with (
        only_process("run", tmp_path) as first,
        only_process("run", tmp_path) as second,
        only_process("other", tmp_path) as other,
    ):
        assert (first, second, other) == (True, False, True)
    with only_process("run", tmp_path) as again:
        assert again


@pytest.mark.parametrize(
    "setup", ["dagster.yaml", *(f"setups/{name}/dagster.yaml" for name in ("warm", "cluster", "ecs"))]
)
def test_every_set_up_retries_lost_runs_and_runs_that_cannot_be_started(setup: str):
    settings = yaml.safe_load(Path(setup).read_text(encoding="utf-8"))
    queue = settings["run_queue"]
    assert queue["max_user_code_failure_retries"] * queue["user_code_failure_retry_delay"] >= 4 * 3600
    assert queue["dequeue_use_threads"]
    assert settings["run_retries"] == {"enabled": True, "max_retries": 3, "retry_on_asset_or_op_failure": False}
    assert settings["run_monitoring"]["start_timeout_seconds"] >= 900
    assert settings["code_servers"]["local_startup_timeout"] >= 600
