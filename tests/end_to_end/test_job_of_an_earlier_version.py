"""A job that version 0.1.0 dubbed and edited: this version edits it further and rebuilds its video.

The archive holds the home of that version: objects, Dagster's storage and the record of delivered files. An editor has
spoken line 0000 with a new text and has turned down the speech of line 0001.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.models

ARCHIVE = Path(__file__).parents[1] / "fixtures" / "job_of_0.1.tar.xz"
JOB = "talk-pt-2798b054"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of the earlier version, unpacked."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path / "home", filter="data")
    return tmp_path / "home"


def run(home: Path, *arguments: str) -> str:
    """Return what ``dub-assets`` prints with this home."""
    places = {"DUB_ASSETS_HOME": str(home), "HOME": str(home.parent), "COLUMNS": "200"}
    command = [str(Path(sys.executable).with_name("dub-assets")), *arguments]
    done = subprocess.run(
        command, env=os.environ | places, cwd=home.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def segments(home: Path) -> list[dict[str, object]]:
    """Return the segments as ``dub-assets segments --json`` prints them."""
    return json.loads(run(home, "segments", JOB, "--json"))["segments"]


def test_its_segments_are_edited_and_its_video_is_rebuilt(home: Path):
    before = segments(home)
    assert before[0]["translation"] == "Boa noite a todos."
    run(home, "mix", JOB, "0000", "--bgm-gain", "0.5", "--rebuild", "--out", str(home.parent / "mixed"))
    run(home, "say", JOB, "0001", "Era a era da tolice.", "--rebuild", "--out", str(home.parent / "spoken"))
    after = segments(home)
    assert [segment["translation"] for segment in after] == ["Boa noite a todos.", "Era a era da tolice."]
    assert [(segment["bgm_gain"], segment["tts_gain"]) for segment in after] == [(0.5, 1), (1, 0.7)]
    assert (home.parent / "spoken" / f"{JOB}.pt.mp4").stat().st_size > 0


def test_its_video_is_not_made_again_without_a_change(home: Path):
    video = home / "objects" / "projects" / "local" / "outputs" / "videos" / f"{JOB}.mp4"
    source = home / "objects" / "projects" / "local" / "inputs" / f"{JOB}.mp4"
    before = video.stat().st_mtime_ns
    run(home, "export", JOB, "--out", str(home.parent / "exported"))
    assert source.is_file()
    assert video.stat().st_mtime_ns == before
    assert (home.parent / "exported" / f"{JOB}.pt.mp4").read_bytes() == video.read_bytes()
