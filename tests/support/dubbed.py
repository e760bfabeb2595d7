"""A Dagster home on disk with a dub of a tone by fake engines, for tests of metrics and logs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from support.fakes import FakeEngines
from support.outbox_world import World

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.resources.engines import EnginesResource
from dub_assets.service.dagster_home import dagster_home

SPOKEN = "Aardvark."
CLIP_S = 3


@contextmanager
def dubbing(folder: Path, monkeypatch: pytest.MonkeyPatch, **more: str) -> Iterator[World]:
    """Yield a world on the instance in ``folder``, which other processes can open too."""
    engines = FakeEngines(
        regions=[Interval(start_ms=200, end_ms=900)],
        words=[RecognisedWord(text=SPOKEN, start_ms=200, end_ms=900, probability=0.9)],
    )
    monkeypatch.setattr(EnginesResource, "engines", lambda self, overrides=None: engines)
    clip = folder / "talk.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=25", "-f", "lavfi", "-i", "sine=440:sample_rate=48000"]
    command = [str(find_ffmpeg()), "-v", "error", *sources, "-t", str(CLIP_S), "-pix_fmt", "yuv420p", str(clip)]
    subprocess.run(command, check=True)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    home = dagster_home(folder / "home")
    environment = {"DUB_ASSETS_HOME": str(folder / "home"), "DUB_ASSETS_CACHE": str(folder / "cache"), **more}
    with dg.DagsterInstance.from_config(str(home)) as instance:
        world = World(environment, instance)
        world.archive.put_file("projects/shop/inputs/talk.mp4", clip)
        yield world
