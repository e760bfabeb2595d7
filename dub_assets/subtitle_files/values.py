"""What a subtitle file holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from dub_assets.core.timing import Interval

Format = Literal["SRT", "VTT", "ASS"]

_NAMED = 6
"""Most cues that a finding names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCue:
    """A cue as it stands in a file. Times are None if they cannot be read.

    ``text`` may have tags of its format. ``speaker`` is the name in a field of its own, as ASS has one.
    """

    start_ms: int | None
    end_ms: int | None
    text: str
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile:
    """The cues of a file in its order, and what is odd about them, a sentence each."""

    format: Format
    cues: tuple[RawCue, ...]
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCue:
    """A text and its time; ``number`` is the place of its cue in the file, from 1.

    A cue with several speakers becomes several of these, with the same number. Lines of ``text`` end with a line feed.
    """

    number: int
    interval: Interval
    text: str
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleFile:
    """The cues of a file, in order of time, and what was odd about it, a sentence each.

    Cues may overlap. None is without text, and all last at least 1 ms.
    """

    format: Format
    encoding: str
    cues: tuple[FileCue, ...]
    findings: tuple[str, ...] = ()


def name_cues(numbers: Iterable[int]) -> str:
    """Return the cues of a finding: ``cue 3``, ``cues 3, 7 and 12``, ``cues 1, 2, 3, 4, 5, 6 and 20 more``."""
    ordered = sorted(set(numbers))
    named = [str(number) for number in ordered[:_NAMED]]
    if len(ordered) > _NAMED:
        return f"cues {', '.join(named)} and {len(ordered) - _NAMED} more"
    if len(named) == 1:
        return f"cue {named[0]}"
    return f"cues {', '.join(named[:-1])} and {named[-1]}"
