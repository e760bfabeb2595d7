"""The service with warm workers, as real processes: a code server, a daemon and workers, which end and are started."""

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
class Held:
    """The process that a run is held in, its parent, and whether it keeps its models."""

    pid: int
    parent: int
    keeps: bool


class Crew(Service):
    """A service of ``setups/<setup>/dagster.yaml`` with workers of these names."""

    location = "held_location"

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
        """End a process by SIGTERM, as an interruption of its machine does; its exit code is returned."""
        self._processes[name].send_signal(signal.SIGTERM)
        return self._processes[name].wait(300)

    # What runs do

    def hold(self) -> None:
        """Let the next run wait in its middle."""
        (self.faults / "held").unlink(missing_ok=True)
        (self.faults / "hold").touch()

    def held(self) -> Held:
        """Wait for a run that waits."""
        self.wait((self.faults / "held").exists, "no run was held")
        return Held(**json.loads((self.faults / "held").read_text(encoding="utf-8")))

    def let_go(self) -> None:
        (self.faults / "hold").unlink(missing_ok=True)
        (self.faults / "held").unlink(missing_ok=True)

    def kill_held(self, held: Held, whom: str) -> None:
        """End the ``pid`` or the ``parent`` by SIGKILL while the run is held, so that it cannot end before; let go."""
        os.kill(getattr(held, whom), signal.SIGKILL)
        self.wait(lambda: not _is_alive(held.pid), "a worker's process outlives its parent")
        self.let_go()

    def runs(self, job_id: str) -> list[dg.DagsterRun]:
        """The runs for a job, in the order of their creation."""
        with self.instance as instance:
            records = instance.get_run_records(dg.RunsFilter(tags={"dub/job_id": job_id}), ascending=True)
            return [record.dagster_run for record in records]

    def statuses(self, job_id: str) -> list[str]:
        return [run.status.value for run in self.runs(job_id)]

    def await_statuses(self, job_id: str, *statuses: str) -> None:
        self.wait(lambda: self.statuses(job_id) == list(statuses), f"{job_id} does not become {statuses}")

    def process_of(self, run: dg.DagsterRun) -> int:
        """The process that a run was worked on in, as its log says."""
        with self.instance as instance:
            told = [entry.message for entry in instance.all_logs(run.run_id) if "(pid: " in entry.message]
        return int(told[0].partition("(pid: ")[2].partition(")")[0])


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
