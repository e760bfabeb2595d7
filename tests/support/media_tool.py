"""The media tool that tests use: it runs the packaged ffmpeg, or the one that ``pytest --ffmpeg`` names."""

from __future__ import annotations

import os
from pathlib import Path

from dub_assets.adapters.ffmpeg.decoding import measure_loudness
from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg, find_ffmpeg
from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.limits import MediaLimits
from dub_assets.core.media import Loudness
from dub_assets.settings import settings_from


def media_tool(limits: MediaLimits | None = None) -> FfmpegMediaTool:
    """A tool over ``ffmpeg_under_test``."""
    return FfmpegMediaTool(ffmpeg=_named(), limits=limits)


def ffmpeg_under_test() -> Path:
    """The program that the product runs in this test session; clips are made with the packaged one."""
    return find_ffmpeg(_named())


def loudness_of(path: Path) -> Loudness:
    """Return the loudness of a file's first sound track."""
    return measure_loudness(Ffmpeg(ffmpeg_under_test()), path)


def ffmpeg_environment() -> dict[str, str]:
    """The variable that names ``ffmpeg_under_test``, for settings that a test makes; empty for the packaged program."""
    return {"DUB_ASSETS_FFMPEG": str(named)} if (named := _named()) else {}


def _named() -> Path | None:
    return settings_from(os.environ).paths.ffmpeg
