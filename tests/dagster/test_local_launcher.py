"""Whether a run's process lives, asked of real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.events import EngineEventData
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from dub_assets.launching.local import LocalRunLauncher


class Machine:
    """An instance with the launcher."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.launcher = LocalRunLauncher()
        self.launcher.register_instance(instance)

    def begun(self, *, pid: int | None, tags: dict[str, str] | None = None) -> dg.DagsterRun:
        """A run that has begun and, with a ``pid``, named its process."""
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


def test_a_run_lives_as_long_as_its_process(machine: Machine, process: subprocess.Popen[bytes]):
    run = machine.begun(pid=process.pid)
    assert machine.health(run) is WorkerStatus.RUNNING
    process.kill()
    process.wait()
    assert machine.health(run) is WorkerStatus.FAILED


def test_a_process_that_nobody_has_waited_for_is_gone_too(machine: Machine, process: subprocess.Popen[bytes]):
    run = machine.begun(pid=process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended and stays a zombie
    assert machine.health(run) is WorkerStatus.FAILED


def test_another_process_with_the_same_number_is_not_the_runs(
    machine: Machine, process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
):
    hour_ago_s = time.time() - 3600
    with monkeypatch.context() as before:
        before.setattr(time, "time", lambda: hour_ago_s)
        run = machine.begun(pid=process.pid)
    assert machine.health(run) is WorkerStatus.FAILED


def test_a_run_has_a_minute_to_name_its_process(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    run = machine.begun(pid=None)
    assert machine.health(run) is WorkerStatus.RUNNING
    later_s = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later_s)
    assert machine.health(run) is WorkerStatus.FAILED


def test_nothing_is_said_of_runs_of_other_machines(machine: Machine, process: subprocess.Popen[bytes]):
    run = machine.begun(pid=process.pid, tags={GRPC_INFO_TAG: '{"host": "10.0.0.7", "port": 4000}'})
    process.kill()
    process.wait()
    assert machine.health(run) is WorkerStatus.RUNNING


def test_the_instance_has_this_launcher(tmp_path):
    shutil.copy("dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert isinstance(instance.run_launcher, LocalRunLauncher)
        assert instance.run_launcher.supports_check_run_worker_health
        assert instance.run_monitoring_enabled
