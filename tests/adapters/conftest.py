"""What the tests of adapters share: AWS's protocols for S3 and SQS, and a check on every ffmpeg command."""

from __future__ import annotations

from collections.abc import Iterator

import ffmpeg
import pytest
from aws_server import aws_endpoint, bucket, connect, new_queue, sqs
from used_features import listed, used

from dub_assets.media.ffmpeg_features import REQUIRED

__all__ = ["aws_endpoint", "bucket", "connect", "new_queue", "no_unlisted_features", "sqs"]


@pytest.fixture(autouse=True, scope="session")
def no_unlisted_features() -> Iterator[None]:
    """Fail a test whose product code uses a feature of ffmpeg that ``REQUIRED`` does not list."""
    compiled = ffmpeg.compile

    def checked(*arguments: object, **options: object) -> list[str]:
        command: list[str] = compiled(*arguments, **options)
        unlisted = used(command) - listed(REQUIRED)
        assert not unlisted, f"not listed in ffmpeg_features.REQUIRED: {sorted(unlisted)}"
        return command

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ffmpeg, "compile", checked)
        yield
