"""Reads the cues of SubRip and WebVTT files. Both are lines with two times, each followed by lines of text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dub_assets.subtitle_files.values import RawCue, RawFile, name_cues

_TIME = r"-?(?:\d+\s*:\s*)?\d+\s*:\s*\d+(?:\s*[.,:;]\s*\d+)?"
_ARROW = r"(?:[-=\u2010-\u2015\u2212]+\s?(?:>|&gt;|\u203a)|\u2192|\u27f6)"
_TIMING = re.compile(rf"\s*(?P<start>{_TIME})?\s*{_ARROW}\s*(?P<end>{_TIME})?(?P<rest>.*)", re.DOTALL)
_UNREADABLE = re.compile(rf"(?=[^>]*\d\s*:)\s*[-\d:.,;\sOoIl]*\d[\w:.,;\s-]*\s*{_ARROW}\s*[\w:.,;\s-]*")
"""A line of times with wrong characters in them: digits and colons on both sides of the arrow."""
_SETTINGS = re.compile(r"\s*(?:[A-Za-z]\w*:\S+\s*)*")
"""WebVTT's settings of a cue, and coordinates in SRT."""
_PARTS = re.compile(r"-?\d+")
_MAX_CHARACTERS = 1_000
"""Longer lines have no times: they are text."""
_NOT_CUES = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timing:
    """A line with times: its place among the lines, and text that stands on it."""

    line: int
    start_ms: int | None
    end_ms: int | None
    text: str


def read_srt(text: str) -> RawFile:
    """Return the cues of an SRT file; their numbers are not needed."""
    return _file(text.split("\n"), is_vtt=False)


def read_vtt(text: str) -> RawFile:
    """Return the cues of a WebVTT file, without its header, notes and styles."""
    return _file(_without_notes(text.split("\n")), is_vtt=True)


def _file(lines: list[str], *, is_vtt: bool) -> RawFile:
    timings = [timing for at, line in enumerate(lines) if (timing := _timing(at, line))]
    is_numbered = bool(timings) and _number_before(lines, timings[0].line, 0) is not None
    cues, broken = [], []
    begin = 0
    for place, timing in enumerate(timings):
        following = timings[place + 1].line if place + 1 < len(timings) else len(lines)
        begin = timing.line + 1
        end = following
        if place + 1 < len(timings):
            end = _end_of_text(lines, begin, following, is_numbered=is_numbered, is_vtt=is_vtt)
        body = [timing.text, *(line.strip() for line in lines[begin:end])]
        if "" in _stripped(body):
            broken.append(place + 1)
        text = "\n".join(line for line in body if line)
        cues.append(RawCue(start_ms=timing.start_ms, end_ms=timing.end_ms, text=text))
    findings = []
    if broken:
        findings.append(f"{name_cues(broken)}: a blank line stands in the text; what follows it is kept")
    ignored = _before_first(lines, timings, is_vtt=is_vtt)
    if ignored:
        findings.append(f"{ignored[:40]!r} stands before the first cue and has no time: it is left out")
    return RawFile(format="VTT" if is_vtt else "SRT", cues=tuple(cues), findings=tuple(findings))


def _timing(at: int, line: str) -> _Timing | None:
    if len(line) > _MAX_CHARACTERS:
        return None
    found = _TIMING.fullmatch(line)
    if found is None or (found["start"] is None and found["end"] is None):
        unreadable = _UNREADABLE.fullmatch(line)
        return _Timing(line=at, start_ms=None, end_ms=None, text="") if unreadable else None
    settings = _SETTINGS.match(found["rest"])
    rest = found["rest"][settings.end() :].strip() if settings else ""
    if found["end"] is None and re.fullmatch(r"[\w:.,;-]*\d[\w:.,;-]*", rest):
        rest = ""  # an end that cannot be read
    return _Timing(line=at, start_ms=_milliseconds(found["start"]), end_ms=_milliseconds(found["end"]), text=rest)


def _milliseconds(time: str | None) -> int | None:
    """Return a time such as ``00:01:02,500``, ``1:02.5`` or ``00:01:02`` in milliseconds."""
    if time is None:
        return None
    compact = "".join(time.split())
    clock, fraction = compact, ""
    mark = re.search(r"[.,;]", compact)
    if mark:
        clock, fraction = compact[: mark.start()], compact[mark.end() :]
    elif compact.count(":") == 3:
        clock, _, fraction = compact.rpartition(":")
    numbers = [int(part) for part in clock.lstrip("-").split(":")]
    seconds = 0
    for number in numbers:
        seconds = 60 * seconds + number
    ms = 1000 * seconds + int(f"{fraction}000"[:3])
    return -ms if compact.startswith("-") else ms


def _number_before(lines: Sequence[str], at: int, first: int) -> int | None:
    """Return the place of a line of digits that is the last one with text before ``at``."""
    for place in range(at - 1, first - 1, -1):
        if lines[place].strip():
            return place if lines[place].strip().isdecimal() else None
    return None


def _end_of_text(lines: Sequence[str], begin: int, following: int, *, is_numbered: bool, is_vtt: bool) -> int:
    """Return where the text of a cue ends: before the number or the name of the cue with the next times.

    A line of digits is the next cue's number if a blank line stands before it or if it is one more than the cue's own,
    in files that number their cues; elsewhere if blank lines set it off and it touches the times.
    """
    number = _number_before(lines, following, begin)
    if number is not None:
        is_apart = number == begin or not lines[number - 1].strip()
        if is_numbered:
            return number if is_apart or _follows(lines, begin - 1, number) else following
        others = any(line.strip() for line in lines[begin:number])
        return number if others and is_apart and number == following - 1 else following
    last = following - 1
    if is_vtt and last > begin and lines[last].strip() and not lines[last - 1].strip():
        return last  # a name directly above the times, after a blank line
    return following


def _follows(lines: Sequence[str], timing: int, number: int) -> bool:
    """Return whether a number is one more than that of the cue whose times are on line ``timing``."""
    own = _number_before(lines, timing, max(0, timing - 2))
    return own is not None and int(lines[number]) == int(lines[own]) + 1


def _stripped(lines: Sequence[str]) -> list[str]:
    """Return lines without blank ones at both ends."""
    texts = list(lines)
    while texts and not texts[-1]:
        texts.pop()
    while texts and not texts[0]:
        texts.pop(0)
    return texts


def _before_first(lines: Sequence[str], timings: Sequence[_Timing], *, is_vtt: bool) -> str:
    """Return text before the first cue: neither its number nor WebVTT's header."""
    head = [line.strip() for line in lines[: timings[0].line if timings else 0]]
    if is_vtt:
        end = head.index("") if "" in head else len(head)
        head = head[end:]
        if head and head[-1]:
            head.pop()  # the cue's name
    return " ".join(line for line in head if line and not line.isdecimal())


def _without_notes(lines: Sequence[str]) -> list[str]:
    """Return the lines without blocks of notes, styles and regions; blocks end with a blank line."""
    kept: list[str] = []
    inside = False
    for at, line in enumerate(lines):
        opens = bool(_NOT_CUES.match(line)) and (at == 0 or not lines[at - 1].strip())
        inside = (inside and bool(line.strip()) and _timing(at, line) is None) or opens
        if not inside:
            kept.append(line)
    return kept
