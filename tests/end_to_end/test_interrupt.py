"""Ctrl-C at any stage ends the command at once and cleanly; the same command goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sample.build import build, cut

pytestmark = pytest.mark.models


def command(video: Path, out: Path) -> list[str]:
    options = ["--from", "en", "--to", "pt", "--out", str(out)]
    return [sys.executable, "-m", "dub_assets.cli", "dub", str(video), *options]


def give_way() -> None:
    """What the command's process begins with: it hears Ctrl-C, and does not outrun the test that watches it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a background job ignores it
    os.nice(10)


def stopped_at(stage: str, video: Path, folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """The exit code and what was said of a run that gets Ctrl-C when a stage begins."""
    run = subprocess.Popen(
        command(video, folder / "out"),
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=give_way,  # noqa: PLW1509 - nothing here has threads
    )
    said = ""
    for line in run.stderr:
        said += line
        if line.startswith(f"{stage}:"):
            run.send_signal(signal.SIGINT)
            break
    said += run.communicate()[1]
    return run.returncode, said


def test_an_interrupted_dub_leaves_nothing_half_written_and_goes_on(tmp_path: Path):
    video = cut(build(Path("build/sample")), 4, 8.2, tmp_path / "excerpt").video
    environment = {**os.environ, "DUB_ASSETS_HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": "1"}
    for stage in ("stems", "tts_segments"):
        code, said = stopped_at(stage, video, tmp_path, environment)
        assert code == 130
        assert "interrupted; run the same command again to go on from the last finished stage" in said
        assert "panicked" not in said
        assert "Traceback" not in said
        assert not list((tmp_path / "out").glob("*"))
    again = subprocess.run(
        [*command(video, tmp_path / "out"), "--json"], env=environment, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    assert Path(json.loads(again.stdout)["files"]["video"]).is_file()
