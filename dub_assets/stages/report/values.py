"""The report of a job: the stored value, and the view, images and sounds that its page is rendered from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from dub_assets.core.media import MediaObject
from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import Interval
from dub_assets.stages.issues import Level

Track = Literal["original", "dub", "background", "mix"]
"""A sound that the page can play: ``dub`` is the new speech alone, ``mix`` the sound of the dubbed video."""

SHADES = 24
"""Number of shades in the image of a track."""

_LEVEL_PRIORITY: dict[Level, float] = {"problem": 100.0, "review": 10.0, "note": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The page of a job: one self-contained HTML document. ``flagged_count`` counts the segments to review."""

    page: MediaObject
    flagged_count: int
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A sentence about a segment; ``excess`` (0 to 1) orders findings of the same level."""

    level: Level
    text: str
    excess: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A measurement or a choice, as text."""

    name: str
    value: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSegment:
    """A segment of the transcript.

    ``placed`` is the time of its dubbed line, None if it has none. ``speaker`` is None if speakers were not diarised.
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
    def priority(self) -> float:
        """How urgently an editor should review the segment; 0 if there are no findings."""
        return sum(_LEVEL_PRIORITY[finding.level] * (1 + min(finding.excess, 1.0)) for finding in self.findings)

    @property
    def level(self) -> Level | None:
        """The gravest level of its findings, None if there are none."""
        levels = {finding.level for finding in self.findings}
        return next((level for level in _LEVEL_PRIORITY if level in levels), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSpeaker:
    """A speaker of the original with the voices of the dub; ``pitch_hz`` is None if it could not be measured."""

    name: str
    speech_ms: int
    pitch_hz: float | None
    segments_count: int
    voices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCheck:
    """A check of the whole dub; ``name`` is in plain words. A ``blocking`` check that fails refuses the dub."""

    name: str
    passed: bool
    blocking: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """All texts and figures of the page, without images and sounds.

    ``issue_help`` explains each issue that occurs: its title, and what it means and what to do.
    """

    job_id: str
    source_language: str
    target_language: str
    duration_ms: int
    segments: tuple[ReportSegment, ...]
    checks: tuple[ReportCheck, ...]
    facts: tuple[Fact, ...]
    engines: tuple[Fact, ...]
    speakers: tuple[ReportSpeaker, ...] = ()
    issue_help: tuple[Fact, ...] = ()

    @property
    def flagged(self) -> tuple[ReportSegment, ...]:
        """The segments that an editor should review."""
        return tuple(segment for segment in self.segments if segment.level in {"problem", "review"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackImage:
    """Waveform and spectrogram of a track in ``columns`` of equal time.

    ``peaks`` has one byte a column, 0 to 255. ``shades`` has one byte for each column of each of ``bands`` rows, the
    highest band first, 0 to ``SHADES - 1``.
    """

    track: Track
    columns: int
    bands: int
    peaks: bytes
    shades: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundClip:
    """A stretch of a track, encoded for browsers."""

    track: Track
    interval: Interval
    content: bytes


def by_priority(segments: Sequence[ReportSegment]) -> list[ReportSegment]:
    """Return the segments by falling priority; those of equal priority in order of time."""
    return sorted(segments, key=lambda segment: (-segment.priority, segment.index))


def tempo_figures(segments: Sequence[ReportSegment]) -> tuple[float, float] | None:
    """Return the median and the highest tempo, None if no segment is dubbed."""
    tempos = [segment.tempo for segment in segments if segment.tempo is not None]
    return (median(tempos), max(tempos)) if tempos else None
