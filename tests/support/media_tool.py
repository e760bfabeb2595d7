"""The media tool that tests use: it runs the packaged ffmpeg, or the one that ``pytest --ffmpeg`` names."""

from __future__ import annotations

import math
import os
import re
import subprocess
from pathlib import Path

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.limits import MediaLimits
from dub_assets.core.media import Loudness
from dub_assets.settings import settings_from

_NO_LOUDNESS_LUFS = -70.0
"""The result of ebur128 if every block is under its absolute gate."""


def media_tool(limits: MediaLimits | None = None) -> FfmpegMediaTool:
    """A tool over ``ffmpeg_under_test``."""
    return FfmpegMediaTool(ffmpeg=_named(), limits=limits)


def ffmpeg_under_test() -> Path:
    """The program that the product runs in this test session; clips are made with the packaged one."""
    return find_ffmpeg(_named())


def loudness_of(path: Path) -> Loudness:
    """Return integrated loudness and true peak of a file's first sound track by ffmpeg's ebur128, rounded to 0.1 dB."""
    command = [find_ffmpeg(), "-hide_banner", "-nostats", "-i", path, "-map", "a:0"]
    done = subprocess.run(
        [*command, "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"], capture_output=True, check=True
    )
    log = done.stderr.decode(errors="replace")
    integrated, peak = (
        float(re.findall(rf"^\s*{name}:\s+(\S+) (?:LUFS|dBFS)\s*$", log, re.MULTILINE)[-1]) for name in ("I", "Peak")
    )
    return Loudness(
        integrated_lufs=integrated if integrated > _NO_LOUDNESS_LUFS else None,
        true_peak_dbtp=peak if math.isfinite(peak) else None,
    )


def ffmpeg_environment() -> dict[str, str]:
    """The variable that names ``ffmpeg_under_test``, for settings that a test makes; empty for the packaged program."""
    return {"DUB_ASSETS_FFMPEG": str(named)} if (named := _named()) else {}


def _named() -> Path | None:
    return settings_from(os.environ).paths.ffmpeg
