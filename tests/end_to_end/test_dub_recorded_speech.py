"""Recorded English speech over a known bed, dubbed by the command line into Portuguese, and listened to again."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from support.published_schemas import fault

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import SpeechChunk
from dub_assets.core.timing import Interval
from dub_assets.resources.engines import EnginesResource
from dub_assets.settings import settings_from
from sample.build import Sample, build, cut

pytestmark = [pytest.mark.models, pytest.mark.media]

START_S, END_S = 20.2, 31.7
"""A chime, and two phrases after it."""


@dataclass(frozen=True)
class Dubbed:
    """The excerpt, the folder of results, what ``--json`` said, and how to run the command again."""

    sample: Sample
    out: Path
    said: dict[str, Any]
    environment: dict[str, str]

    def document(self) -> dict[str, Any]:
        return json.loads((self.out / f"{self.sample.video.stem}.pt.json").read_text(encoding="utf-8"))

    @property
    def video(self) -> Path:
        return self.out / f"{self.sample.video.stem}.pt.mp4"

    def again(self, *options: str) -> dict[str, Any]:
        return dub(self.sample.video, self.out, self.environment, *options)


def dub(video: Path, out: Path, environment: dict[str, str], *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "dub_assets.cli", "dub", str(video), "--from", "en", "--to", "pt"]
    run = subprocess.run(
        [*command, "--out", str(out), "--json", *options], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def dubbed(tmp_path_factory: pytest.TempPathFactory) -> Dubbed:
    folder = tmp_path_factory.mktemp("dub")
    whole = build(Path("build/sample"))
    sample = cut(whole, START_S, END_S, folder / "excerpt")
    environment = {**os.environ, "DUB_ASSETS_HOME": str(folder / "home")}
    out = folder / "results"
    return Dubbed(sample=sample, out=out, said=dub(sample.video, out, environment), environment=environment)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def error_rate(said: list[str], heard: list[str]) -> float:
    """Word error rate: edits (Levenshtein) a word said."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, 1):
        before, row[0] = row[0], at
        for other, found in enumerate(heard, 1):
            before, row[other] = row[other], min(row[other] + 1, row[other - 1] + 1, before + (word != found))
    return row[-1] / max(1, len(said))


def track(video: Path, index: int) -> Sound:
    with av.open(str(video)) as container:
        stream = container.streams.audio[index]
        resampler = av.AudioResampler(format="fltp", rate=48_000)
        blocks = [block.to_ndarray() for frame in container.decode(stream) for block in resampler.resample(frame)]
    return Sound(samples=np.concatenate(blocks, axis=1).T.copy(), rate_hz=48_000)


def heard(sound: Sound, language: str) -> list[str]:
    recogniser = EnginesResource.of(settings_from(os.environ)).engines().recogniser(language)
    mono = SoundfileSoundFiles().resample(sound.mono(), recogniser.capabilities.sample_rate_hz)
    chunk = SpeechChunk(interval=Interval(start_ms=0, end_ms=sound.duration_ms), sound=mono)
    (found,) = recogniser.recognise([chunk], language)
    return [word for spoken in found for word in words(spoken.text)]


def test_the_transcript_is_what_is_read(dubbed: Dubbed):
    segments = dubbed.document()["segments"]
    said = words(" ".join(segment["segment_text"] for segment in segments))
    assert error_rate(words(dubbed.sample.transcript), said) <= 0.05


def test_the_document_fits_its_published_schema(dubbed: Dubbed):
    assert fault(dubbed.document(), "metadata_document") is None


def test_every_segment_is_translated(dubbed: Dubbed):
    for segment in dubbed.document()["segments"]:
        assert segment["translate_context"]
        assert words(segment["translate_context"]) != words(segment["segment_text"])


def test_the_dub_says_the_translation(dubbed: Dubbed):
    translated = words(" ".join(segment["translate_context"] for segment in dubbed.document()["segments"]))
    assert error_rate(translated, heard(track(dubbed.video, 0), "pt")) <= 0.3


def test_segments_are_in_order_and_lines_do_not_overlap(dubbed: Dubbed):
    segments = dubbed.document()["segments"]
    assert all(one["end_point"] <= two["start_point"] for one, two in pairwise(segments))
    assert all(one["dub"]["end"] <= two["dub"]["start"] for one, two in pairwise(segments))
    assert segments[-1]["dub"]["end"] <= dubbed.sample.duration_s


def test_the_video_has_its_tracks_languages_and_length(dubbed: Dubbed):
    with av.open(str(dubbed.video)) as container:
        assert [stream.codec_context.name for stream in container.streams.video] == ["h264"]
        assert [stream.metadata.get("language") for stream in container.streams.audio] == ["por", "eng"]
        assert [stream.metadata.get("language") for stream in container.streams.subtitles] == ["por", "eng"]
        defaults = [bool(stream.disposition & av.stream.Disposition.default) for stream in container.streams.audio]
        assert defaults == [True, False]
        assert container.duration / 1_000_000 == pytest.approx(dubbed.sample.duration_s, abs=0.04)
    for index in (0, 1):
        assert track(dubbed.video, index).frames / 48_000 == pytest.approx(dubbed.sample.duration_s, abs=0.04)


def test_the_picture_is_copied(dubbed: Dubbed):
    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(video=0) if packet.size]

    assert packets(dubbed.video) == packets(dubbed.sample.video)


def test_outside_speech_the_dub_is_the_original(dubbed: Dubbed):
    original, dub_track = track(dubbed.sample.video, 0).samples, track(dubbed.video, 0).samples
    chime = slice(int(0.2 * 48_000), int(3.5 * 48_000))
    residual = np.sqrt(np.mean((dub_track[chime] - original[chime]) ** 2))
    assert 20 * np.log10(residual / np.sqrt(np.mean(original[chime] ** 2))) < -20  # twice through AAC


def test_the_original_speech_is_gone_and_the_bed_is_there(dubbed: Dubbed):
    files = SoundfileSoundFiles()
    stored = next((Path(dubbed.environment["DUB_ASSETS_HOME"]) / "objects").rglob("background.flac"))
    background = files.read(stored).samples.mean(axis=1)
    speech = files.read(dubbed.sample.speech).samples.mean(axis=1)[: len(background)]
    bed = files.read(dubbed.sample.bed).samples.mean(axis=1)[: len(background)]
    spoken = np.abs(speech) > 0.02
    left = float(np.dot(background[spoken], speech[spoken]) / np.dot(speech[spoken], speech[spoken]))
    kept = float(np.corrcoef(background[spoken], bed[spoken])[0, 1])
    assert 20 * np.log10(abs(left)) < -14  # measured: -17 dB
    assert kept > 0.65  # measured: 0.73, and 0.29 before the separation


def test_the_peak_and_the_loudness_are_in_the_document(dubbed: Dubbed):
    loudness = dubbed.document()["loudness"]
    assert loudness["true_peak_dbtp"] <= -1.0
    assert -30 < loudness["integrated_lufs"] < -12


def test_the_document_names_engines_weights_and_licences(dubbed: Dubbed):
    engines = dubbed.document()["engines"]
    for stage in ("stems", "transcript", "translation", "tts_segments"):
        for engine in engines[stage]:
            assert engine["version"]
            assert engine["licence"]
    weights = [weight for stage in engines.values() for engine in stage for weight in engine["weights"]]
    assert len(weights) >= 5
    assert all(re.fullmatch(r"[0-9a-f]{64}", weight["sha256"]) for weight in weights)


def test_the_subtitles_are_beside_the_video(dubbed: Dubbed):
    stem = dubbed.sample.video.stem
    for language, key in (("pt", "translate_context"), ("en", "segment_text")):
        text = (dubbed.out / f"{stem}.{language}.srt").read_text(encoding="utf-8")
        first = dubbed.document()["segments"][0][key]
        assert words(first)[0] in words(text)
        for_browsers = (dubbed.out / f"{stem}.{language}.vtt").read_text(encoding="utf-8")
        assert for_browsers.startswith("WEBVTT\n")
        assert for_browsers.count("-->") == text.count("-->")


def test_a_second_run_makes_nothing_again(dubbed: Dubbed):
    before = dubbed.video.read_bytes()
    again = dubbed.again()
    assert again["stages"] == dubbed.said["stages"]
    assert dubbed.video.read_bytes() == before


def test_clips_can_be_asked_for_later_and_nothing_else_is_made_again(dubbed: Dubbed):
    again = dubbed.again("--clips")
    for stage in ("stems", "transcript", "translation", "tts_segments"):
        assert again["stages"][stage] == dubbed.said["stages"][stage]
    objects = Path(dubbed.environment["DUB_ASSETS_HOME"]) / "objects"
    for segment in dubbed.document()["segments"]:
        assert set(segment["assets"]) == {"source_key", "bgm_key", "tts_key", "mix_key", "video_key"}
        assert all((objects / key).is_file() for key in segment["assets"].values())
