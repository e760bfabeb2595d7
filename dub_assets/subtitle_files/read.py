"""Reads a subtitle file of any of the formats into cues with times, texts and speakers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from dub_assets.core.errors import InputError
from dub_assets.core.timing import Interval
from dub_assets.subtitle_files.ass import read_ass
from dub_assets.subtitle_files.encoding import DecodedText, decode
from dub_assets.subtitle_files.markup import without_tags
from dub_assets.subtitle_files.speakers import names_in, spoken_parts
from dub_assets.subtitle_files.srt_vtt import read_srt, read_vtt
from dub_assets.subtitle_files.values import FileCue, RawCue, RawFile, SubtitleFile, name_cues

MAX_BYTES = 16 * 1024 * 1024
"""Largest subtitle file. A film has about 100 kB, an ASS file with effects a few megabytes."""
_READING_MS, _LEAST_MS = 60, 833
"""Time of a cue without one: a letter is read in 60 ms, and a cue is shown for at least five sixths of a second."""


def read_subtitles(content: bytes, name: str, language: str | None = None) -> SubtitleFile:
    """Return the cues of a file in order of time.

    ``name`` is the file's name for messages; ``language`` (ISO 639-1) decides between encodings that fit equally.
    Raises InputError if the file is too large or has no cue with a text.
    """
    if len(content) > MAX_BYTES:
        raise InputError(
            f"{name} has {len(content)} bytes, and subtitles have at most {MAX_BYTES}: name a subtitle file"
        )
    decoded = decode(content, language)
    raw = _read(decoded.text.replace("\r\n", "\n").replace("\r", "\n"))
    texts = [without_tags(cue.text, is_ass=raw.format == "ASS") for cue in raw.cues]
    empty = [number for number, text in enumerate(texts, start=1) if not text]
    if len(empty) == len(texts):
        raise InputError(f"{name} has no cues: give it as SRT, WebVTT or ASS")
    times, time_findings = _times(raw.cues, texts)
    cues, copies = _without_copies(_cues(raw, texts, times))
    findings = [
        *_encoding_findings(decoded),
        *raw.findings,
        *([f"{name_cues(empty)}: without text, left out"] if empty else []),
        *time_findings,
        *([f"{name_cues(copies)}: the same text at the same time as another cue, kept once"] if copies else []),
        *_order_findings(cues),
    ]
    return SubtitleFile(
        format=raw.format,
        encoding=decoded.encoding,
        cues=tuple(sorted(cues, key=lambda cue: (cue.interval.start_ms, cue.number))),
        findings=tuple(findings),
    )


def _read(text: str) -> RawFile:
    """Return the cues of a file by what it looks like: its name's ending may be wrong."""
    head = text.lstrip()
    if head[:6].upper() == "WEBVTT":
        return read_vtt(head)
    lines = [line.strip().casefold() for line in text.split("\n")]
    if any(line.startswith("dialogue:") for line in lines) and not any("-->" in line for line in lines):
        return read_ass(text)
    return read_srt(text)


def _encoding_findings(decoded: DecodedText) -> list[str]:
    if decoded.damaged:
        return [f"{decoded.damaged} bytes cannot be read as {decoded.encoding}: save the file as UTF-8"]
    if decoded.encoding.startswith("utf"):
        return []
    return [f"the file is not in UTF-8; it is read as {decoded.encoding}"]


def _times(cues: Sequence[RawCue], texts: Sequence[str]) -> tuple[list[Interval], list[str]]:
    """Return a time of at least 1 ms for each cue, and what was wrong with the times.

    A cue whose start cannot be read begins where the one before it ends, but not after the one behind it. An end that
    is missing, or not after the start, is where the text can be read, but not after the next start.
    """
    untimed = [number for number, cue in enumerate(cues, start=1) if cue.start_ms is None]
    negative = [number for number, cue in enumerate(cues, start=1) if cue.start_ms is not None and cue.start_ms < 0]
    starts = [cue.start_ms if cue.start_ms is None else max(0, cue.start_ms) for cue in cues]
    ends = [cue.end_ms for cue in cues]
    for at, start in enumerate(starts):
        if start is None:
            before = max([0, *(value for value in (*starts[at - 1 : at], *ends[at - 1 : at]) if value is not None)])
            behind = next((value for value in starts[at + 1 :] if value is not None and value >= before), before)
            starts[at] = min(before, behind)
            ends[at] = None
    known = [start or 0 for start in starts]
    in_order = sorted(set(known))
    following = dict(pairwise(in_order))
    times, endless = [], []
    for number, (start, end, text) in enumerate(zip(known, ends, texts, strict=True), start=1):
        if end is not None and end > start:
            times.append(Interval(start_ms=start, end_ms=end))
            continue
        if number not in untimed:
            endless.append(number)
        readable = start + max(_LEAST_MS, _READING_MS * len(text))
        times.append(Interval(start_ms=start, end_ms=min(readable, following.get(start, readable))))
    findings = [
        *(
            [f"{name_cues(untimed)}: the time cannot be read, so the cue is put after the one before"]
            if untimed
            else []
        ),
        *([f"{name_cues(negative)}: the start is before 0 and is taken as 0"] if negative else []),
        *([f"{name_cues(endless)}: the end is missing or not after the start, and is estimated"] if endless else []),
    ]
    return times, findings


def _cues(raw: RawFile, texts: Sequence[str], times: Sequence[Interval]) -> list[FileCue]:
    """Return the cues that have a text, divided between the people who speak in them."""
    named = [
        f"\x02{cue.speaker}\x03{text}" if cue.speaker and text else text
        for cue, text in zip(raw.cues, texts, strict=True)
    ]
    names = names_in([text for text in named if text])
    cues: list[FileCue] = []
    for number, (text, time) in enumerate(zip(named, times, strict=True), start=1):
        parts = spoken_parts(text, names)
        borders = _shared(time, [len(part.text) for part in parts])
        cues += [
            FileCue(number=number, interval=interval, text=part.text, speaker=part.speaker)
            for part, interval in zip(parts, borders, strict=True)
        ]
    return cues


def _shared(time: Interval, sizes: Sequence[int]) -> list[Interval]:
    """Return the time in proportion to sizes, at least 1 ms each."""
    total = max(1, sum(sizes))
    ends = [time.start_ms + time.duration_ms * done // total for done in accumulate(sizes, initial=0)]
    return [Interval(start_ms=start, end_ms=max(start + 1, end)) for start, end in pairwise(ends)]


def _without_copies(cues: Sequence[FileCue]) -> tuple[list[FileCue], list[int]]:
    """Return the cues without repeats of the same text at the same time, as effects in ASS files have them."""
    first: dict[FileCue, FileCue] = {}
    copies = [cue.number for cue in cues if first.setdefault(replace(cue, number=0), cue) is not cue]
    return list(first.values()), copies


def _order_findings(cues: Sequence[FileCue]) -> list[str]:
    unordered = [cue.number for before, cue in pairwise(cues) if cue.interval.start_ms < before.interval.start_ms]
    ordered = sorted(cues, key=lambda cue: (cue.interval.start_ms, cue.number))
    overlapping, reached = [], 0
    for cue in ordered:
        if cue.interval.start_ms < reached:
            overlapping.append(cue.number)
        reached = max(reached, cue.interval.end_ms)
    return [
        *([f"{name_cues(unordered)}: before the cue above it; cues are put in order of time"] if unordered else []),
        *([f"{name_cues(overlapping)}: begins before an earlier cue ends"] if overlapping else []),
    ]
