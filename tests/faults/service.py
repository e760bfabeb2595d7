"""The service as real processes: a code server and a daemon, which die and are started again."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import psutil
import pytest
from support.ports import free_port

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_PATIENCE = 2000
"""How often to look before what is waited for does not come any more; looks, since a machine may sleep."""


class Service:
    """Processes of their own groups, on one Dagster home; ``environment`` is what the service reads."""

    configuration = ROOT / "dagster.yaml"
    location = "fake_location"

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.home = folder / "dagster"
        self.faults = folder / "faults"
        for made in (self.home, self.faults):
            made.mkdir(parents=True)
        shutil.copy(self.configuration, self.home / "dagster.yaml")
        self._port = free_port()
        location = f"{{grpc_server: {{host: 127.0.0.1, port: {self._port}, location_name: dub_assets}}}}"
        (self.home / "workspace.yaml").write_text(f"load_from:\n  - {location}\n", encoding="utf-8")
        self._environment = {
            **os.environ,
            **environment,
            "DAGSTER_HOME": str(self.home),
            "FAULTS": str(self.faults),
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT, HERE, HERE.parent))),
        }
        self._log = (folder / "service.log").open("ab")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._away_until: dict[str, float] = {}
        self.restarts = 0
        with self.instance:
            pass  # makes its SQLite files, which two processes cannot make at once

    @property
    def instance(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.home))

    def start(self) -> None:
        """Start what does not run."""
        server = ["-m", "dagster", "api", "grpc", "-m", self.location, "-p", str(self._port), "-h", "127.0.0.1"]
        self._run("server", [*server, "--location-name", "dub_assets"])
        daemon = [str(HERE / "killable_daemon.py"), "run", "-w", str(self.home / "workspace.yaml")]
        self._run("daemon", daemon)

    def _run(self, name: str, arguments: list[str]) -> None:
        process = self._processes.get(name)
        if process is not None and process.poll() is None:
            return
        if time.monotonic() < self._away_until.get(name, 0.0):
            return
        self.restarts += process is not None
        self._processes[name] = subprocess.Popen(
            [sys.executable, *arguments],
            env=self._environment,
            cwd=self.home,
            stdout=self._log,
            stderr=self._log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self, name: str, *, away_s: float = 0.0) -> None:
        """End a process, and nothing but it, by SIGKILL: the runs that it started live on.

        It is not started again for ``away_s`` seconds.
        """
        self._away_until[name] = time.monotonic() + away_s
        self._processes[name].kill()
        self._processes[name].wait()

    def pause(self, name: str, seconds: float) -> None:
        """Stop a process and let it go on later, as a host does that is suspended or has no time for it."""
        process = self._processes[name]
        process.send_signal(signal.SIGSTOP)
        try:
            until = time.monotonic() + seconds
            self.wait(lambda: time.monotonic() > until, "time stands still")
        finally:
            process.send_signal(signal.SIGCONT)

    def kill_machine(self) -> None:
        """End all processes at once: daemon, code server, and the runs that it and the servers before it started."""
        for process in self._processes.values():
            process.kill()
        _end_orphans(self.home)
        for process in self._processes.values():
            process.wait()

    def arm(self, point: str) -> None:
        (self.faults / "armed").write_text(point, encoding="utf-8")

    def await_kill(self, point: str) -> None:
        """Wait until the armed point was reached; what died meanwhile runs again."""
        self.wait(lambda: not (self.faults / "armed").exists(), f"nobody came to {point}")

    def wait(self, done, complaint: str) -> None:
        """Keep the service running until something is so."""
        for _ in range(_PATIENCE):
            if done():
                return
            self.start()
            time.sleep(0.2)
        pytest.fail(f"{complaint}; the end of the log:\n{self.log_end()}")

    def log_end(self) -> str:
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")[-6000:]

    def close(self) -> None:
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):  # the whole group has ended
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._log.close()
        _end_orphans(self.home)


def _end_orphans(home: Path) -> None:
    """Runs whose server was killed belong to its old group: they are found by the home that they work for.

    A look may miss what is started during it, so that there is one more after each that found something.
    """
    while orphans := [process for process in psutil.process_iter() if _works_for(process, home)]:
        for orphan in orphans:
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended by itself
                orphan.kill()
        time.sleep(0.05)


def _works_for(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get("DAGSTER_HOME") == str(home)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False  # it has ended, or is another user's
