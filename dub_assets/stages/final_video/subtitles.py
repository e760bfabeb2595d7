"""Subtitles: what is said, on screens of at most two short lines, written as SubRip (SRT) and WebVTT (VTT)."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, zip_longest

from dub_assets.core.timing import Interval
from dub_assets.stages.final_video.line_breaks import Screen, columns, screens
from dub_assets.stages.transcript.values import TimedWord

COLUMNS_PER_SECOND = 17
"""How fast a subtitle may be read: characters a second, where one of Han, kana or Hangul counts as two."""
SHORTEST_MS = 833
"""How long a subtitle stays at least, where there is time: five sixths of a second."""
_GAP_MS = 80
"""Between a subtitle that stays longer than its speech and the next, so that the change is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A text and when it is said; ``words`` are its words' times, where they are known."""

    interval: Interval
    text: str
    words: Sequence[TimedWord] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtitle:
    """One or two lines and when they are shown."""

    interval: Interval
    lines: tuple[str, ...]


def subtitles(cues: Iterable[Cue], *, language: str, duration_ms: int) -> list[Subtitle]:
    """What is shown of the cues, in order of time, without overlaps.

    A long text becomes several subtitles, each from when its first word is said (where words have no times, the
    characters share the cue's time). A subtitle that would have to be read faster than 17 columns a second, or is
    shorter than 5/6 s, stays on into the pause that follows. A cue that overlaps the next ends where that begins. Left
    out is what has no text or less than a millisecond. Control characters and line breaks are made harmless.
    """
    parts = [part for cue in _apart(cues) for part in _parts(cue, language)]
    return [
        _read_in_time(part, following.interval.start_ms - _GAP_MS if following else duration_ms)
        for part, following in zip_longest(parts, parts[1:])
    ]


def srt(shown: Iterable[Subtitle]) -> str:
    """Subtitles as an SRT file."""
    blocks = (
        f"{number}\n{_time(one.interval.start_ms, ',')} --> {_time(one.interval.end_ms, ',')}\n{_joined(one)}\n"
        for number, one in enumerate(shown, start=1)
    )
    return "\n".join(blocks)


def vtt(shown: Iterable[Subtitle]) -> str:
    """Subtitles as a WebVTT file."""
    blocks = (
        f"{number}\n{_time(one.interval.start_ms, '.')} --> {_time(one.interval.end_ms, '.')}\n{_escaped(one)}\n"
        for number, one in enumerate(shown, start=1)
    )
    return "\n".join(["WEBVTT\n", *blocks])


def _joined(one: Subtitle) -> str:
    return "\n".join(one.lines).replace("-->", "→")


def _escaped(one: Subtitle) -> str:
    return "\n".join(one.lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _apart(cues: Iterable[Cue]) -> Iterator[Cue]:
    """The cues that have a text, by time, none overlapping the next."""
    clean = [Cue(interval=cue.interval, text=_clean(cue.text), words=cue.words) for cue in cues]
    ordered = sorted((cue for cue in clean if cue.text), key=lambda cue: cue.interval)
    for cue, following in zip_longest(ordered, ordered[1:]):
        start, end = cue.interval.start_ms, cue.interval.end_ms
        limit = following.interval.start_ms if following else end
        yield Cue(interval=Interval(start_ms=start, end_ms=min(end, limit)), text=cue.text, words=cue.words)


def _clean(text: str) -> str:
    """The text on one line, without anything that means something to a player."""
    return " ".join("".join(map(_harmless, text)).split())


def _harmless(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    return " " if category in {"Cc", "Zl", "Zp"} or character == "\ufeff" else character


def _parts(cue: Cue, language: str) -> Iterator[Subtitle]:
    """The cue as subtitles that follow each other without a pause."""
    parts = screens(cue.text, language)
    for screen, (begin, end) in zip(parts, pairwise(_marks(cue, parts)), strict=True):
        if begin < end:
            yield Subtitle(interval=Interval(start_ms=begin, end_ms=end), lines=screen.lines)


def _marks(cue: Cue, parts: Sequence[Screen]) -> list[int]:
    """When each part begins, and the last one ends."""
    start, end = cue.interval.start_ms, cue.interval.end_ms
    sizes = [part.characters for part in parts] if cue.words else [part.columns for part in parts]
    done = list(accumulate(sizes, initial=0))
    if cue.words:
        between = [_said_at(cue.words, characters) for characters in done[1:-1]]
    else:
        between = [start + cue.interval.duration_ms * columns_done // done[-1] for columns_done in done[1:-1]]
    return list(accumulate([start, *(min(max(start, mark), end) for mark in between), end], max))


def _said_at(words: Sequence[TimedWord], characters: int) -> int:
    """When the words say the character after the first ``characters`` (spaces not counted)."""
    before = list(accumulate((len(word.text.replace(" ", "")) for word in words), initial=0))
    at = min(bisect_right(before, characters) - 1, len(words) - 1)
    word, inside = words[at], characters - before[at]
    length = max(1, before[at + 1] - before[at])
    return word.start_ms + (word.end_ms - word.start_ms) * min(inside, length) // length


def _read_in_time(part: Subtitle, free_until_ms: int) -> Subtitle:
    """The subtitle, on for as long as it takes to read it where nothing comes before that."""
    start, end = part.interval.start_ms, part.interval.end_ms
    reading_ms = -(-1000 * sum(map(columns, part.lines)) // COLUMNS_PER_SECOND)
    wanted = start + max(SHORTEST_MS, reading_ms)
    return Subtitle(interval=Interval(start_ms=start, end_ms=max(end, min(wanted, free_until_ms))), lines=part.lines)


def _time(ms: int, point: str) -> str:
    """Hours, minutes, seconds, milliseconds."""
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"
