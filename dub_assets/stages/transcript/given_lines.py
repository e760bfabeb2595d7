"""The lines of a job that brings its own subtitles: which cues become one line, and when it begins and ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from dub_assets.core.errors import InputError
from dub_assets.core.sentences import join_words
from dub_assets.core.timing import Interval
from dub_assets.stages.transcript.values import GivenTexts
from dub_assets.subtitle_files.values import FileCue, SubtitleFile, name_cues

TOGETHER_MS = 40
"""Cues that begin within this time are one line, because lines do not overlap."""

_NEAR_MS = 500
"""A cue of the transcript belongs to a translated one that it does not overlap if it begins within this time of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLine:
    """A line: its time, and the cues of the transcript and of the translation that it is made of."""

    interval: Interval
    transcript: tuple[FileCue, ...] = ()
    translation: tuple[FileCue, ...] = ()

    @property
    def speaker(self) -> str | None:
        """The first speaker that a cue names, the transcript's before the translation's."""
        return next((cue.speaker for cue in (*self.transcript, *self.translation) if cue.speaker), None)


def cue_text(cues: Sequence[FileCue], language: str) -> str:
    """Return the text of cues on one line."""
    return join_words((line for cue in cues for line in cue.text.split("\n")), language)


def given_lines(given: GivenTexts, duration_ms: int) -> tuple[list[GivenLine], list[str]]:
    """Return the lines of a job's own subtitles, and what is odd about the files, a sentence each.

    Raises InputError if a file belongs to another video.
    """
    cues: dict[str, tuple[FileCue, ...]] = {}
    findings: list[str] = []
    for name, subtitles in given.by_name().items():
        if subtitles is not None:
            cues[name], late = cues_within(subtitles.file, name, duration_ms)
            findings += [f"{name}: {finding}" for finding in (*subtitles.file.findings, *late)]
    lines, of_lines = lines_of(cues.get("transcript", ()), cues.get("translation", ()), duration_ms)
    return lines, [*findings, *of_lines]


def cues_within(file: SubtitleFile, name: str, duration_ms: int) -> tuple[tuple[FileCue, ...], list[str]]:
    """Return the cues that begin before the end of the programme, and findings about the others.

    Raises InputError if half of the cues or more begin after the end: then the file is that of another video.
    """
    inside = tuple(cue for cue in file.cues if cue.interval.start_ms < duration_ms)
    after = [cue.number for cue in file.cues if cue.interval.start_ms >= duration_ms]
    if 2 * len(after) >= len(file.cues):
        raise InputError(
            f"the {name} does not belong to this video: {len(after)} of its {len(file.cues)} cues begin after the end "
            f"of the video ({duration_ms / 1000:.1f} s)"
        )
    return inside, [f"{name_cues(after)}: begins after the end of the video, left out"] if after else []


def lines_of(
    transcript: Sequence[FileCue], translation: Sequence[FileCue], duration_ms: int
) -> tuple[list[GivenLine], list[str]]:
    """Return the lines in order of time, disjoint, and findings.

    Every line begins with a cue: of the translation if there is one, and of the transcript where no cue of the
    translation is near. Cues of the transcript join the line that they overlap most.
    """
    findings: list[str] = []
    groups = _together(translation, "translation", findings)
    lines = [GivenLine(interval=_whole(group), translation=tuple(group)) for group in groups]
    alone: list[FileCue] = []
    for cue in transcript:
        place = _best_line(cue, lines)
        if place is None:
            alone.append(cue)
        else:
            lines[place] = replace(lines[place], transcript=(*lines[place].transcript, cue))
    if alone and translation:
        findings.append(f"transcript, {name_cues(cue.number for cue in alone)}: no cue of the translation at its time")
    lines += [
        GivenLine(interval=_whole(group), transcript=tuple(group)) for group in _together(alone, "transcript", findings)
    ]
    return _disjoint(sorted(lines, key=lambda line: line.interval), duration_ms), findings


def _together(cues: Sequence[FileCue], name: str, findings: list[str]) -> list[list[FileCue]]:
    """Group cues that begin together."""
    groups: list[list[FileCue]] = []
    for cue in cues:
        if groups and cue.interval.start_ms - groups[-1][0].interval.start_ms <= TOGETHER_MS:
            groups[-1].append(cue)
        else:
            groups.append([cue])
    joined = [cue.number for group in groups if len({cue.number for cue in group}) > 1 for cue in group]
    if joined:
        findings.append(f"{name}, {name_cues(joined)}: begin together and are one line, in the first one's voice")
    return groups


def _whole(cues: Sequence[FileCue]) -> Interval:
    return Interval(start_ms=cues[0].interval.start_ms, end_ms=max(cue.interval.end_ms for cue in cues))


def _best_line(cue: FileCue, lines: Sequence[GivenLine]) -> int | None:
    """Return the place of the line that a cue overlaps most, or else of one that begins near it; None if none does."""
    best, most = None, (0, 0)
    for place, line in enumerate(lines):
        distance = abs(line.interval.start_ms - cue.interval.start_ms)
        score = (cue.interval.overlap_ms(line.interval), _NEAR_MS - distance)
        if max(score) > 0 and score > most:
            best, most = place, score
    return best


def _disjoint(lines: Sequence[GivenLine], duration_ms: int) -> list[GivenLine]:
    """Return the lines, each ending before the next begins and before the programme ends."""
    limits = (line.interval.start_ms for line in lines[1:])
    return [
        replace(
            line,
            interval=Interval(
                start_ms=line.interval.start_ms,
                end_ms=min(line.interval.end_ms, duration_ms if limit is None else limit),
            ),
        )
        for line, limit in zip_longest(lines, limits)
    ]
