"""Measure the set-ups of docs/workers.md with the packaged engines: jobs an hour, time to the first step, loading.

    python benchmarks/workers.py [--jobs N] [--seconds S] [--setups dev warm cluster] [--out FILE]

Each set-up dubs the same excerpt of the sample, English to Brazilian Portuguese: first one job that is not counted,
then N jobs one by one on an idle service (time to the first step), then N jobs sent at once (jobs an hour). The cost of
loading is how much longer a run takes in the set-up `dev` than in `warm`, where engines are loaded. The cluster has two
workers, Redis and Postgres, which must be installed.
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

from benchmarks.service import Service, conditions, durations, free_port, times_to_first_step
from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from sample.build import build
from stack.places import Places
from stack.run import aws, consumer, new_secret

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests"))  # where tests.workers imports `support` from
from tests.workers.servers import servers  # noqa: E402

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
    report = conditions() | {"jobs": arguments.jobs, "excerpt_s": arguments.seconds, "setups": {}}
    with tempfile.TemporaryDirectory() as folder:
        clip = excerpt(arguments.seconds, Path(folder))
        for setup in arguments.setups:
            report["setups"][setup] = measure(setup, clip, arguments.jobs)
    add_loading(report["setups"])
    arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for setup, figures in report["setups"].items():
        print(setup, *(f"\n    {name:<32} {value}" for name, value in figures.items()))


def excerpt(seconds: float, folder: Path) -> bytes:
    """Return the first seconds of the sample as a video file."""
    video, out = ROOT / "build/sample/sample.mp4", folder / "excerpt.mp4"
    if not video.exists():
        build(video.parent)
    subprocess.run([str(find_ffmpeg()), "-v", "error", "-i", str(video), "-t", str(seconds), str(out)], check=True)
    return out.read_bytes()


def measure(setup: str, clip: bytes, jobs: int) -> dict[str, object]:
    """Return the figures of a set-up."""
    with running(setup) as service:
        service.upload(INPUT, clip)
        dub(service, f"{setup}-warm-up")
        alone = [dub(service, f"{setup}-alone-{number}") for number in range(jobs)]
        started_s = time.time()
        names = [f"{setup}-crowd-{number}" for number in range(jobs)]
        for name in names:
            send(service, name)
        ended_s = max(service.arrivals(name)[-1] for name in names)
    medians = {part: round(statistics.median(times[part] for times in alone), 2) for part in alone[0]}
    return medians | {"jobs an hour": round(3600 * jobs / (ended_s - started_s), 1)}


def dub(service: Service, job_id: str) -> dict[str, float]:
    """Dub on an idle service; return the seconds of each part."""
    message_id, sent_s = send(service, job_id)
    last_callback_s = service.arrivals(job_id)[-1]
    at_s = times_to_first_step(service, message_id)
    done_s = service.events(message_id)[-1].timestamp
    return durations(sent_s, at_s) | {
        "message to first step": round(at_s["first step"] - sent_s, 2),
        "first step to run done": round(done_s - at_s["first step"], 2),
        "message to last callback": round(last_callback_s - sent_s, 2),
    }


def send(service: Service, job_id: str) -> tuple[str, float]:
    request = {"input_key": INPUT, "source_lang": "en", "target_lang": "pt"}
    return service.send(job_id=job_id, project_id="bench", **request)


def add_loading(setups: dict[str, dict[str, object]]) -> None:
    """Add the cost of loading the engines to the figures of `dev`, if `warm` was measured too."""
    if {"dev", "warm"} <= setups.keys():
        part = "first step to run done"
        difference = float(str(setups["dev"][part])) - float(str(setups["warm"][part]))
        setups["dev"]["engines loaded, a run"] = round(difference, 2)


@contextmanager
def running(setup: str) -> Iterator[Service]:
    """Run the stack with a set-up's dagster.yaml, its workers and its servers."""
    ports = {name: free_port() for name in ("aws_port", "consumer_port", "ui_port")}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # Postgres runs as another user
        places, secret = Places(**ports, folder=folder), new_secret()
        stack.enter_context(aws(places))
        stack.enter_context(consumer(places, secret))
        infrastructure = stack.enter_context(servers("warm" if setup == "dev" else setup, folder))
        home = places.home / "dagster"
        home.mkdir(parents=True)
        shutil.copy(FILES[setup], home)
        environment = places.environment(secret) | infrastructure.environment
        create = [sys.executable, "-c", "import dagster; dagster.DagsterInstance.get().dispose()"]
        subprocess.run(
            create, env=environment | {"DAGSTER_HOME": str(home)}, check=True
        )  # two processes cannot create it at once
        dev = ["dev", "--port", str(places.ui_port), "--host", "127.0.0.1"]
        workers = [] if setup == "dev" else [["worker", "--name", name] for name in infrastructure.workers]
        for arguments in (dev, *workers):
            stack.enter_context(process(arguments, environment, places.log))
        yield Service(places)
        reset = urllib.request.Request(f"{places.aws}/moto-api/reset", method="POST")
        urllib.request.urlopen(reset).close()  # moto keeps its state when its server ends


@contextmanager
def process(arguments: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    """Run a command of dub-assets; end it and its children afterwards."""
    with log.open("ab") as output:
        command = [sys.executable, "-m", "dub_assets.cli", *arguments]
        child = subprocess.Popen(command, env=environment, start_new_session=True, stdout=output, stderr=output)
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
