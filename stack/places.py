"""Addresses and folders of the stack."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

BUCKET = "dub-assets"
REGION = "ap-northeast-2"
FOLDER = Path("build/stack")
_NOT_OURS = {"AWS_PROFILE", "AWS_SESSION_TOKEN", "DAGSTER_HOME", "PYTHONPATH"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The ports of the stack, all on 127.0.0.1, and its folder."""

    aws_port: int = 4575
    consumer_port: int = 4576
    ui_port: int = 3000
    folder: Path = FOLDER

    @property
    def aws(self) -> str:
        """Return the address of queue and bucket."""
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def consumer(self) -> str:
        """Return the address of the receiver of callbacks."""
        return f"http://127.0.0.1:{self.consumer_port}"

    def queue_url(self, name: str) -> str:
        """Return the URL of a queue on the server of the stack."""
        return f"{self.aws}/123456789012/{name}"

    @property
    def home(self) -> Path:
        """The worker's home, created at every start, as the bucket is."""
        return self.folder.absolute() / "home"

    @property
    def log(self) -> Path:
        """The log of the worker."""
        return self.folder.absolute() / "worker.log"

    def environment(self, secret: str) -> dict[str, str]:
        """Return the worker's environment: production's variables with other addresses."""
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
        return inherited | {
            "AWS_ACCESS_KEY_ID": "stack",
            "AWS_SECRET_ACCESS_KEY": "stack",
            "AWS_ENDPOINT_URL": self.aws,
            "AWS_REGION": REGION,
            "AWS_S3_BUCKET": BUCKET,
            "JOB_QUEUE_URL": self.queue_url("jobs"),
            "JOB_DLQ_URL": self.queue_url("dead-letters"),
            "JOB_CALLBACK_SECRET": secret,
            "JOB_SOURCE_LANG": "en",
            "JOB_TARGET_LANG": "pt",
            "JOB_CALLBACK_ALLOWED_HOSTS": "127.0.0.1",
            "JOB_CALLBACK_LOCALHOST_HOST": "",
            "DUB_ASSETS_HOME": str(self.home),
        }
