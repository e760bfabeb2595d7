"""Reads the dialogue of SubStation Alpha files (SSA and ASS)."""

from __future__ import annotations

import re

from dub_assets.subtitle_files.values import RawCue, RawFile

_EVENT = re.compile(r"\s*Dialogue\s*:\s*(?P<fields>.*)", re.IGNORECASE)
_FORMAT = re.compile(r"\s*Format\s*:\s*(?P<fields>.*)", re.IGNORECASE)
_DEFAULT = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_TIME = re.compile(r"\s*(-?)(\d+):(\d+):(\d+)(?:[.,:](\d+))?\s*")
_DRAWING = re.compile(r"\{[^}]*\\p[1-9][^}]*\}.*?(?:\{[^}]*\\p0[^}]*\}|$)", re.DOTALL)


def read_ass(text: str) -> RawFile:
    """Return the dialogue of a file, without its comments and drawings."""
    names: tuple[str, ...] = _DEFAULT
    cues: list[RawCue] = []
    findings: list[str] = []
    for line in text.split("\n"):
        form = _FORMAT.fullmatch(line)
        if form:
            fields = tuple(field.strip().casefold() for field in form["fields"].split(","))
            names = fields if {"start", "text"} <= set(fields) else names
        event = _EVENT.fullmatch(line)
        if event:
            cues.append(_cue(event["fields"], names))
    drawings = sum("\\p" in cue.text and bool(_DRAWING.search(cue.text)) for cue in cues)
    if drawings:
        findings.append(f"{drawings} drawings are left out")
    return RawFile(
        format="ASS",
        cues=tuple(
            RawCue(start_ms=cue.start_ms, end_ms=cue.end_ms, text=_plain(cue.text), speaker=cue.speaker) for cue in cues
        ),
        findings=tuple(findings),
    )


def _cue(fields: str, names: tuple[str, ...]) -> RawCue:
    """Return the cue of a line of dialogue; a line with too few fields has what is left as its text."""
    values = fields.split(",", len(names) - 1)
    if len(values) < len(names):
        values = _aligned(values, names)
    named = dict(zip(names, values, strict=True))
    speaker = named.get("name", named.get("actor", "")).strip()
    return RawCue(
        start_ms=_milliseconds(named["start"]),
        end_ms=_milliseconds(named.get("end", "")),
        text=named["text"],
        speaker=speaker or None,
    )


def _aligned(values: list[str], names: tuple[str, ...]) -> list[str]:
    """Return values for all names, where the fields between the times and the text are too few."""
    times = [at for at, value in enumerate(values) if _TIME.fullmatch(value)]
    start = values[times[0]] if times else ""
    end = values[times[1]] if len(times) > 1 else ""
    given = {"start": start, "end": end, "text": values[-1]}
    return [given.get(name, "") for name in names]


def _milliseconds(time: str) -> int | None:
    found = _TIME.fullmatch(time)
    if found is None:
        return None
    sign, hours, minutes, seconds, fraction = found.groups(default="")
    ms = 1000 * (3600 * int(hours) + 60 * int(minutes) + int(seconds)) + int(f"{fraction}000"[:3])
    return -ms if sign else ms


def _plain(text: str) -> str:
    """Return a text with line feeds, and without drawings."""
    return re.sub(r"\\[Nn]", "\n", _DRAWING.sub("", text)).replace("\\h", " ")
