"""The GPU image's worker, started as the image starts it, dubs the service's default pair of languages.

``make test-image`` installs what the image installs into ``build/image``. The project's own environment plays all that
is around the service: queue, bucket, consumer and model hub. The models are tiny, in the layout of the real ones.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import av
import boto3
import pytest
from support.aws_server import REGION, aws_endpoint
from support.callback_receiver import CallbackReceiver
from support.firefox_registry import MozillaRegistry, installed_model
from support.hub_server import Hub, running_hub
from support.waiting import wait_until
from workers.servers import servers

from dub_assets.adapters.aws import aws_client
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.whisper import weights as whisper_weights
from dub_assets.engines.whisper import whisper_models
from dub_assets.engines.whisperx.alignment_models import MODELS as ALIGNMENT_MODELS
from sample.build import build, cut
from tests.image.dockerfile import Image

__all__ = ["aws_endpoint"]

PROJECT = Path(__file__).parents[2]
ROOT = PROJECT / os.environ.get("IMAGE", "build/image")
STAGES = ["downloaded", "stt_completed", "mt_prepare", "mt_completed", "tts_prepare", "tts_completed", "completed"]
INPUT = "projects/shop/inputs/talk.mp4"
START_S, END_S = 24.5, 31.7


class Service:
    """The processes of the image, each with the image's environment and the service's variables."""

    def __init__(self, image: Image, environment: dict[str, str], folder: Path) -> None:
        self.image, self.folder = image, folder
        self._environment = environment
        self._processes: list[subprocess.Popen[bytes]] = []

    def run(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        program = shutil.which(command[0], path=self._environment["PATH"])
        with self.log(name).open("ab") as output:
            process = subprocess.Popen(
                [program, *command[1:]],
                env=self._environment,
                cwd=self.image.path("/app"),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def is_healthy(self) -> bool:
        """What the image's health check asks."""
        check = ["celery", "-b", self._environment["DUB_ASSETS_REDIS_URL"], "inspect", "ping", "-t", "10"]
        program = shutil.which(check[0], path=self._environment["PATH"])
        done = subprocess.run([program, *check[1:]], env=self._environment, capture_output=True, check=False)
        return done.returncode == 0

    def close(self) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def image() -> Image:
    image = Image(PROJECT, "gpu", ROOT)
    assert image.path("/app/.venv/bin/python").exists(), "run `make test-image`"
    shutil.rmtree(image.path("/app/cache"))
    image.path("/app/cache").mkdir()
    return image


@pytest.fixture(scope="module")
def hub(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with tiny models under the names of the real ones."""
    folder = tmp_path_factory.mktemp("models")
    python = image.path("/app/.venv/bin/python")
    paths = os.pathsep.join(map(str, (PROJECT / "tests/gpu_engines", image.path("/app/code"))))
    write = [python, PROJECT / "tests/image/tiny_models.py", folder]
    subprocess.run(write, env=image.environment() | {"PYTHONPATH": paths}, check=True)
    with running_hub() as served:
        align = ALIGNMENT_MODELS["ko"]
        for path in (folder / "align-ko").iterdir():
            served.files[align.home, align.revision, path.name] = path.read_bytes()
        whisper = whisper_models.MODELS["large-v3"]
        for name, content in as_large_v3(folder).items():
            served.files[whisper.home, whisper.revision, name] = content
        for path in (folder / "demucs").glob("*.th"):
            served.web[f"demucs/{path.name}"] = path.read_bytes()
        yield served


@pytest.fixture(scope="module")
def registry(hub: Hub) -> MozillaRegistry:
    """Firefox's registry; the model from Korean is that from Portuguese under its name."""
    registry = MozillaRegistry(hub=hub)
    registry.add(("ko", "en"), installed_model(("pt", "en"), as_pair=("ko", "en")))
    return registry


def as_large_v3(folder: Path) -> dict[str, bytes]:
    """Whisper base, which packages ship, in the files of large-v3."""
    base = whisper_weights.find(
        EngineSettings(cache_dir=folder / "weights", weights_dir=None, threads=1, models=ModelOptions())
    )
    tokens = base["vocabulary.txt"].read_text(encoding="utf-8").removesuffix("\n").split("\n")
    features = {"feature_size": 80, "sampling_rate": 16000, "hop_length": 160, "chunk_length": 30, "n_fft": 400}
    return {
        **{name: base[name].read_bytes() for name in ("config.json", "model.bin", "tokenizer.json")},
        "vocabulary.json": json.dumps(tokens).encode(),
        "preprocessor_config.json": json.dumps(features).encode(),
    }


@pytest.fixture(scope="module")
def receiver() -> Iterator[CallbackReceiver]:
    with CallbackReceiver() as running:
        yield running


@pytest.fixture(scope="module")
def bucket(aws_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    name = f"bucket-{uuid.uuid4().hex}"
    s3 = aws_client("s3", region=REGION, endpoint_url=aws_endpoint)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    video = cut(build(Path("build/sample")), START_S, END_S, tmp_path_factory.mktemp("excerpt")).video
    s3.upload_file(str(video), name, INPUT)
    yield name
    s3.close()


@pytest.fixture(scope="module")
def queue(aws_endpoint: str) -> str:
    sqs = boto3.client("sqs", region_name=REGION, endpoint_url=aws_endpoint)
    url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex}")["QueueUrl"]
    sqs.close()
    return url


@pytest.fixture(scope="module")
def service(image, hub, registry, bucket, queue, aws_endpoint, tmp_path_factory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    folder.chmod(0o755)
    weights = next(name.partition("/")[2] for name in hub.web if name.startswith("demucs/"))
    own = image.environment()
    addresses = {
        "AWS_S3_BUCKET": bucket,
        "JOB_QUEUE_URL": queue,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": aws_endpoint,
        **{name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")},
        "JOB_CALLBACK_ALLOWED_HOSTS": "127.0.0.1",
        "JOB_CALLBACK_LOCALHOST_HOST": "",
        "HF_ENDPOINT": hub.url,
        **registry.environment,
        "TEST_MODEL_PINS": json.dumps({"home": f"{hub.url}/demucs", "file": weights}),
        "PYTHONPATH": os.pathsep.join([str(PROJECT / "tests/image/pins"), own["PYTHONPATH"]]),
    }
    with servers("cluster", folder) as beside:
        running = Service(image, own | addresses | dict(beside.environment) | {"DUB_ASSETS_WORKERS": "1"}, folder)
        try:
            yield running
        finally:
            running.close()


def test_the_worker_of_the_image_dubs_from_korean_into_english_with_a_bucket_and_a_queue(
    service: Service, receiver: CallbackReceiver, hub: Hub, bucket: str, queue: str, aws_endpoint: str, tmp_path: Path
):
    make = [
        service.image.path("/app/.venv/bin/python"),
        "-c",
        "import dagster; dagster.DagsterInstance.get().dispose()",
    ]
    service.run("instance", [str(make[0]), *make[1:]]).wait(300)  # two processes cannot make its tables at once
    worker = service.run("worker", service.image.command)
    service.run("daemon", ["dagster-daemon", "run", "-w", str(service.image.path("/app/workspace.yaml"))])
    sqs = boto3.client("sqs", region_name=REGION, endpoint_url=aws_endpoint)
    body = {"job_id": "talk", "project_id": "shop", "input_key": INPUT, "callback_url": receiver.url()}
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
    sqs.close()

    def is_over() -> bool:
        assert worker.poll() is None, service.log("worker").read_text()[-4000:]
        return stages()[-1:] in (["completed"], ["failed"])

    def stages() -> list[str]:
        return [received.json["metadata"]["stage"] for received in receiver.received]

    wait_until(is_over, "the end of the job", pause_s=1)
    assert stages() == STAGES, receiver.received[-1].json
    assert service.is_healthy()
    last = receiver.received[-1].json
    assert (last["metadata"]["source_lang"], last["metadata"]["target_lang"]) == ("ko", "en")
    s3 = aws_client("s3", region=REGION, endpoint_url=aws_endpoint)
    document = json.loads(s3.get_object(Bucket=bucket, Key=last["metadata"]["metadata_key"])["Body"].read())
    used = {engine["name"] for engines in document["engines"].values() for engine in engines}
    assert {"demucs", "whisperx", "campplus", "firefox"} <= used
    s3.download_file(bucket, last["result_key"], str(tmp_path / "dub.mp4"))
    s3.close()
    with av.open(str(tmp_path / "dub.mp4")) as container:
        assert [stream.metadata.get("language") for stream in container.streams.audio] == ["eng", "kor"]
    log = service.log("worker").read_text()
    for model in ("htdemucs", "large-v3", "align-ko", "ko-en"):
        assert model in log.partition("ready: nothing is missing")[0]
