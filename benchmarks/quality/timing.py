"""Timing of the lines of the dubbed sample, and what was changed to make them fit."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from benchmarks.quality.sample_dub import dub
from dub_assets.core.chrf import chrf
from dub_assets.core.codec import decode
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.options import ON_TIME_MS
from dub_assets.stages.tts_segments.values import TtsSegments
from dub_assets.text_normalisation.speaking_rate import ordinary_ms
from sample.build import build

TITLE = "Timing of lines (the sample, English to Brazilian Portuguese)"
MEANING = {
    "lines": "lines spoken",
    "tempo": "tempo of the lines relative to the language's ordinary rate",
    "tempo_in_place": "tempo that the full translations would need to end with the original lines",
    "tempo_of_original": "tempo of the original lines, relative to their language's ordinary rate",
    "within_slot": "share of lines that end within their slot",
    "on_time": "share of lines that start within 40 ms of the original",
    "late_starts": "lines that start more than 40 ms after the original",
    "overlaps": "lines that overlap the next one",
    "rungs": "lines by fit method",
    "shortened": "lines with a shorter rendering, and its chrF (0 to 100) against the full translation",
}


def measure(folder: Path) -> dict:
    return figures_of(dub(build(folder / "sample"), folder, "source"), folder)


def figures_of(document: dict, folder: Path) -> dict:
    """Return the figures of a dub in a folder, by its metadata document."""
    (tts,) = (folder / "home" / "objects" / "projects").rglob(f"{document['job_id']}/**/tts_segments.json")
    return timing_figures(
        decode(TtsSegments, tts.read_bytes()),
        decode(Translation, tts.with_name("translation.json").read_bytes()),
        decode(Transcript, tts.with_name("transcript.json").read_bytes()),
    )


def timing_figures(tts: TtsSegments, translation: Translation, transcript: Transcript) -> dict[str, object]:
    """Return the figures of a dub.

    Tempo is relative to the language's ordinary rate; shares are from 0 to 1. chrF (0 to 100) compares shortened lines
    with their full translations. None if there are no such lines.
    """
    lines = tts.segments
    full = {line.index: line.text for line in translation.lines}
    original_text = {segment.index: segment.text for segment in transcript.segments}
    in_place = [ordinary_ms(full[line.index], tts.language) / line.segment.duration_ms for line in lines]
    original = [
        ordinary_ms(original_text[line.index], transcript.language) / line.segment.duration_ms for line in lines
    ]
    shortened_chrf = [chrf(line.speech.text, full[line.index]) for line in lines if line.rendering]
    return {
        "lines": len(lines),
        "tempo": spread([line.tempo for line in lines]),
        "tempo_in_place": spread(in_place),
        "tempo_of_original": spread(original),
        "within_slot": share_of([line.placed.end_ms <= line.slot.end_ms for line in lines]),
        "on_time": share_of([abs(line.late_ms) <= ON_TIME_MS for line in lines]),
        "late_starts": sum(line.late_ms > ON_TIME_MS for line in lines),
        "overlaps": sum(line.placed.end_ms > next_line.placed.start_ms for line, next_line in pairwise(lines)),
        "rungs": tts.fit_methods(),
        "shortened": {
            "lines": len(shortened_chrf),
            "chrf": round(fmean(shortened_chrf), 1) if shortened_chrf else None,
        },
    }


def spread(tempos: list[float]) -> dict[str, float | None]:
    ordered = sorted(round(tempo, 3) for tempo in tempos)
    return {"p50": percentile(ordered, 0.5), "p95": percentile(ordered, 0.95), "max": percentile(ordered, 1.0)}


def percentile(ordered: list[float], share: float) -> float | None:
    """Return the smallest value that this share of all values does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def share_of(answers: list[bool]) -> float | None:
    return round(sum(answers) / len(answers), 3) if answers else None
