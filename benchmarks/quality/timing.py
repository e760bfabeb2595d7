"""How well the lines of the dubbed sample fit their time, and what it cost them."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

from benchmarks.quality.sample_dub import dub
from dub_assets.core.chrf import chrf
from dub_assets.core.codec import decode
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.options import ON_TIME_MS
from dub_assets.stages.tts_segments.values import TtsSegments
from dub_assets.text_normalisation.speaking_rate import ordinary_ms
from sample.build import build

TITLE = "Lines in their time (the sample, English to Brazilian Portuguese)"
MEANING = {
    "lines": "lines spoken",
    "tempo": "tempo of the lines over the language's ordinary rate",
    "tempo_in_place": "what the full translations would need to end where the original lines do",
    "tempo_of_original": "the same of the original lines, over their language's ordinary rate: how fast the speaker is",
    "within_slot": "share of lines that end within their slot",
    "on_time": "share of lines that begin within 40 ms of the original",
    "late_starts": "lines that begin over 40 ms after the original",
    "overlaps": "lines that run into the next one",
    "rungs": "lines by how far up the ladder they had to go",
    "shortened": "lines with a shorter rendering, and chrF (0 to 100) of that against the full translation",
}


def measure(folder: Path) -> dict:
    return figures_of(dub(build(folder / "sample"), folder, "source"), folder)


def figures_of(document: dict, folder: Path) -> dict:
    """The figures of a dub by its document, kept in a folder."""
    (tts,) = (folder / "home" / "objects" / "projects").rglob(f"{document['job_id']}/**/tts_segments.json")
    return timing_figures(
        decode(TtsSegments, tts.read_bytes()),
        decode(Translation, tts.with_name("translation.json").read_bytes()),
        decode(Transcript, tts.with_name("transcript.json").read_bytes()),
    )


def timing_figures(tts: TtsSegments, translation: Translation, transcript: Transcript) -> dict[str, object]:
    """The figures of a dub.

    Tempo is over the language's ordinary rate; shares and chrF (of what is said against the full translation, of the
    shortened lines alone) are from 0 to 1 and to 100. None where there are no such lines.
    """
    lines = tts.segments
    full = {line.index: line.text for line in translation.lines}
    said = {segment.index: segment.text for segment in transcript.segments}
    in_place = [ordinary_ms(full[line.index], tts.language) / line.segment.duration_ms for line in lines]
    original = [ordinary_ms(said[line.index], transcript.language) / line.segment.duration_ms for line in lines]
    kept = [chrf(line.speech.text, full[line.index]) for line in lines if line.rendering]
    pairs = pairwise(lines)
    return {
        "lines": len(lines),
        "tempo": spread([line.tempo for line in lines]),
        "tempo_in_place": spread(in_place),
        "tempo_of_original": spread(original),
        "within_slot": share([line.placed.end_ms <= line.slot.end_ms for line in lines]),
        "on_time": share([abs(line.late_ms) <= ON_TIME_MS for line in lines]),
        "late_starts": sum(line.late_ms > ON_TIME_MS for line in lines),
        "overlaps": sum(line.placed.end_ms > later.placed.start_ms for line, later in pairs),
        "rungs": tts.fit_methods(),
        "shortened": {"lines": len(kept), "chrf": round(sum(kept) / len(kept), 1) if kept else None},
    }


def spread(tempos: list[float]) -> dict[str, float | None]:
    ordered = sorted(round(tempo, 3) for tempo in tempos)
    return {"p50": percentile(ordered, 0.5), "p95": percentile(ordered, 0.95), "max": percentile(ordered, 1.0)}


def percentile(ordered: list[float], part: float) -> float | None:
    """The smallest value that this part of all is not over."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else None


def share(answers: list[bool]) -> float | None:
    return round(sum(answers) / len(answers), 3) if answers else None
