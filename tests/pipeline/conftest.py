from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import FakeEngines, FakeMediaTool, FakeMeter, FakeProgress
from programmes import REQUEST, SPEECH, WORDS, Studio, programme

from dub_assets.domain.keys import JobKeys
from dub_assets.domain.options import DubOptions
from dub_assets.domain.signal.sound import Sound
from dub_assets.media.sound_file import SoundfileSoundFiles
from dub_assets.ports import Workbench
from dub_assets.storage.local import LocalObjectStore
from dub_assets.storage.workspace import LocalWorkspace


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
