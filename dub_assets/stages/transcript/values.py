"""The transcript: words with their times, and the segments that are dubbed one by one."""

from __future__ import annotations

from dataclasses import dataclass

from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWord:
    """A word at ``[start_ms, end_ms)`` of the programme, never empty.

    ``ends_phrase`` marks the last word of a phrase, if the recogniser knows; ``speaker`` is None if diarisation did not
    run.
    """

    text: str
    start_ms: int
    end_ms: int
    probability: float | None
    ends_phrase: bool = False
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A speaker; the first one is ``A``. ``pitch_hz`` is the median pitch, None if no speech is voiced."""

    name: str
    pitch_hz: float | None
    speech_ms: int


def speaker_name(number: int) -> str:
    """Return the name of a speaker: A to Z, then AA, AB and so on."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptSegment:
    """A stretch of speech that is translated and spoken as one; ``index`` counts from 0.

    ``words`` lie inside ``interval`` and have one ``speaker``. ``probability`` is their mean, None if the recogniser
    gives none.
    """

    index: int
    interval: Interval
    text: str
    words: tuple[TimedWord, ...]
    probability: float | None
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The speech of a programme of ``duration_ms``.

    ``language`` is ISO 639-1, or ``"und"`` if there is no speech; its probability is 1 if the request names it.
    Segments are ordered, do not overlap and lie inside the programme. ``speakers`` is empty if diarisation did not run.
    """

    language: str
    language_probability: float
    duration_ms: int
    segments: tuple[TranscriptSegment, ...]
    speakers: tuple[Speaker, ...] = ()
    provenance: Provenance
