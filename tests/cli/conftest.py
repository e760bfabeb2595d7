"""Dubs that the tests of the command line share: made once, copied by each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.command_line import CommandLine, copy_dubbed, make_video
from support.gated_dub import COMMAND, GatedDub
from support.terminal_screen import Screen

OpenScreen = Callable[..., Screen]


@pytest.fixture(scope="session")
def dubbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``talk.mp4`` and everything that dubbing it with clips made."""
    folder = tmp_path_factory.mktemp("dubbed")
    make_video(folder / "talk.mp4")
    with pytest.MonkeyPatch.context() as patch:
        CommandLine(folder, folder / "talk.mp4", patch).dub("--quiet", "--clips")
    return folder


@pytest.fixture
def run(dubbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line over a copy of the dub, with the copy as working directory."""
    copy_dubbed(dubbed, tmp_path)
    monkeypatch.chdir(tmp_path)
    return CommandLine(tmp_path, dubbed / "talk.mp4", monkeypatch)


@pytest.fixture(scope="session")
def bracketed_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video whose name would be markup in a terminal."""
    return make_video(tmp_path_factory.mktemp("video") / "talk [1080p].mp4")


@pytest.fixture
def gated(tmp_path: Path, bracketed_video: Path) -> GatedDub:
    """A dub that is not started yet, with all gates closed."""
    return GatedDub(tmp_path, bracketed_video)


@pytest.fixture
def gated_edit(run: CommandLine) -> tuple[GatedDub, str]:
    """A finished dub with all gates closed, that of edits too, and its job's id."""
    edited = GatedDub(run.folder, Path(run.video))
    edited.add_edit_gate()
    return edited, run.job


@pytest.fixture
def open_screen() -> Iterator[OpenScreen]:
    """A function that starts a gated command on a terminal."""
    screens: list[Screen] = []

    def start(gated: GatedDub, *arguments: str, columns: int = 100, **variables: str) -> Screen:
        screens.append(Screen([*COMMAND, *arguments], gated.environment | variables, columns=columns))
        return screens[-1]

    yield start
    for screen in screens:
        screen.close()
