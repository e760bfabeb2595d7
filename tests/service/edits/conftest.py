"""A finished job of three segments, made once by fake engines and copied by every test."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws_server import REGION
from support.segment_work import JOB, Service, service_in

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.resources.partitions import jobs_partitions


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "talk.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=25", "-f", "lavfi", "-i", "sine=440:sample_rate=48000"]
    command = [str(find_ffmpeg()), "-v", "error", *sources, "-t", "6", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service without any job, its objects in a folder."""
    with service_in(tmp_path, monkeypatch) as service:
        yield service


@pytest.fixture
def bucket_service(aws_endpoint, bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The same, its objects in a bucket."""
    environment = {"AWS_S3_BUCKET": bucket, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": aws_endpoint}
    with service_in(tmp_path, monkeypatch, environment) as service:
        yield service


@pytest.fixture(scope="module")
def finished(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a service with a finished job of three segments: made once, copied by every test."""
    home = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch, service_in(home, patch) as service:
        service.dub(clip)
    return home


@pytest.fixture
def dubbed(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service with that job."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    with service_in(tmp_path, monkeypatch) as service:
        service.instance.add_dynamic_partitions(jobs_partitions.name, [JOB])
        yield service
