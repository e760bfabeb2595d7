"""Fixtures of tests of stages: a harness over real files, and fake engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.fakes import FakeEngines, FakeMediaTool, FakeMeter, FakeProgress
from support.programmes import REQUEST, SPEECH, WORDS, StageHarness, programme

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.adapters.storage.consents import ConsentRecords, JobConsents
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.keys import JobKeys
from dub_assets.core.ports import StageContext
from dub_assets.core.signal.sound import Sound
from dub_assets.options import DubOptions


@pytest.fixture
def new_harness(tmp_path: Path) -> Callable[[Sound], StageHarness]:
    """Return a function that builds a harness over a sound."""

    def build(sound: Sound) -> StageHarness:
        sounds = SoundfileSoundFiles()
        store = LocalObjectStore(tmp_path / "objects")
        workspace = LocalWorkspace(tmp_path / "workspace", store)
        media, progress = FakeMediaTool(sound, sounds), FakeProgress()
        ctx = StageContext(
            keys=JobKeys(request=REQUEST),
            workspace=workspace,
            media=media,
            sounds=sounds,
            progress=progress,
            meter=FakeMeter(),
            consents=JobConsents(records=ConsentRecords(store, REQUEST.project_id), job_id=REQUEST.job_id),
        )
        source = workspace.write(REQUEST.input_key, b"a video")
        return StageHarness(ctx=ctx, media=media, progress=progress, source=source, options=DubOptions())

    return build


@pytest.fixture
def harness(new_harness: Callable[[Sound], StageHarness]) -> StageHarness:
    """Return a harness over the programme of two lines."""
    return new_harness(programme())


@pytest.fixture
def engines() -> FakeEngines:
    """Return engines that find the programme's speech and words."""
    return FakeEngines(regions=SPEECH, words=WORDS)
