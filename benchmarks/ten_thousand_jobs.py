"""Measure what ten thousand finished jobs cost: listing jobs, a pass of retention, counts in the UI, bytes a job.

    python benchmarks/ten_thousand_jobs.py [--jobs N] [--kept N] [--out FILE]

One excerpt of the sample is dubbed for real, in a home of its own. Its rows in Dagster's SQLite storage, its record,
its manifest and as many objects as the callbacks of a job have are then copied N times under other ids. The figures are
seconds of processor time: of the command `dub-assets jobs`, of the job `retire_jobs_job`, and of Dagster's webserver
while it answers the query for the counts of all assets, with N partitions and with as many as retention may keep.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.service import conditions, free_port
from benchmarks.workers import excerpt

OBJECTS = (
    "requests/{run}.json",
    "requests/{run}.claim.json",
    "callbacks/{run}.json",
    *(f"callbacks/{{run}}/{number:04d}.json" for number in range(7)),
)
"""What a message and its callbacks store below ``jobs/``."""

COUNTS = "{ assetNodes { id partitionStats { numMaterialized numFailed numMaterializing numPartitions } } }"
RETENTION = """
import os, sys, time
import dagster as dg
from dub_assets.adapters.telemetry.progress import LoggedProgress
from dub_assets.definitions import definitions
from dub_assets.settings import settings_from
job = definitions(settings_from(os.environ), LoggedProgress()).resolve_job_def("retire_jobs_job")
instance = dg.DagsterInstance.from_config(sys.argv[1])
began_s = time.process_time()
assert job.execute_in_process(instance=instance).success
print(time.process_time() - began_s, len(instance.get_dynamic_partitions("jobs")))
"""
"""A pass of retention, which prints its processor time and the number of partitions that are left."""

TABLES = {
    "runs.db": ("runs", "run_tags"),
    "runs/index.db": ("event_logs", "asset_check_executions", "dynamic_partitions"),
}
"""The tables of Dagster with rows of a job, by database."""

_ROWS_AT_ONCE = 200
RETIRED = 500
"""The jobs that one pass of retention deletes at most."""


class Home:
    """A Dagster home and a local store with one dubbed job, and copies of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dagster = folder / "home" / "dagster"
        self.environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
        self.environment |= {"DUB_ASSETS_HOME": str(folder / "home")}
        self.jobs_folder = folder / "home" / "objects" / "jobs"

    def dub(self) -> None:
        """Dub three seconds of the sample."""
        (self.folder / "excerpt.mp4").write_bytes(excerpt(3, self.folder))
        languages, out = ("--from", "en", "--to", "pt"), ("--out", str(self.folder / "out"))
        self.command("dub", str(self.folder / "excerpt.mp4"), *languages, *out, "--quiet")

    def command(self, *arguments: str) -> float:
        """Run a command of dub-assets, and return its processor time."""
        return self.processor_s("-m", "dub_assets.cli", *arguments)

    def processor_s(self, *arguments: str) -> float:
        """Run Python, and return its processor time."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, *arguments]
        subprocess.run(command, env=self.environment, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def database(self, name: str) -> sqlite3.Connection:
        """Open a database of Dagster."""
        return sqlite3.connect(self.dagster / "history" / name)

    def size_bytes(self) -> int:
        """Return the size of Dagster's databases and logs."""
        return sum(file.stat().st_size for file in self.dagster.rglob("*") if file.is_file())


class Template:
    """The dubbed job: its ids, and its rows by table."""

    def __init__(self, home: Home) -> None:
        self.home = home
        with closing(home.database("runs.db")) as runs:
            ((self.run_id, body),) = runs.execute("SELECT run_id, run_body FROM runs").fetchall()
        self.job_id = json.loads(body)["tags"]["dub/job_id"]
        self.shard = home.dagster / "history" / "runs" / f"{self.run_id}.db"
        self._tables: dict[str, tuple[list[str], list[tuple[Any, ...]]]] = {}
        """The columns and rows of each table."""

        for name, tables in TABLES.items():
            with closing(home.database(name)) as database:
                for table in tables:
                    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
                    rows = database.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
                    self._tables[table] = columns, rows

    def copy(self, numbers: range) -> list[str]:
        """Add copies with these numbers, the oldest first, and return their job ids."""
        ids = [(f"job-{number:0{len(self.job_id) - 4}d}", str(uuid.uuid4())) for number in numbers]
        for name, tables in TABLES.items():
            with closing(self.home.database(name)) as database:
                database.execute("PRAGMA synchronous=OFF")
                for table in tables:
                    self._copy_table(database, table, ids)
        self._copy_objects(ids)
        for number, (_, run_id) in zip(numbers, ids, strict=True):
            if number < RETIRED:
                shutil.copy(self.shard, self.shard.with_name(f"{run_id}.db"))
        return [job_id for job_id, _ in ids]

    def _copy_table(self, database: sqlite3.Connection, table: str, ids: list[tuple[str, str]]) -> None:
        columns, rows = self._tables[table]
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        for start in range(0, len(ids), _ROWS_AT_ONCE):
            batch = (self._renamed(row, *pair) for pair in ids[start : start + _ROWS_AT_ONCE] for row in rows)
            database.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", batch)
            database.commit()

    def _renamed(self, row: tuple[Any, ...], job_id: str, run_id: str) -> list[Any]:
        return [
            value.replace(self.job_id, job_id).replace(self.run_id, run_id) if isinstance(value, str) else value
            for value in row
        ]

    def _copy_objects(self, ids: list[tuple[str, str]]) -> None:
        record = (self.home.jobs_folder / f"{self.job_id}.json").read_text(encoding="utf-8")
        projects = self.home.jobs_folder.parent / "projects" / "local"
        manifest, document = f"interim/{self.job_id}/manifests/metadata.json", f"outputs/metadata/{self.job_id}.json"
        texts = {name: (projects / name).read_text(encoding="utf-8") for name in (manifest, document)}
        for job_id, run_id in ids:
            _write(self.home.jobs_folder / f"{job_id}.json", record.replace(self.job_id, job_id))
            for name, text in texts.items():  # the document keeps its checksum
                copied = text if name == document else text.replace(self.job_id, job_id)
                _write(projects / name.replace(self.job_id, job_id), copied)
            for name in OBJECTS:
                _write(self.home.jobs_folder / name.format(run=run_id), "{}\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def retention_s(home: Home, kept: int) -> tuple[float, int]:
    """Return the processor time of a pass of retention, and the number of partitions that are left."""
    environment = home.environment | {"JOB_RETIRE_KEEP": str(kept)}
    output = subprocess.run(
        [sys.executable, "-c", RETENTION, str(home.dagster)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ).stdout
    seconds, left = output.split()[-2:]
    return float(seconds), int(left)


@contextmanager
def webserver(home: Home) -> Iterator[tuple[str, psutil.Process]]:
    """Run Dagster's webserver on the home; yield its address and its process."""
    port, log = free_port(), (home.folder / "webserver.log").open("wb")
    command = [
        sys.executable,
        "-m",
        "dagster_webserver",
        "-m",
        "dub_assets.definitions",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    server = subprocess.Popen(
        command, env=home.environment | {"DAGSTER_HOME": str(home.dagster)}, stdout=log, stderr=log
    )
    try:
        address = f"http://127.0.0.1:{port}"
        while not _answers(address):
            time.sleep(0.5)
            assert server.poll() is None, "the webserver ended"
        yield address, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()
        log.close()


def _answers(address: str) -> bool:
    try:
        _query(address, "{ repositoriesOrError { __typename ... on RepositoryConnection { nodes { name } } } }")
    except OSError:
        return False
    return True


def _query(address: str, query: str) -> Mapping[str, Any]:
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)["data"]


def counts_s(home: Home, partitions: int) -> dict[str, float]:
    """Return the processor time of the webserver for the counts of all assets: a first and a second query."""
    with webserver(home) as (address, process):
        seconds = {}
        for name in ("first", "again"):
            before = process.cpu_times()
            nodes = _query(address, COUNTS)["assetNodes"]
            after = process.cpu_times()
            assert {node["partitionStats"]["numPartitions"] for node in nodes if node["partitionStats"]} == {partitions}
            seconds[name] = round(after.user + after.system - before.user - before.system, 2)
    return seconds


def rows_left(home: Home, job_id: str) -> int:
    """Return the rows that mention a job in Dagster's databases."""
    tables = {
        "runs.db": {"runs": "run_body", "run_tags": "value"},
        "runs/index.db": {
            "event_logs": "event",
            "asset_check_executions": "partition",
            "dynamic_partitions": "partition",
        },
    }
    count = 0
    for name, columns in tables.items():
        with closing(home.database(name)) as database:
            for table, column in columns.items():
                query = f"SELECT count(*) FROM {table} WHERE {column} LIKE ?"
                count += database.execute(query, (f"%{job_id}%",)).fetchone()[0]
    return count


def measure(folder: Path, count: int, kept: int) -> dict[str, Any]:
    """Return all figures."""
    home = Home(folder)
    home.dub()
    one_job = home.size_bytes()
    figures: dict[str, Any] = {"jobs": count, "kept": kept, "jobs_command_with_one_job_s": best(home, "jobs")}
    template = Template(home)
    job_ids = template.copy(range(kept - 1))
    figures["counts_in_ui_of_kept_jobs_s"] = counts_s(home, kept)
    template.copy(range(kept - 1, count - 1))
    shard = template.shard.stat().st_size
    figures["bytes_a_job_in_dagster"] = round((home.size_bytes() - one_job - RETIRED * shard) / (count - 1) + shard)
    figures["jobs_command_s"] = best(home, "jobs")
    figures["jobs_command_json_page_s"] = best(home, "jobs", "--json", "--last", "50", "--skip", str(count // 2))
    figures["jobs_command_state_s"] = best(home, "jobs", "--state", "failed")
    figures["status_command_s"] = best(home, "status", job_ids[0])
    figures["import_of_dagster_s"] = round(min(home.processor_s("-c", "import dagster") for _ in range(3)), 2)
    figures["counts_in_ui_s"] = counts_s(home, count)
    retired, left = retention_s(home, count - RETIRED)
    assert left == count - RETIRED, left
    figures["retention_of_500_jobs_s"] = round(retired, 2)
    figures["retention_of_no_job_s"] = round(retention_s(home, count - RETIRED)[0], 2)
    figures["rows_left_of_a_retired_job"] = rows_left(home, job_ids[0])
    return figures


def best(home: Home, *arguments: str) -> float:
    """Return the least processor time of three calls of a command."""
    return round(min(home.command(*arguments) for _ in range(3)), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what ten thousand finished jobs cost.")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--kept", type=int, default=1_000)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "ten_thousand_jobs.json")
    arguments = parser.parse_args()
    report = conditions()
    with tempfile.TemporaryDirectory() as folder:
        report |= measure(Path(folder), arguments.jobs, arguments.kept)
    arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for name, value in report.items():
        print(f"{name:<36} {value}")


if __name__ == "__main__":
    main()
