"""Subtitles on screens of at most two lines, written as SubRip (SRT) and WebVTT (VTT)."""

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
"""Reading speed: characters a second; Han, kana and Hangul count as two."""
MIN_DURATION_MS = 833
"""Shortest time of a subtitle if the pause after it allows: five sixths of a second."""
_GAP_MS = 80
"""Gap between a subtitle that is extended into a pause and the next one, so that the change is visible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A text and the time of its speech; ``words`` are the times of its words if they are known."""

    interval: Interval
    text: str
    words: Sequence[TimedWord] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtitle:
    """One or two lines and the time that they are shown."""

    interval: Interval
    lines: tuple[str, ...]


def subtitles(cues: Iterable[Cue], *, language: str, duration_ms: int) -> list[Subtitle]:
    """Return the subtitles of cues, in order of time and without overlaps.

    A long text becomes several subtitles. Each starts with its first word; without times of words, the cue's time is
    divided by the number of columns. A subtitle that is shorter than 5/6 s or would have to be read faster than 17
    columns a second extends into the pause after it. A cue that overlaps the next one ends where that begins. Cues
    without text or shorter than a millisecond are dropped. Control characters and line breaks become spaces.
    """
    shown = [subtitle for cue in _without_overlaps(cues) for subtitle in _subtitles_of(cue, language)]
    return [
        _extended(subtitle, following.interval.start_ms - _GAP_MS if following else duration_ms)
        for subtitle, following in zip_longest(shown, shown[1:])
    ]


def srt(shown: Iterable[Subtitle]) -> str:
    """Return subtitles as an SRT file."""
    blocks = (
        f"{number}\n{_timing(subtitle, ',')}\n{_srt_text(subtitle)}\n" for number, subtitle in enumerate(shown, start=1)
    )
    return "\n".join(blocks)


def vtt(shown: Iterable[Subtitle]) -> str:
    """Return subtitles as a WebVTT file."""
    blocks = (
        f"{number}\n{_timing(subtitle, '.')}\n{_vtt_text(subtitle)}\n" for number, subtitle in enumerate(shown, start=1)
    )
    return "\n".join(["WEBVTT\n", *blocks])


def _srt_text(subtitle: Subtitle) -> str:
    return "\n".join(subtitle.lines).replace("-->", "→")


def _vtt_text(subtitle: Subtitle) -> str:
    return "\n".join(subtitle.lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _without_overlaps(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Yield the cues that have a text, in order of time, each ending before the next."""
    clean = [Cue(interval=cue.interval, text=_clean(cue.text), words=cue.words) for cue in cues]
    ordered = sorted((cue for cue in clean if cue.text), key=lambda cue: cue.interval)
    for cue, following in zip_longest(ordered, ordered[1:]):
        start, end = cue.interval.start_ms, cue.interval.end_ms
        limit = following.interval.start_ms if following else end
        yield Cue(interval=Interval(start_ms=start, end_ms=min(end, limit)), text=cue.text, words=cue.words)


def _clean(text: str) -> str:
    """Return the text on one line, without control characters."""
    return " ".join("".join(map(_printable, text)).split())


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    return " " if category in {"Cc", "Zl", "Zp"} or character == "\ufeff" else character


def _subtitles_of(cue: Cue, language: str) -> Iterator[Subtitle]:
    """Yield the subtitles of a cue, without pauses between them."""
    cue_screens = screens(cue.text, language)
    for screen, (begin, end) in zip(cue_screens, pairwise(_borders_ms(cue, cue_screens)), strict=True):
        if begin < end:
            yield Subtitle(interval=Interval(start_ms=begin, end_ms=end), lines=screen.lines)


def _borders_ms(cue: Cue, cue_screens: Sequence[Screen]) -> list[int]:
    """Return the start of each screen and the end of the last one."""
    start, end = cue.interval.start_ms, cue.interval.end_ms
    sizes = [screen.characters if cue.words else screen.columns for screen in cue_screens]
    ends = list(accumulate(sizes, initial=0))
    if cue.words:
        between = [_spoken_at(cue.words, characters) for characters in ends[1:-1]]
    else:
        between = [start + cue.interval.duration_ms * end_columns // ends[-1] for end_columns in ends[1:-1]]
    return list(accumulate([start, *(min(max(start, border), end) for border in between), end], max))


def _spoken_at(words: Sequence[TimedWord], characters: int) -> int:
    """Return when the character after the first ``characters`` is spoken; spaces do not count."""
    before = list(accumulate((len(word.text.replace(" ", "")) for word in words), initial=0))
    at = min(bisect_right(before, characters) - 1, len(words) - 1)
    word, inside = words[at], characters - before[at]
    length = max(1, before[at + 1] - before[at])
    return word.start_ms + (word.end_ms - word.start_ms) * min(inside, length) // length


def _extended(subtitle: Subtitle, free_until_ms: int) -> Subtitle:
    """Return the subtitle, extended to its reading time as far as the pause after it allows."""
    start, end = subtitle.interval.start_ms, subtitle.interval.end_ms
    reading_ms = -(-1000 * sum(map(columns, subtitle.lines)) // COLUMNS_PER_SECOND)
    wanted = start + max(MIN_DURATION_MS, reading_ms)
    return Subtitle(
        interval=Interval(start_ms=start, end_ms=max(end, min(wanted, free_until_ms))), lines=subtitle.lines
    )


def _timing(subtitle: Subtitle, point: str) -> str:
    return f"{_time(subtitle.interval.start_ms, point)} --> {_time(subtitle.interval.end_ms, point)}"


def _time(ms: int, point: str) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"
