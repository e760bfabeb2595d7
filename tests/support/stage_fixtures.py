from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.fakes import FakeEngines, FakeMediaTool, FakeMeter, FakeProgress
from support.programmes import REQUEST, SPEECH, WORDS, Studio, programme

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.keys import JobKeys
from dub_assets.core.ports import Workbench
from dub_assets.core.signal.sound import Sound
from dub_assets.options import DubOptions


@pytest.fixture
def new_studio(tmp_path: Path) -> Callable[[Sound], Studio]:
    def build(sound: Sound) -> Studio:
        sounds = SoundfileSoundFiles()
        workspace = LocalWorkspace(tmp_path / "workspace", LocalObjectStore(tmp_path / "objects"))
        media, progress = FakeMediaTool(sound, sounds), FakeProgress()
        bench = Workbench(
            keys=JobKeys(request=REQUEST),
            workspace=workspace,
            media=media,
            sounds=sounds,
            progress=progress,
            meter=FakeMeter(),
        )
        source = workspace.write(REQUEST.input_key, b"a video")
        return Studio(bench=bench, media=media, progress=progress, source=source, options=DubOptions())

    return build


@pytest.fixture
def studio(new_studio: Callable[[Sound], Studio]) -> Studio:
    return new_studio(programme())


@pytest.fixture
def engines() -> FakeEngines:
    return FakeEngines(regions=SPEECH, words=WORDS)
