"""A queue, a bucket and a consumer around a service with warm workers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from servers import Server
from support.callback_receiver import CallbackReceiver
from worker_service import WorkerService

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.resources.tags import CALLBACKS

INPUT = "projects/shop/inputs/talk.mp4"
STAGES = [
    *["downloaded", "stt_completed", "mt_prepare", "mt_completed", "tts_prepare", "tts_completed"],
    *["completed"],
]


class World:
    """The messages that a service receives and the callbacks that it sends."""

    def __init__(
        self, service: WorkerService, servers: Mapping[str, Server], sqs, url: str, receiver: CallbackReceiver
    ) -> None:
        self.service = service
        self.servers = servers
        self._sqs = sqs
        self._url = url
        self._receiver = receiver

    def send(self, job_id: str, **more: object) -> str:
        message = {"job_id": job_id, "project_id": "shop", "callback_url": self._receiver.url(), "input_key": INPUT}
        body = json.dumps(message | {"source_lang": "en", "target_lang": "pt"} | more)
        self._sqs.send_message(QueueUrl=self._url, MessageBody=body)
        return job_id

    def reported_stages(self, job_id: str) -> list[str]:
        """Return the stages of a job's callbacks in order, without repetitions."""
        stages: list[str] = []
        seen: set[str] = set()
        for received in self._receiver.received:
            assert received.answered == 204, received.fault
            metadata = received.json["metadata"]
            if metadata["job_id"] == job_id and received.headers["webhook-id"] not in seen:
                seen.add(received.headers["webhook-id"])
                stages.append(metadata["stage"])
        return stages

    def await_reported(self, job_id: str) -> list[str]:
        """Wait until all callbacks of a job are delivered, and return their stages."""

        def is_fully_reported() -> bool:
            runs = self.service.runs(job_id)
            return bool(runs) and all(run.is_finished and run.tags[CALLBACKS] == "delivered" for run in runs)

        self.service.wait(is_fully_reported, f"not all callbacks of {job_id} are delivered")
        return self.reported_stages(job_id)


def clip(folder: Path) -> Path:
    """Write a video of two seconds."""
    path = folder / "talk.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=10", "-f", "lavfi", "-i", "sine=440:sample_rate=48000"]
    command = [str(find_ffmpeg()), "-v", "error", *sources, "-t", "2", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True)
    return path


def environment(*, url: str, bucket: str, endpoint: str, folder: Path) -> dict[str, str]:
    """Return the environment of the service."""
    return {
        "JOB_QUEUE_URL": url,
        "JOB_SOURCE_LANG": "en",
        "JOB_TARGET_LANG": "pt",
        "JOB_VISIBILITY_TIMEOUT": "10",
        "JOB_QUEUE_WAIT": "2",
        "JOB_CALLBACK_ALLOWED_HOSTS": "127.0.0.1",
        "JOB_CALLBACK_LOCALHOST_HOST": "",
        "AWS_S3_BUCKET": bucket,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "ap-northeast-2",
        "DUB_ASSETS_HOME": str(folder / "objects"),
        "DUB_ASSETS_CACHE": str(folder / "cache"),
        "WORKER_GRACE": "1",
    }
