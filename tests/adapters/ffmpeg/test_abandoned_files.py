"""What killed processes left half-written is removed; what a live one writes is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dub_assets.core import atomic_file as whole_file
from dub_assets.core.atomic_file import remove_abandoned, render_folder, written_whole

WRITER = """
import sys, time
from pathlib import Path
from dub_assets.core.atomic_file import render_folder, written_whole
folder = Path(sys.argv[1])
with written_whole(folder / "mix.flac") as partial, render_folder(folder) as rendering:
    partial.write_bytes(b"half")  # ffmpeg, too, writes over the file that is there
    (rendering / "dub.m4a").write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "writing\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_of_a_live_process_stay_and_those_of_a_killed_one_go(tmp_path: Path, writer: subprocess.Popen[str]):
    kept = tmp_path / ".hidden.partial.flac"
    kept.touch()
    before = names(tmp_path)
    assert len(before) == 3
    remove_abandoned(tmp_path.parent, below=True)
    assert names(tmp_path) == before
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    remove_abandoned(tmp_path.parent, below=False)
    assert names(tmp_path) == before
    remove_abandoned(tmp_path.parent, below=True)
    assert names(tmp_path) == [kept.name]


def test_files_of_this_process_stay(tmp_path: Path):
    with written_whole(tmp_path / "mix.flac") as partial, render_folder(tmp_path) as folder:
        partial.write_bytes(b"whole")
        remove_abandoned(tmp_path, below=True)
        assert partial.exists()
        assert folder.exists()
    assert names(tmp_path) == ["mix.flac"]


def test_what_stores_left_goes_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    part = tmp_path / f".{'0' * 32}.part"
    part.touch()
    os.utime(part, (0, 0))  # a hard link has its source's time of modification
    remove_abandoned(tmp_path, below=True)
    assert part.exists()
    now = time.time()
    monkeypatch.setattr(whole_file.time, "time", lambda: now + 2 * 24 * 3600)
    remove_abandoned(tmp_path, below=True)
    assert not part.exists()
