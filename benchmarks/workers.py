"""Measures the set-ups of docs/workers.md with the embedded engines: jobs an hour, way to the first step, loading.

    python benchmarks/workers.py [--jobs N] [--seconds S] [--setups dev warm cluster] [--out FILE]

Each set-up dubs the same excerpt of the sample, English to Brazilian Portuguese: first one job that is not counted,
then N jobs one by one on an idle service (the way of a message), then N jobs sent at once (jobs an hour). What loading
the engines costs a run is how much longer one takes in the set-up `dev` than in `warm`, where they are loaded already.
The cluster has two workers, Redis and Postgres, which must be installed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from service import Service, free_port, lengths, surroundings, to_first_step

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from sample.build import build
from stack.places import Places
from stack.run import aws, consumer, new_secret
from tests.workers.servers import servers

ROOT = Path(__file__).parents[1]
INPUT = "projects/bench/inputs/excerpt.mp4"
FILES = {
    "dev": ROOT / "dagster.yaml",
    "warm": ROOT / "setups/warm/dagster.yaml",
    "cluster": ROOT / "setups/cluster/dagster.yaml",
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the set-ups of docs/workers.md.")
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--setups", nargs="+", choices=FILES, default=list(FILES))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "workers.json")
    arguments = parser.parse_args()
    report = surroundings() | {"jobs": arguments.jobs, "excerpt_s": arguments.seconds, "setups": {}}
    with tempfile.TemporaryDirectory() as folder:
        clip = excerpt(arguments.seconds, Path(folder))
        for setup in arguments.setups:
            report["setups"][setup] = measured(setup, clip, arguments.jobs)
    add_loading(report["setups"])
    arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for setup, figures in report["setups"].items():
        print(setup, *(f"\n    {name:<32} {value}" for name, value in figures.items()))


def excerpt(seconds: float, folder: Path) -> bytes:
    """The beginning of the sample, as the bytes of a file."""
    video, out = ROOT / "build/sample/sample.mp4", folder / "excerpt.mp4"
    if not video.exists():
        build(video.parent)
    subprocess.run([str(find_ffmpeg()), "-v", "error", "-i", str(video), "-t", str(seconds), str(out)], check=True)
    return out.read_bytes()


def measured(setup: str, clip: bytes, jobs: int) -> dict[str, object]:
    """The figures of a set-up."""
    with running(setup) as service:
        service.upload(INPUT, clip)
        dub(service, f"{setup}-warm-up")
        alone = [dub(service, f"{setup}-alone-{number}") for number in range(jobs)]
        started_s = time.time()
        names = [f"{setup}-crowd-{number}" for number in range(jobs)]
        for name in names:
            send(service, name)
        ended_s = max(service.arrivals(name)[-1] for name in names)
    medians = {part: round(statistics.median(each[part] for each in alone), 2) for part in alone[0]}
    return medians | {"jobs an hour": round(3600 * jobs / (ended_s - started_s), 1)}


def dub(service: Service, job_id: str) -> dict[str, float]:
    """The seconds of each part of a job that has the service to itself."""
    message_id, sent_s = send(service, job_id)
    told_s = service.arrivals(job_id)[-1]
    at_s = to_first_step(service, message_id)
    done_s = service.events(message_id)[-1].timestamp
    return lengths(sent_s, at_s) | {
        "message to first step": round(at_s["first step"] - sent_s, 2),
        "first step to run done": round(done_s - at_s["first step"], 2),
        "message to last callback": round(told_s - sent_s, 2),
    }


def send(service: Service, job_id: str) -> tuple[str, float]:
    asked = {"input_key": INPUT, "source_lang": "en", "target_lang": "pt"}
    return service.send(job_id=job_id, project_id="bench", **asked)


def add_loading(setups: dict[str, dict[str, object]]) -> None:
    """What loading the engines costs a run that begins with none."""
    if {"dev", "warm"} <= setups.keys():
        part = "first step to run done"
        difference = float(str(setups["dev"][part])) - float(str(setups["warm"][part]))
        setups["dev"]["engines loaded, a run"] = round(difference, 2)


@contextmanager
def running(setup: str) -> Iterator[Service]:
    """The stack with a set-up's file in its home, and its workers and servers beside it."""
    ports = {name: free_port() for name in ("aws_port", "consumer_port", "ui_port")}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # Postgres is another user's process
        places, secret = Places(**ports, folder=folder), new_secret()
        stack.enter_context(aws(places))
        stack.enter_context(consumer(places, secret))
        beside = stack.enter_context(servers("warm" if setup == "dev" else setup, folder))
        home = places.home / "dagster"
        home.mkdir(parents=True)
        shutil.copy(FILES[setup], home)
        environment = places.environment(secret) | beside.environment
        make = [sys.executable, "-c", "import dagster; dagster.DagsterInstance.get().dispose()"]
        subprocess.run(make, env=environment | {"DAGSTER_HOME": str(home)}, check=True)  # two cannot make it at once
        dev = ["dev", "--port", str(places.ui_port), "--host", "127.0.0.1"]
        workers = [] if setup == "dev" else [["worker", "--name", name] for name in beside.workers]
        for arguments in (dev, *workers):
            stack.enter_context(process(arguments, environment, places.log))
        yield Service(places)
        reset = urllib.request.Request(f"{places.aws}/moto-api/reset", method="POST")
        urllib.request.urlopen(reset).close()  # what moto keeps outlives its server


@contextmanager
def process(arguments: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    """A command of dub-assets, ended with all that it started."""
    with log.open("ab") as said:
        command = [sys.executable, "-m", "dub_assets.cli", *arguments]
        started = subprocess.Popen(command, env=environment, start_new_session=True, stdout=said, stderr=said)
    try:
        yield
    finally:
        started.terminate()
        try:
            started.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
