"""Start-up of the service: what a process reports, pulls and waits for before it takes a run."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import dagster as dg
import psutil
import pytest
from support.aws_server import REGION, aws_endpoint, bucket, connect
from support.hub_server import Hub, running_hub
from support.piper_voice import write_voice
from support.waiting import wait_until

from dub_assets.engines.piper.voices import hub_voice

__all__ = ["aws_endpoint", "bucket", "connect"]

ROOT = Path(__file__).parents[2]
VOICE = hub_voice("pt_BR-edresson-low")
NETWORK, CONFIG = (file.name for file in VOICE.files)
WEIGHTS = os.urandom(300_000)


class Worker:
    """A worker process with its log."""

    def __init__(self, name: str, home: Path, environment: dict[str, str]) -> None:
        self.name, self.home = name, home
        self.log = home.parent / f"{name}.log"
        program = Path(sys.executable).with_name("dub-assets")
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [program, "worker", "--name", name],
                env=environment | {"DAGSTER_HOME": str(home)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def has_logged(self, text: str) -> bool:
        assert self.process.poll() is None or text in self.log.read_text(), self.log.read_text()
        return text in self.log.read_text()

    def takes_runs(self) -> bool:
        """Return whether the worker answers its broker, which the health check of the images asks too."""
        assert self.process.poll() is None, self.log.read_text()
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            answers = instance.run_launcher.celery.control.ping(timeout=2)
        return any(name.startswith(f"{self.name}@") for answer in answers for name in answer)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(300)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    write_voice(tmp_path / "voice", "pt", espeak="pt-br", family="pt")
    config = tmp_path / "voice" / "pt.onnx.json"
    with running_hub() as served:
        served.files = {
            (VOICE.home, VOICE.revision, NETWORK): WEIGHTS,
            (VOICE.home, VOICE.revision, CONFIG): config.read_bytes(),
        }
        yield served


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The Dagster home of warm workers."""
    folder = tmp_path / "dagster"
    folder.mkdir()
    shutil.copy(ROOT / "setups/warm/dagster.yaml", folder)
    with dg.DagsterInstance.from_config(str(folder)):
        return folder


@pytest.fixture
def environment(hub: Hub, tmp_path: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "AWS_", "JOB_"))}
    return inherited | {
        "HOME": str(tmp_path),
        "HF_ENDPOINT": hub.url,
        "DUB_ASSETS_HOME": str(tmp_path / "home"),
        "DUB_ASSETS_CACHE": str(tmp_path / "cache"),
        "JOB_SOURCE_LANG": "en",
        "JOB_TARGET_LANG": "pt",
        "PIPER_VOICES": VOICE.name,
    }


@pytest.fixture
def start(home: Path, environment: dict[str, str]) -> Iterator:
    started: list[Worker] = []

    def started_worker(name: str) -> Worker:
        started.append(Worker(name, home, environment))
        return started[-1]

    yield started_worker
    for worker in started:
        worker.close()


def downloads(hub: Hub) -> list[str]:
    return [request for request in hub.requests if request.startswith("GET ") and request.split()[1].endswith(NETWORK)]


def command(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("dub-assets")
    return subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_two_workers_pull_a_missing_model_once_before_they_take_runs(hub: Hub, start, tmp_path):
    workers = [start("one"), start("two")]
    for worker in workers:
        wait_until(lambda worker=worker: worker.has_logged("ready: nothing is missing"), "the end of the pull")
    fetched = next((tmp_path / "cache").rglob(Path(NETWORK).name))
    assert fetched.read_bytes() == WEIGHTS
    assert len(downloads(hub)) == 1
    for worker in workers:
        wait_until(worker.takes_runs, "a worker that answers")
    assert [worker.end() for worker in workers] == [0, 0]
    before = len(hub.requests)
    again = start("three")
    wait_until(again.takes_runs, "a worker with its model")
    assert len(hub.requests) == before, "a pulled model needs no request"


def test_workers_wait_for_a_hub_that_does_not_answer_or_end_when_asked(hub: Hub, start):
    path = f"/{VOICE.home}/resolve/{VOICE.revision}/{NETWORK}"
    hub.statuses[path] = 503
    patient, ended = start("patient"), start("ended")
    for worker in (patient, ended):
        wait_until(lambda worker=worker: worker.has_logged("no job is taken until then"), "the missing model")
    assert f"missing: the hub did not give {NETWORK}" in patient.log.read_text()
    assert not patient.takes_runs()
    assert ended.end() == 128 + signal.SIGTERM
    del hub.statuses[path]
    wait_until(patient.takes_runs, "a worker that has its model")


def test_the_next_start_continues_a_killed_pull(hub: Hub, start, tmp_path: Path):
    path = f"/{VOICE.home}/resolve/{VOICE.revision}/{NETWORK}"
    hub.cuts[path], hub.statuses_after_cut[path] = [200_000], 503
    first = start("first")
    parts = (tmp_path / "cache").rglob
    wait_until(lambda: any(part.stat().st_size for part in parts("*.part")), "the middle of the pull")
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    del hub.statuses[path], hub.statuses_after_cut[path]
    second = start("second")
    wait_until(lambda: second.has_logged("ready: nothing is missing"), "the rest of the pull")
    assert [request.split()[2:] for request in downloads(hub) if "bytes=" in request][-1] != []


def test_a_worker_reports_everything_that_is_missing_and_ends(home, environment, aws_endpoint, tmp_path):
    (tmp_path / "a-file").touch()
    (home / "dagster.yaml").write_text("run_retries:\n  max_retries:\n    env: NO_SUCH_VARIABLE\n")
    wrong = {
        "DAGSTER_HOME": str(home),
        "DUB_ASSETS_FFMPEG": "/no/such/ffmpeg",
        "DUB_ASSETS_HOME": str(tmp_path / "a-file"),
        "SEPARATION_ENGINE": "spleeter",
        "RECOGNITION_ENGINE": "whisperx",
        "JOB_TARGET_LANG": "ja",
        "TRANSLATION_ENGINE": "firefox",
        "AWS_S3_BUCKET": "no-such-bucket",
        "AWS_ENDPOINT_URL": aws_endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "LOG_FORMAT": "json",
    }
    done = command(environment | wrong, "worker")
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    errors = "\n".join(line["event"] for line in lines if line["level"] == "error")
    for expected in (
        "reads NO_SUCH_VARIABLE, not set here",
        "copy dagster.yaml of setups/warm or setups/cluster",
        "DUB_ASSETS_HOME: cannot write to",
        "AWS_S3_BUCKET=no-such-bucket: ",
        "/no/such/ffmpeg",
        "SEPARATION_ENGINE=spleeter: there is no separation engine",
        "RECOGNITION_ENGINE=whisperx: no installed engine can recognise 'en'; install whisperx",
        "firefox: the model for en-ja is not here",
    ):
        assert expected in errors
    assert "Traceback" not in done.stderr


def test_a_worker_reports_all_unreadable_settings_and_ends(environment):
    done = command(environment | {"WORKER_GRACE": "soon", "VAD_AGGR": "9"}, "worker")
    assert done.returncode == 1
    assert "WORKER_GRACE='soon'" in done.stderr
    assert "VAD_AGGR='9'" in done.stderr


def test_dev_starts_no_daemon_while_something_is_missing(environment, aws_endpoint, tmp_path):
    sqs = boto3.client("sqs", region_name=REGION, endpoint_url=aws_endpoint)
    url = sqs.create_queue(QueueName="jobs-of-a-service-that-is-not-ready")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    access = {"AWS_ENDPOINT_URL": aws_endpoint, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    done = command(environment | access | {"JOB_QUEUE_URL": url, "RECOGNITION_ENGINE": "whisperx"}, "dev")
    assert done.returncode == 1
    assert "no installed engine can recognise 'en'; install whisperx" in done.stderr
    here = str(tmp_path / "home" / "dagster")
    assert not [process for process in psutil.process_iter() if _home_of(process) == here]
    depth = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert depth["Attributes"]["ApproximateNumberOfMessages"] == "1", "the message is still in the queue"
    sqs.close()


def test_check_reports_and_pulls_missing_and_damaged_models(hub: Hub, environment, tmp_path):
    missing = command(environment, "check")
    assert missing.returncode == 1
    assert f"missing: piper: {VOICE.name} is not here, or is damaged" in missing.stderr
    assert downloads(hub) == []
    pulled = command(environment, "check", "--pull")
    assert pulled.returncode == 0, pulled.stderr
    assert f"{VOICE.name}: {NETWORK}" in pulled.stderr
    network = next((tmp_path / "cache").rglob(Path(NETWORK).name))
    network.write_bytes(WEIGHTS[:-1] + b"?")
    assert command(environment, "check").returncode == 1
    assert command(environment, "check", "--pull").returncode == 0
    assert network.read_bytes() == WEIGHTS


def test_check_reports_a_pulled_model_that_cannot_be_used(hub: Hub, environment):
    hub.files[VOICE.home, VOICE.revision, CONFIG] = b"{}"
    unusable = command(environment, "check", "--pull")
    assert unusable.returncode == 1
    assert "piper cannot read" in unusable.stderr


def _home_of(process: psutil.Process) -> str | None:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
        return process.environ().get("DAGSTER_HOME")
    return None
