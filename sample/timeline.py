"""What happens when in the sample video: phrases of the recording, sounds that are not speech, the length.

The text is the opening of Charles Dickens, A Tale of Two Cities (1859), public domain.
"""

from __future__ import annotations

from dataclasses import dataclass

from dub_assets.core.timing import Interval

FRAME_RATE = 25
FRAME_MS = 1000 // FRAME_RATE

DURATION_MS = 60_000
LEAD_IN_MS = 4_500

RECORDED_PHRASES = (
    (1_100, 4_580, "It was the best of times, it was the worst of times,"),
    (4_940, 8_160, "it was the age of wisdom, it was the age of foolishness,"),
    (8_700, 12_840, "it was the epoch of belief, it was the epoch of incredulity,"),
    (13_400, 16_780, "it was the season of Light, it was the season of Darkness,"),
    (17_460, 20_580, "it was the spring of hope, it was the winter of despair,"),
    (21_160, 24_100, "we had everything before us, we had nothing before us,"),
    (24_560, 28_340, "we were all going direct to Heaven, we were all going direct the other way—"),
    (29_020, 32_340, "in short, the period was so far like the present period,"),
    (32_700, 36_600, "that some of its noisiest authorities insisted on its being received,"),
    (36_920, 41_760, "for good or for evil, in the superlative degree of comparison only."),
)
"""Start and end in the recording (ms), cut in silences, and the words of the text."""

LONGER_PAUSES_MS = {3: 4_000, 6: 4_000}
"""Milliseconds added to the reader's own pause after a phrase: room for a sound that is not speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words of the text and when they are read."""

    interval: Interval
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A sound in the bed that is not music and not speech: ``chime`` or ``applause``."""

    name: str
    interval: Interval


def phrases() -> tuple[Phrase, ...]:
    """The phrases where the sample has them: the reader's pauses kept, two of them longer."""
    shift_ms = LEAD_IN_MS - RECORDED_PHRASES[0][0]
    placed = []
    for index, (start_ms, end_ms, text) in enumerate(RECORDED_PHRASES):
        placed.append(Phrase(interval=Interval(start_ms=start_ms + shift_ms, end_ms=end_ms + shift_ms), text=text))
        shift_ms += LONGER_PAUSES_MS.get(index, 0)
    return tuple(placed)


def events() -> tuple[Event, ...]:
    """A door chime in the first long pause, applause in the second."""
    pauses_ms = [phrases()[index].interval.end_ms for index in LONGER_PAUSES_MS]
    return (
        Event(name="chime", interval=Interval(start_ms=pauses_ms[0] + 900, end_ms=pauses_ms[0] + 3_900)),
        Event(name="applause", interval=Interval(start_ms=pauses_ms[1] + 780, end_ms=pauses_ms[1] + 4_180)),
    )


def transcript(said: tuple[Phrase, ...]) -> str:
    """The words of some phrases as one text."""
    return " ".join(phrase.text for phrase in said).replace("— ", "—")
