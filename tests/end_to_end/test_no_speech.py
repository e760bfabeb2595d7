"""A video in which nobody speaks is no error: its sound is kept, and the metadata says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg

pytestmark = [pytest.mark.models, pytest.mark.media]


@pytest.mark.parametrize("sound", ["aevalsrc=0.2*sin(2*PI*220*t)*sin(2*PI*2*t):s=48000", "anullsrc=r=44100:cl=mono"])
@pytest.mark.parametrize("spoken", ["auto", "en"])
def test_the_original_sound_is_kept(tmp_path: Path, sound: str, spoken: str):
    video = tmp_path / "music only.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=25", "-f", "lavfi", "-i", sound]
    encode = ["-t", "3", "-pix_fmt", "yuv420p", str(video)]
    subprocess.run([str(find_ffmpeg()), "-v", "error", *sources, *encode], check=True)
    run = subprocess.run(
        [sys.executable, "-m", "dub_assets.cli", "dub", str(video), "--from", spoken, "--to", "pt", "--json"],
        cwd=tmp_path,
        env={**os.environ, "DUB_ASSETS_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    files = json.loads(run.stdout)["files"]
    document = json.loads((tmp_path / files["metadata"]).read_text(encoding="utf-8"))
    assert document["segments"] == []
    assert document["speech"].startswith("none")
    with av.open(str(tmp_path / files["video"])) as container:
        assert len(container.streams.audio) == 2
        assert not container.streams.subtitles
        decoded = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    expected = 0.0 if "anullsrc" in sound else 0.1
    assert np.sqrt(np.mean(decoded**2)) == pytest.approx(expected, abs=0.01)
