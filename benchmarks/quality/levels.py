"""How well the lines of a dub keep the levels of the original's: the sample, some of its phrases softer or louder."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import correlation, fmean, linear_regression, median

import numpy as np

from benchmarks.quality.sample_dub import dubbed
from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.core.signal.level import active_speech_level_dbfs, factor
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval
from sample.build import Sample, build

TITLE = "Levels of the lines (the sample, some phrases made softer or louder)"
MEANING = {
    "lines": "lines compared, by the decibels that their original was raised",
    "original_range_db": "the softest original line to the loudest, of the true speech",
    "dub_range_db": "the same of the dub's lines",
    "correlation": "of the dub's levels and the true ones, line by line",
    "range_kept": "decibels in the dub for each in the original: the slope of its levels over the true ones",
    "error_db": "a dub's line against the true original's, beside what all are off by; also where limits hold a line",
    "offset_db": "what all are off by (the median)",
    "soft_lines_db": "lines lowered by 12 dB against the untouched ones: in the original, and in the dub",
}
GAINS_DB = (0, -12, 0, -6, 4, 0, -12, 0, 0, 0)
"""What each phrase of the sample is raised by; the last three make two long lines."""
WAYS = {
    "without a bed": (0.0, {}),
    "a bed 12 dB softer": (0.25, {}),
    "the sample's bed": (1.0, {}),
    "that bed, narrow": (1.0, {"MIX_LEVEL_RANGE": "3", "MIX_SOFT_RANGE": "6"}),
}
"""Factor of the bed and options, by the name of the way. Narrow: `MIX_LEVEL_RANGE` 3 and `MIX_SOFT_RANGE` 6 dB, for 6
and 15. The limits hold what is louder than the median by the range and, over a bed, a soft line that it would drown."""
Clip = tuple[float, float, int]
"""The true level of a line, the level of the dub's (dBFS), and the decibels that the original was raised by."""


def measure(folder: Path) -> dict:
    sample = build(folder / "sample")
    return {name: of(lines(sample, folder, bed, options)) for name, (bed, options) in WAYS.items()}


def lines(sample: Sample, folder: Path, bed: float, options: dict[str, str]) -> list[Clip]:
    """The levels of each line that lies in phrases raised by the same."""
    import soundfile

    speech, under = (soundfile.read(path, dtype="float32")[0] for path in (sample.speech, sample.bed))
    for phrase, gain_db in zip(sample.phrases, GAINS_DB, strict=True):
        speech[phrase.interval.start_frame : phrase.interval.end_frame] *= factor(gain_db)
    path = folder / f"levels-{round(100 * bed)}.flac"
    soundfile.write(path, speech + bed * under, SAMPLE_RATE_HZ)
    document = dubbed(path, folder, **options)
    return [clip for segment in document["segments"] if (clip := compared(segment, speech, sample, folder))]


def compared(segment: dict, speech: np.ndarray, sample: Sample, folder: Path) -> Clip | None:
    original = Interval(start_ms=round(segment["start_point"] * 1000), end_ms=round(segment["end_point"] * 1000))
    raised = {
        gain_db
        for phrase, gain_db in zip(sample.phrases, GAINS_DB, strict=True)
        if phrase.interval.overlap_ms(original)
    }
    if len(raised) != 1 or not segment["tts_key"]:
        return None
    true = Sound(samples=speech[original.start_frame : original.end_frame], rate_hz=SAMPLE_RATE_HZ)
    dub = SoundfileSoundFiles().read(folder / "home" / "objects" / segment["tts_key"])
    return active_speech_level_dbfs(true), active_speech_level_dbfs(dub), raised.pop()


def of(clips: list[Clip]) -> dict:
    true, dub, raised = zip(*clips, strict=True)
    off = [made - wanted for made, wanted in zip(dub, true, strict=True)]
    errors = sorted(abs(each - median(off)) for each in off)
    return {
        "lines": {f"{gain_db:+d}": raised.count(gain_db) for gain_db in sorted(set(raised))},
        "original_range_db": round(max(true) - min(true), 1),
        "dub_range_db": round(max(dub) - min(dub), 1),
        "correlation": round(correlation(true, dub), 3),
        "range_kept": round(linear_regression(true, dub).slope, 2),
        "error_db": {"p50": round(median(errors), 1), "p95": round(errors[math.ceil(0.95 * len(errors)) - 1], 1)},
        "offset_db": round(median(off), 1),
        "soft_lines_db": {"original": round(step(true, raised), 1), "dub": round(step(dub, raised), 1)},
    }


def step(levels: tuple[float, ...], raised: tuple[int, ...]) -> float:
    soft, usual = ([level for level, by in zip(levels, raised, strict=True) if by == gain] for gain in (-12, 0))
    return fmean(soft) - fmean(usual)
