"""One mutant through probe, extraction and rendering, in a process of its own with limits, and its outcome."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import subprocess
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from support.flash_and_click import clicks_of, clicks_s, write_dub
from support.media_tool import ffmpeg_under_test, media_tool

from dub_assets.adapters.ffmpeg.extraction import check_readable, write_sound
from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg
from dub_assets.adapters.ffmpeg.probe import read_info
from dub_assets.core.errors import MediaError
from dub_assets.core.limits import MediaLimits
from dub_assets.core.media import ExtractedSound, MediaInfo, Rendition
from dub_assets.core.track_choice import DEFAULT_TRACK

CPU_S, WALL_S, MEMORY_BYTES = 30, 600, 3 * 2**30
_SYNC_S = 0.04
_SAME_CLICK_S = 0.25
"""Long noise is a click, or two that are further apart than ``flash_and_click`` joins, depending on few samples."""

LIMITS = MediaLimits(max_duration_s=600)
"""Silence of hours is extracted whole, which takes long: seeds have a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``kind`` is accepted, finding, refused, or the kind of a fault; ``detail`` is one line."""

    kind: str
    detail: str

    @property
    def is_fault(self) -> bool:
        """True if the product failed."""
        return self.kind not in {"accepted", "finding", "refused"}


def outcome_of(path: Path, *, renders: bool = True) -> Outcome:
    """Dub a file in a process with limits, and judge what happens; without ``renders``, only extract its sound."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        result = Path(folder) / "outcome.json"
        process = context.Process(target=_limited, args=(path, Path(folder), result, renders))
        process.start()
        process.join(WALL_S)
        if process.is_alive():
            process.kill()
            process.join()
            return Outcome(kind="hang", detail=f"still runs after {WALL_S} s")
        if not result.exists():
            return Outcome(kind="crash", detail=f"exit code {process.exitcode}")
        return Outcome(**json.loads(result.read_text(encoding="utf-8")))


def _limited(path: Path, folder: Path, result: Path, renders: bool) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries print what they think of the file
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        outcome = _dubbed(path, folder, renders=renders)
    except Exception as error:  # noqa: BLE001  # a fault, whatever it is
        place = traceback.extract_tb(error.__traceback__)[-1]
        outcome = Outcome(kind="traceback", detail=f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})")
    result.write_text(json.dumps({"kind": outcome.kind, "detail": outcome.detail}), encoding="utf-8")


def _dubbed(path: Path, folder: Path, *, renders: bool) -> Outcome:
    """Call what the product calls in its contained processes, in this one, which is contained too."""
    try:
        info = read_info(path, LIMITS.max_pixels, DEFAULT_TRACK)
        LIMITS.check_duration(info.duration_ms / 1000, path.name)
        original = folder / "original.flac"
        check_readable(Ffmpeg(ffmpeg_under_test()), path, info)
        extracted = write_sound(path, info, original)
    except MediaError as error:
        text = str(error)
        return Outcome(kind="refused" if len(text.splitlines()) == 1 else "refusal of several lines", detail=text)
    findings = (*info.findings, *extracted.findings)
    if not findings and (lost := _lost_clicks(path, info, original)):
        return Outcome(kind="speech lost silently", detail=lost)
    fault = _rendered(path, folder, info, extracted) if renders else None
    return fault or Outcome(kind="finding" if findings else "accepted", detail="; ".join(findings))


def _rendered(path: Path, folder: Path, info: MediaInfo, extracted: ExtractedSound) -> Outcome | None:
    """Render a dub that clicks where the original does; return a fault, or None."""
    dub, target = write_dub(folder / "dub.flac", folder / "original.flac"), folder / "dubbed.mp4"
    rendition = Rendition(
        source=path,
        info=info,
        dub=dub,
        original=folder / "original.flac",
        source_language="en",
        target_language="pt",
        subtitles=(),
        intact=extracted.intact,
    )
    try:
        media_tool().render(rendition, target)
    except MediaError as error:
        return Outcome(kind="failure after the probe", detail=str(error))
    expected, heard = clicks_s(soundfile.read(dub)[0]), clicks_of(target, 0)
    if _missing(expected, heard, _SYNC_S) or _missing(heard, expected, _SAME_CLICK_S):
        return Outcome(kind="dub out of place", detail=f"clicks at {heard} instead of {expected}")
    result = read_info(target, LIMITS.max_pixels, DEFAULT_TRACK)
    if abs(result.duration_ms - info.duration_ms) > 1000:
        return Outcome(kind="wrong length", detail=f"{result.duration_ms} ms instead of {info.duration_ms} ms")
    return None


def _missing(times_s: list[float], others_s: list[float], tolerance_s: float) -> bool:
    """Return whether a click has none near it among others."""
    return any(all(abs(time_s - other_s) > tolerance_s for other_s in others_s) for time_s in times_s)


def _lost_clicks(path: Path, info: MediaInfo, original: Path) -> str:
    """Return which clicks the ffmpeg program hears in the track that extraction does not, "" if none."""
    command = [ffmpeg_under_test(), "-v", "quiet", "-nostdin", "-i", f"file:{path}", "-map", f"0:a:{info.track.index}"]
    command += ["-t", "20", "-ac", "1", "-ar", "48000", "-f", "f32le", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    reference = clicks_s(np.frombuffer(done.stdout[: len(done.stdout) // 4 * 4], "<f4"))
    heard = clicks_s(soundfile.read(original, always_2d=True)[0].mean(axis=1))
    return f"{len(heard)} of {len(reference)} clicks" if len(heard) < len(reference) else ""
