"""Levels of a dub's lines compared with the original's: the sample with some phrases made softer or louder."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import correlation, fmean, linear_regression, median

import numpy as np

from benchmarks.quality.sample_dub import dub_file
from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.core.signal.level import active_speech_level_dbfs, factor
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval
from sample.build import Sample, build

TITLE = "Levels of the lines (the sample, some phrases made softer or louder)"
MEANING = {
    "lines": "lines compared, by the gain of their original in dB",
    "original_range_db": "from the softest to the loudest original line, of the true speech",
    "dub_range_db": "the same for the dub's lines",
    "correlation": "correlation of the dub's levels with the true ones",
    "range_kept": "decibels in the dub for each decibel in the original: slope of the regression",
    "error_db": "distance of a line's level from the true one, less the median distance; limited lines included",
    "offset_db": "median distance of all lines",
    "soft_lines_db": "lines lowered by 12 dB compared with unchanged ones: in the original and in the dub",
}
GAINS_DB = (0, -12, 0, -6, 4, 0, -12, 0, 0, 0)
"""Gain of each phrase of the sample; the last three phrases are two long lines."""
VARIANTS = {
    "without a bed": (0.0, {}),
    "a bed 12 dB softer": (0.25, {}),
    "the sample's bed": (1.0, {}),
    "that bed, narrow": (1.0, {"MIX_LEVEL_RANGE": "3", "MIX_SOFT_RANGE": "6"}),
}
"""Gain factor of the bed, and options, by variant. The narrow one has 3 and 6 dB instead of 6 and 15.

The first option limits how much louder than the median a line may be, the second keeps soft lines audible over a bed.
"""
Clip = tuple[float, float, int]
"""Level of the original line and of the dub's line in dBFS, and gain of the original in dB."""


def measure(folder: Path) -> dict:
    sample = build(folder / "sample")
    return {name: figures_of(lines(sample, folder, bed, options)) for name, (bed, options) in VARIANTS.items()}


def lines(sample: Sample, folder: Path, bed: float, options: dict[str, str]) -> list[Clip]:
    """Return the levels of each line whose phrases have the same gain."""
    import soundfile

    speech, bed_track = (soundfile.read(path, dtype="float32")[0] for path in (sample.speech, sample.bed))
    for phrase, gain_db in zip(sample.phrases, GAINS_DB, strict=True):
        speech[phrase.interval.start_frame : phrase.interval.end_frame] *= factor(gain_db)
    path = folder / f"levels-{round(100 * bed)}.flac"
    soundfile.write(path, speech + bed * bed_track, SAMPLE_RATE_HZ)
    document = dub_file(path, folder, **options)
    return [clip for segment in document["segments"] if (clip := clip_of(segment, speech, sample, folder))]


def clip_of(segment: dict, speech: np.ndarray, sample: Sample, folder: Path) -> Clip | None:
    original = Interval(start_ms=round(segment["start_point"] * 1000), end_ms=round(segment["end_point"] * 1000))
    gains_db = {
        gain_db
        for phrase, gain_db in zip(sample.phrases, GAINS_DB, strict=True)
        if phrase.interval.overlap_ms(original)
    }
    if len(gains_db) != 1 or not segment["tts_key"]:
        return None
    true = Sound(samples=speech[original.start_frame : original.end_frame], rate_hz=SAMPLE_RATE_HZ)
    dub = SoundfileSoundFiles().read(folder / "home" / "objects" / segment["tts_key"])
    return active_speech_level_dbfs(true), active_speech_level_dbfs(dub), gains_db.pop()


def figures_of(clips: list[Clip]) -> dict:
    original, dub, gains_db = zip(*clips, strict=True)
    offsets = [dub_db - original_db for dub_db, original_db in zip(dub, original, strict=True)]
    errors = sorted(abs(offset - median(offsets)) for offset in offsets)
    return {
        "lines": {f"{gain_db:+d}": gains_db.count(gain_db) for gain_db in sorted(set(gains_db))},
        "original_range_db": round(max(original) - min(original), 1),
        "dub_range_db": round(max(dub) - min(dub), 1),
        "correlation": round(correlation(original, dub), 3),
        "range_kept": round(linear_regression(original, dub).slope, 2),
        "error_db": {"p50": round(median(errors), 1), "p95": round(errors[math.ceil(0.95 * len(errors)) - 1], 1)},
        "offset_db": round(median(offsets), 1),
        "soft_lines_db": {
            "original": round(soft_step_db(original, gains_db), 1),
            "dub": round(soft_step_db(dub, gains_db), 1),
        },
    }


def soft_step_db(levels: tuple[float, ...], gains_db: tuple[int, ...]) -> float:
    """Return the mean level of lines lowered by 12 dB, relative to unchanged lines."""
    lowered, unchanged = (
        [level for level, gain_db in zip(levels, gains_db, strict=True) if gain_db == wanted_db]
        for wanted_db in (-12, 0)
    )
    return fmean(lowered) - fmean(unchanged)
