"""What was said, and when: words with their times, and the segments that are dubbed one by one."""

from __future__ import annotations

from dataclasses import dataclass

from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWord:
    """A word in its place: ``[start_ms, end_ms)`` of the programme, never empty.

    ``ends_phrase`` marks the last word of a phrase where the recogniser says so; ``speaker`` is None where nobody told
    speakers apart.
    """

    text: str
    start_ms: int
    end_ms: int
    probability: float | None
    ends_phrase: bool = False
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Someone who speaks: ``A`` is heard first. ``pitch_hz`` is the voice's median, None where there is none."""

    name: str
    pitch_hz: float | None
    speech_ms: int


def speaker_name(number: int) -> str:
    """A to Z, then AA, AB and so on."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptSegment:
    """A stretch of speech that is translated and spoken as one; ``index`` counts from 0.

    ``words`` lie inside ``interval``; ``probability`` is the mean of theirs, None where the recogniser gives none.
    All of it is said by one ``speaker``.
    """

    index: int
    interval: Interval
    text: str
    words: tuple[TimedWord, ...]
    probability: float | None
    speaker: str | None = None

    @property
    def name(self) -> str:
        """The segment's name in object keys and run configuration: ``0003``."""
        return f"{self.index:04d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What is said in a programme of ``duration_ms``.

    ``language`` is ISO 639-1, or ``"und"`` where nobody speaks; its probability is 1 where it was given. Segments are
    ordered, do not overlap and lie inside the programme. ``speakers`` are empty where nobody told them apart.
    """

    language: str
    language_probability: float
    duration_ms: int
    segments: tuple[TranscriptSegment, ...]
    speakers: tuple[Speaker, ...] = ()
    provenance: Provenance
