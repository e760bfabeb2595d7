"""The command line in this process, over a home of its own: fake engines, all else real."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from support.fakes import FakeEngines

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.cli import main
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.storage import StorageResource
from dub_assets.settings import settings_from

SPEECH = [Interval(start_ms=200, end_ms=900), Interval(start_ms=2000, end_ms=2800)]
WORDS = [
    RecognisedWord(text=text, start_ms=region.start_ms, end_ms=region.end_ms, probability=0.9)
    for text, region in zip(("Good.", "Night."), SPEECH, strict=True)
]
"""Two lines in English, which the fake translator turns into "pt Good." and "pt Night."."""


class CommandLine:
    """The command line over a home in ``folder``, and a video to dub.

    >>> run("say", run.job, "1", "Boa noite.", "--quiet")
    """

    def __init__(self, folder: Path, video: Path, patch: pytest.MonkeyPatch) -> None:
        engines = FakeEngines(regions=SPEECH, words=WORDS)
        patch.setattr(EnginesResource, "engines", lambda self, overrides=None: engines)
        paths = {"DUB_ASSETS_HOME": str(folder / "home"), "DUB_ASSETS_CACHE": str(folder / "cache")}
        for name, value in {**paths, "DAGSTER_HOME": str(folder / "dagster"), "COLUMNS": "220"}.items():
            patch.setenv(name, value)
        self.folder = folder
        self.video = str(video)
        self.archive = StorageResource.of(settings_from(paths)).archive
        self.notes = ""
        """Standard error of the last command."""
        self._patch = patch

    def __call__(self, *arguments: str, fails: bool = False) -> str:
        """Run a command and return its standard output, or its standard error if it is to fail."""
        self._patch.setattr(sys, "argv", ["dub-assets", *arguments])
        output, errors = io.StringIO(), io.StringIO()
        with redirect_stdout(output), redirect_stderr(errors), pytest.raises(SystemExit) as exited:
            main()
        assert (exited.value.code not in {0, None}) == fails, errors.getvalue()
        self.notes = errors.getvalue()
        return errors.getvalue() if fails else output.getvalue()

    def dub(self, *arguments: str, fails: bool = False) -> str:
        out = ["--out", str(self.folder / "results")]
        return self("dub", self.video, "--from", "en", "--to", "pt", *out, *arguments, fails=fails)

    @property
    def job(self) -> str:
        return (
            next(key.key for key in self.archive.store.list("jobs/talk-")).removeprefix("jobs/").removesuffix(".json")
        )

    @property
    def keys(self) -> JobKeys:
        return JobKeys(request=self.archive.load(DubRequest, job_record_key(self.job)))

    def manifest(self, kind: type, asset: str):
        return self.archive.load(kind, self.keys.manifest(asset))


def copy_dubbed(dubbed: Path, folder: Path) -> None:
    """Copy the folder of a dub: results, home, Dagster home and cache."""
    shutil.copytree(dubbed, folder, dirs_exist_ok=True)
    for record in (folder / "home" / "deliveries").iterdir():
        record.write_text(record.read_text().replace(str(dubbed), str(folder)))


def make_video(path: Path, *sound_options: str, duration_s: float = 4) -> Path:
    """Write a video with a tone."""
    sources = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=25", "-f", "lavfi", "-i", "sine=440:sample_rate=48000"]
    options = ["-t", str(duration_s), "-pix_fmt", "yuv420p", *sound_options]
    subprocess.run([str(find_ffmpeg()), "-v", "error", *sources, *options, str(path)], check=True)
    return path
