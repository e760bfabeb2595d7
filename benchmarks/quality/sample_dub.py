"""A dub of the sample by the command line: figures of its document, and measurements of its files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.timing import Interval
from dub_assets.stages.segment_mixes.options import LOUDNESS_PROFILES
from sample.build import Sample, build

TITLE = "The sample (60 s, English to Brazilian Portuguese)"
MEANING = {
    "checks_passed": "checks that passed",
    "agreement": "similarity of each line's text and what the recogniser hears, by letters",
    "lines_heard_otherwise": "lines with dropped, repeated or invented words after at most one more attempt",
    "leftover_db": "estimated original speech in the background, of the line with most",
    "sound_lag_ms": "delay of the encoded dub against the mix",
    "residual_outside_speech_db": "mix minus original outside lines, relative to the original, before encoding",
    "encoded_residual_outside_speech_db": "the same in the encoded file: the error of the AAC encoder",
    "true_peak_dbtp": "true peak of the encoded dub",
    "source_lufs": "integrated loudness of the original",
    "integrated_lufs": "integrated loudness of the encoded dub",
    "loudness_error_lu": "encoded loudness less the target, by profile",
}
MARGIN_MS = 500
"""Distance from lines that fades and the limiter may affect."""


def measure(folder: Path) -> dict:
    sample = build(folder / "sample")
    document = dub(sample, folder, "source")
    segments = document["segments"]
    figures, checks = document["quality"]["figures"], document["quality"]["checks"]
    recognition_issues = {"dropped_words", "repeated_words", "invented_words", "unlike_text"}
    residuals = residuals_outside_lines(document, sample, folder)
    return {
        "checks_passed": f"{sum(check['passed'] for check in checks)} of {len(checks)}",
        "agreement": figures["agreement"],
        "lines_heard_otherwise": sum(bool(recognition_issues.intersection(segment["issues"])) for segment in segments),
        "leftover_db": figures["leftover_db"],
        "sound_lag_ms": figures["sound_lag_ms"],
        **residuals,
        "true_peak_dbtp": document["loudness"]["true_peak_dbtp"],
        "source_lufs": document["loudness"]["source_lufs"],
        "integrated_lufs": document["loudness"]["integrated_lufs"],
        "loudness_error_lu": {
            profile: error_lu(document if profile == "source" else dub(sample, folder, profile))
            for profile in LOUDNESS_PROFILES
        },
    }


def dub(sample: Sample, folder: Path, profile: str) -> dict:
    return dub_file(sample.video, folder, MIX_LOUDNESS=profile)


def dub_file(programme: Path, folder: Path, **options: str) -> dict:
    """Dub a programme from English to Portuguese; return its metadata document."""
    environment = {**os.environ, **options, "DUB_ASSETS_HOME": str(folder / "home")}
    program, out = Path(sys.executable).with_name("dub-assets"), folder / "out"
    command = [program, "dub", programme, "--from", "en", "--to", "pt", "--out", out, "--quiet"]
    subprocess.run(command, env=environment, check=True)
    return json.loads((out / f"{programme.stem}.pt.json").read_text(encoding="utf-8"))


def error_lu(document) -> float:
    return round(document["loudness"]["integrated_lufs"] - document["loudness"]["target_lufs"], 2)


def residuals_outside_lines(document, sample: Sample, folder: Path) -> dict:
    """Return the residuals outside lines, in dB relative to the original."""
    files, tool = SoundfileSoundFiles(), FfmpegMediaTool()
    stems = folder / "home" / "objects" / "projects" / "local" / "interim" / document["job_id"] / "stems"
    original, mix = (files.read(stems / f"{name}.flac").samples for name in ("original", "mix"))
    whole = Interval(start_ms=0, end_ms=sample.duration_ms)
    encoded = tool.excerpt(folder / "out" / f"{sample.video.stem}.pt.mp4", whole).samples
    outside = np.ones(len(original), dtype=bool)
    for segment in document["segments"]:
        times = [segment["start_point"], segment["end_point"]]
        times += [segment["dub"]["start"], segment["dub"]["end"]] if "dub" in segment else []
        first, last = (round(time * 1000) * 48 for time in (min(times), max(times)))
        outside[max(0, first - MARGIN_MS * 48) : last + MARGIN_MS * 48] = False
    return {
        "residual_outside_speech_db": residual_db(mix[outside], original[outside]),
        "encoded_residual_outside_speech_db": residual_db(encoded[outside], original[outside]),
    }


def residual_db(result, original) -> float:
    error, energy = (float(np.square(signal, dtype=np.float64).sum()) for signal in (result - original, original))
    return round(float(10 * np.log10(max(error, energy * 1e-15) / energy)), 1)
