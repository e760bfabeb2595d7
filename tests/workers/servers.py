"""The servers of a set-up: none, or a new Redis and Postgres on free ports."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.ports import free_port

_PATIENCE = 600


@dataclass(kw_only=True)
class Server:
    """A server process that can be restarted; ``probe`` is a command that succeeds once it answers."""

    command: list[str]
    probe: list[str]
    ends_with: signal.Signals
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, user=self.user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        for _ in range(_PATIENCE):
            if self.process.poll() is not None:
                break  # another server answers at the port
            if subprocess.run(self.probe, capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.1)
        pytest.fail(f"{self.command[0]} does not answer")

    def end(self) -> None:
        if self.process is not None:
            self.process.send_signal(self.ends_with)
            self.process.wait(60)


@dataclass(kw_only=True)
class Servers:
    """The servers of a set-up, their environment, and the names of its workers."""

    workers: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, Server] = field(default_factory=dict)


@contextlib.contextmanager
def servers(setup: str, folder: Path) -> Iterator[Servers]:
    """Run the servers of a set-up."""
    if setup == "warm":
        yield Servers(workers=("one",))
        return
    redis_port, postgres_port = free_port(), free_port()
    named = {"redis": _redis(redis_port), "postgres": _postgres(postgres_port, folder)}
    try:
        for server in named.values():
            server.start()
        environment = {
            "DUB_ASSETS_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "DUB_ASSETS_WORKERS": "2",
            "DAGSTER_POSTGRES_HOST": "127.0.0.1",
            "DAGSTER_POSTGRES_PORT": str(postgres_port),
            "DAGSTER_POSTGRES_USER": "postgres",
            "DAGSTER_POSTGRES_PASSWORD": "none",
            "DAGSTER_POSTGRES_DB": "postgres",
        }
        with pytest.MonkeyPatch.context() as patch:  # the tests open the instance too
            for name, value in environment.items():
                patch.setenv(name, value)
            yield Servers(workers=("one", "two"), environment=environment, named=named)
    finally:
        for server in named.values():
            server.end()


def _redis(port: int) -> Server:
    """Return a Redis that stores nothing on disk."""
    program, probe = _program("redis-server"), _program("redis-cli")
    return Server(
        command=[program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        probe=[probe, "-p", str(port), "ping"],
        ends_with=signal.SIGKILL,
    )


def _postgres(port: int, folder: Path) -> Server:
    """Return a Postgres with an empty database. It does not run as root; its package's user runs it instead."""
    user = "postgres" if os.geteuid() == 0 else None
    data = folder / "postgres"
    data.mkdir()
    if user:
        owner = pwd.getpwnam(user)
        os.chown(data, owner.pw_uid, owner.pw_gid)
        for parent in data.parents[:-1]:
            if not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
    command = [_program("initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync"]
    subprocess.run(command, user=user, check=True, capture_output=True)
    return Server(
        command=[_program("postgres"), "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", ""],
        probe=[_program("pg_isready"), "-h", "127.0.0.1", "-p", str(port)],
        ends_with=signal.SIGINT,
        user=user,
    )


def _program(name: str) -> str:
    folders = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    program = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *folders]))
    if program is None:
        pytest.fail(f"{name} is not installed: apt-get install redis-server postgresql")
    return program
