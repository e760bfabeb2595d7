"""A check on every ffmpeg command of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import ffmpeg
import pytest
from support.used_features import listed, used

from dub_assets.adapters.ffmpeg.ffmpeg_features import REQUIRED


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
