"""The exporter as a process, scraped over HTTP; a real instance, real queues and a fake ``nvidia-smi``."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import boto3
import dagster as dg
import pytest
import requests
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from prometheus_client.parser import text_string_to_metric_families
from support.aws_server import REGION
from support.dubbed import CLIP_S, dubbing
from support.outbox_world import World

from dub_assets.core.keys import pending_refusals_key, refusals_key
from dub_assets.resources import tags
from dub_assets.service.pending_messages import RefusedMessages

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Exporter:
    def __init__(self, url: str, output: IO[str]) -> None:
        self._url = url
        self.output = output

    def scrape(self) -> Samples:
        answer = requests.get(self._url, timeout=300)
        assert answer.status_code == 200
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }


def value(samples: Samples, metric: str, /, **labels: str) -> float | None:
    return samples.get((metric, frozenset(labels.items())))


@contextmanager
def exporter(folder: Path, *arguments: str, **environment: str) -> Iterator[Exporter]:
    command = [sys.executable, "-m", "dub_assets.cli", "metrics", "--port", "0", *arguments]
    folders = {"DUB_ASSETS_HOME": str(folder / "home"), "DUB_ASSETS_CACHE": str(folder / "cache")}
    inherited = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    process = subprocess.Popen(command, env=inherited | folders | environment, stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline()
        assert url, "the exporter ended before it listened"
        yield Exporter(url.strip(), process.stdout)
        process.send_signal(signal.SIGTERM)
        assert process.wait(300) == 0
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with dubbing(tmp_path, monkeypatch) as world:
        yield world


def path_with_nvidia_smi(folder: Path, script: str) -> str:
    """Return a PATH with an ``nvidia-smi`` that runs the script."""
    folder.mkdir()
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    tool.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_counts_a_run_and_its_stages_once(world: World, tmp_path: Path):
    with exporter(tmp_path) as exported:
        assert value(exported.scrape(), "dub_runs_ended_total", task="full_pipeline", status="success") is None
        run = world.dub("talk-1", "http://127.0.0.1:9/{job_id}")
        assert run.success
        exported.scrape()
        samples = exported.scrape()
    assert value(samples, "dub_runs_ended_total", task="full_pipeline", status="success") == 1
    assert value(samples, "dub_run_seconds_count", task="full_pipeline") == 1
    assert value(samples, "dub_run_wait_seconds_count", task="full_pipeline") == 1
    for stage in ("stems", "transcript", "translation", "tts_segments", "segment_mixes", "final_video", "metadata"):
        assert value(samples, "dub_stage_seconds_count", stage=stage) == 1
    for kind, label in (("run", {"task": "full_pipeline"}), ("stage", {"stage": "stems"})):
        seconds = value(samples, f"dub_{kind}_seconds_sum", **label)
        factor = value(samples, f"dub_{kind}_real_time_factor_sum", **label)
        assert factor == pytest.approx(seconds / CLIP_S, rel=0.05)


def test_does_not_count_runs_that_ended_before_the_exporter_started(world: World, tmp_path: Path):
    assert world.dub("talk-1", "http://127.0.0.1:9/{job_id}").success
    with exporter(tmp_path) as exported:
        assert value(exported.scrape(), "dub_runs_ended_total", task="full_pipeline", status="success") is None


def test_reports_queued_runs_and_pending_callbacks(world: World, tmp_path: Path):
    waiting = world.tags("talk-2", "http://127.0.0.1:9/{job_id}")
    origin = RemoteJobOrigin(
        RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("dub_assets"), "__repository__"), "dub_job"
    )
    queued = {"status": dg.DagsterRunStatus.QUEUED, "remote_job_origin": origin}
    world.instance.add_run(dg.DagsterRun(job_name="dub_job", tags=waiting, **queued))
    lost = {**world.tags("talk-3", "http://127.0.0.1:9/{job_id}"), tags.CALLBACKS: "lost"}
    world.instance.add_run(dg.DagsterRun(job_name="dub_job", tags=lost, status=dg.DagsterRunStatus.SUCCESS))
    assert world.talk("talk-1", "http://127.0.0.1:9/{job_id}").success
    with exporter(tmp_path) as exported:
        samples = exported.scrape()
    assert value(samples, "dub_runs", task="full_pipeline", status="queued") == 1
    assert value(samples, "dub_waiting_run_oldest_seconds") > 0
    assert value(samples, "dub_callbacks_pending_runs") == 2
    assert value(samples, "dub_callbacks_pending_oldest_seconds") > 0
    assert value(samples, "dub_callbacks_lost_runs") == 1


def test_reports_refused_messages_with_pending_callbacks(world: World, tmp_path: Path):
    record = RefusedMessages(messages=())
    world.archive.save(refusals_key("2026-11-28", "received"), record)
    with exporter(tmp_path) as exported:
        assert value(exported.scrape(), "dub_callbacks_pending_refusals") == 0
        for name in ("m1", "m2"):
            world.archive.save(pending_refusals_key("2026-11-28", name), record)
        samples = exported.scrape()
    assert value(samples, "dub_callbacks_pending_refusals") == 2
    assert value(samples, "dub_source_up", source="refusals") == 1


def test_logs_the_backlog_for_autoscalers(world: World, tmp_path: Path, aws_endpoint: str, sqs, new_queue):
    jobs = new_queue()
    for body in ("one", "two"):
        sqs.send_message(QueueUrl=jobs, MessageBody=body)
    run = dg.DagsterRun(
        job_name="dub_job", tags=world.tags("talk-2", "http://127.0.0.1:9"), status=dg.DagsterRunStatus.STARTED
    )
    world.instance.add_run(run)
    with exporter(
        tmp_path, "--log-backlog", JOB_QUEUE_URL=jobs, AWS_ENDPOINT_URL=aws_endpoint, AWS_REGION=REGION
    ) as exported:
        line = json.loads(exported.output.readline())
    assert line == {"event": "backlog", "open_runs": 1, "waiting_messages": 2, "wanted_workers": 3}


def test_reports_queues_and_the_age_of_the_oldest_message(
    world: World, tmp_path: Path, aws_endpoint: str, sqs, new_queue
):
    jobs, dead = new_queue(), new_queue()
    for body in ("one", "two", "three"):
        sqs.send_message(QueueUrl=jobs, MessageBody=body)
    sqs.receive_message(QueueUrl=jobs, MaxNumberOfMessages=1, VisibilityTimeout=3600)
    sqs.send_message(QueueUrl=dead, MessageBody="dead letter")
    _report_age(aws_endpoint, jobs, 77.0)
    queues = {"JOB_QUEUE_URL": jobs, "JOB_DLQ_URL": dead, "AWS_ENDPOINT_URL": aws_endpoint, "AWS_REGION": REGION}
    with exporter(tmp_path, **queues) as exported:
        samples = exported.scrape()
    assert value(samples, "dub_queue_messages", state="waiting") == 2
    assert value(samples, "dub_queue_messages", state="in_flight") == 1
    assert value(samples, "dub_queue_oldest_message_seconds") == 77
    assert value(samples, "dub_dead_letters", state="waiting") == 1
    assert {value(samples, "dub_source_up", source=name) for name in ("queue", "queue_age", "dead_letters")} == {1}


def _report_age(endpoint: str, queue: str, age_s: float) -> None:
    """Report the age as SQS does, once a minute and late."""
    report = {
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": queue.rpartition("/")[-1]}],
        "Timestamp": datetime.now(UTC) - timedelta(minutes=2),
        "Value": age_s,
    }
    client = boto3.client("cloudwatch", region_name=REGION, endpoint_url=endpoint)
    client.put_metric_data(Namespace="AWS/SQS", MetricData=[report])
    client.close()


def test_reports_a_source_that_fails_and_reads_the_others(world: World, tmp_path: Path):
    nowhere = {"JOB_QUEUE_URL": "http://127.0.0.1:9/1/jobs", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    broken = path_with_nvidia_smi(tmp_path / "bin", "echo 'Failed to initialize NVML'; exit 9")
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    with exporter(tmp_path, **nowhere, **keys, PATH=broken) as exported:
        samples = exported.scrape()
    assert {name: value(samples, "dub_source_up", source=name) for name in ("queue", "queue_age", "gpu")} == {
        "queue": 0,
        "queue_age": 0,
        "gpu": 0,
    }
    assert {value(samples, "dub_source_up", source=name) for name in ("runs", "history", "callbacks", "daemons")} == {1}


def test_gpu_metrics_need_neither_instance_nor_queue(tmp_path: Path):
    two = path_with_nvidia_smi(tmp_path / "bin", "echo '0, NVIDIA L4, 1024, 23034'; echo '1, NVIDIA L4, 0, 23034'")
    with exporter(tmp_path, "--gpu-only", PATH=two) as exported:
        samples = exported.scrape()
    assert value(samples, "dub_gpu_memory_used_bytes", gpu="0", name="NVIDIA L4") == 1024 * 2**20
    assert value(samples, "dub_gpu_memory_total_bytes", gpu="1", name="NVIDIA L4") == 23034 * 2**20
    assert not (tmp_path / "home").exists()
    assert {name for name, _ in samples} == {
        "dub_gpu_memory_used_bytes",
        "dub_gpu_memory_total_bytes",
        "dub_source_up",
    }


def test_names_a_port_that_is_taken(tmp_path: Path):
    with exporter(tmp_path, "--gpu-only") as first:
        port = re.search(r":(\d+)/", first._url).group(1)
        command = [sys.executable, "-m", "dub_assets.cli", "metrics", "--gpu-only", "--port", port]
        second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert f"cannot listen at 127.0.0.1:{port}" in second.stderr
