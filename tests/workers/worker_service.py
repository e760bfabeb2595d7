"""The service with warm workers as real processes: a code server, a daemon and workers."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import psutil
from faults.service import ROOT, Service

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedRun:
    """The process of a blocked run, its parent, and whether it keeps its models."""

    pid: int
    parent: int
    keeps: bool


class WorkerService(Service):
    """A service configured by ``setups/<setup>/dagster.yaml``, with workers of these names."""

    location = "blocking_location"

    def __init__(self, folder: Path, environment: dict[str, str], *, setup: str, workers: tuple[str, ...]) -> None:
        self.configuration = ROOT / "setups" / setup / "dagster.yaml"
        self.workers = workers
        super().__init__(folder, environment)
        self._environment["PYTHONPATH"] += os.pathsep + str(HERE)

    def start(self) -> None:
        super().start()
        for name in self.workers:
            self._run(name, ["-m", "dub_assets.cli", "worker", "--name", name])

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def end(self, name: str) -> int:
        """End a process by SIGTERM, as the interruption of a machine does, and return its exit code."""
        self._processes[name].send_signal(signal.SIGTERM)
        return self._processes[name].wait(300)

    def block_next_run(self) -> None:
        """Make the next run wait after its translation."""
        (self.faults / "blocked").unlink(missing_ok=True)
        (self.faults / "block").touch()

    def blocked_run(self) -> BlockedRun:
        """Wait for a run to block, and return it."""
        self.wait((self.faults / "blocked").exists, "no run was blocked")
        return BlockedRun(**json.loads((self.faults / "blocked").read_text(encoding="utf-8")))

    def unblock(self) -> None:
        (self.faults / "block").unlink(missing_ok=True)
        (self.faults / "blocked").unlink(missing_ok=True)

    def kill_blocked(self, blocked: BlockedRun, target: str) -> None:
        """End the ``pid`` or the ``parent`` of a blocked run by SIGKILL, then unblock."""
        os.kill(getattr(blocked, target), signal.SIGKILL)
        self.wait(lambda: not _is_alive(blocked.pid), "a worker's process outlives its parent")
        self.unblock()

    def runs(self, job_id: str) -> list[dg.DagsterRun]:
        """Return the runs of a job in the order of their creation."""
        with self.instance as instance:
            records = instance.get_run_records(dg.RunsFilter(tags={"dub/job_id": job_id}), ascending=True)
            return [record.dagster_run for record in records]

    def statuses(self, job_id: str) -> list[str]:
        return [run.status.value for run in self.runs(job_id)]

    def await_statuses(self, job_id: str, *statuses: str) -> None:
        self.wait(lambda: self.statuses(job_id) == list(statuses), f"{job_id} does not become {statuses}")

    def process_of(self, run: dg.DagsterRun) -> int:
        """Return the id of the process that executed a run, from the run's log."""
        with self.instance as instance:
            messages = [entry.message for entry in instance.all_logs(run.run_id) if "(pid: " in entry.message]
        return int(messages[0].partition("(pid: ")[2].partition(")")[0])


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
