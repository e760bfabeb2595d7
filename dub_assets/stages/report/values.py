"""The report of a job for editors: every segment with what needs attention, in values that a page is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from dub_assets.core.media import MediaObject
from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import Interval

Track = Literal["original", "dub", "background", "mix"]
"""What can be listened to: ``dub`` is the new speech alone, ``mix`` what the dubbed video has."""

Weight = Literal["problem", "look", "note"]
"""``problem``: the dub is wrong there; ``look``: an editor may want to change it; ``note``: worth knowing."""

_WEIGHTS: dict[Weight, float] = {"problem": 100.0, "look": 10.0, "note": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing about a segment, in words; ``excess`` (0 to 1) orders those of equal weight."""

    weight: Weight
    text: str
    excess: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something measured or chosen, in words."""

    name: str
    value: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSegment:
    """A segment of the transcript; ``placed`` is where the dub speaks it, None where it does not.

    ``speaker`` is None where speakers were not told apart.
    """

    index: int
    original: Interval
    slot: Interval
    placed: Interval | None
    text: str
    translated: str
    tempo: float | None
    findings: tuple[Finding, ...]
    facts: tuple[Fact, ...]
    speaker: str | None = None

    @property
    def attention(self) -> float:
        """How much it needs looking at; 0 is not at all."""
        return sum(_WEIGHTS[finding.weight] * (1 + min(finding.excess, 1.0)) for finding in self.findings)

    @property
    def weight(self) -> Weight | None:
        """The weight of its gravest finding."""
        weights = {finding.weight for finding in self.findings}
        return next((weight for weight in _WEIGHTS if weight in weights), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSpeaker:
    """Someone who speaks in the original, and the voices that speak for them; ``pitch_hz`` is None where unknown."""

    name: str
    speech_ms: int
    pitch_hz: float | None
    segments_count: int
    voices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCheck:
    """A check of the whole dub, in words; one that is ``blocking`` refuses the dub where it did not pass."""

    name: str
    passed: bool
    blocking: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A sound as a picture: ``columns`` of equal time, each with a peak and ``bands`` shades, a byte apiece.

    ``peaks`` are 0 to 255; ``shades`` stand row by row, the highest band first, from 0 to ``SHADES - 1``.
    """

    track: Track
    columns: int
    bands: int
    peaks: bytes
    shades: bytes


SHADES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundPiece:
    """A stretch of a track, compressed, as a browser plays it."""

    track: Track
    interval: Interval
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """Everything that the page says, without its pictures and sounds."""

    job_id: str
    source_language: str
    target_language: str
    duration_ms: int
    segments: tuple[ReportSegment, ...]
    checks: tuple[ReportCheck, ...]
    facts: tuple[Fact, ...]
    engines: tuple[Fact, ...]
    speakers: tuple[ReportSpeaker, ...] = ()

    @property
    def flagged(self) -> tuple[ReportSegment, ...]:
        """The segments that an editor should look at."""
        return tuple(segment for segment in self.segments if segment.weight in {"problem", "look"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The page of a job: one HTML document that needs nothing beside it."""

    page: MediaObject
    flagged_count: int
    provenance: Provenance


def by_attention(segments: Sequence[ReportSegment]) -> list[ReportSegment]:
    """The segments, those that need it most first; equal ones in order of time."""
    return sorted(segments, key=lambda segment: (-segment.attention, segment.index))


def tempo_figures(segments: Sequence[ReportSegment]) -> tuple[float, float] | None:
    """Median and highest tempo, None where nothing is spoken."""
    tempos = [segment.tempo for segment in segments if segment.tempo is not None]
    return (median(tempos), max(tempos)) if tempos else None
