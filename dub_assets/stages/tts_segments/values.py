"""The new speech, segment by segment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, get_args

from dub_assets.core.media import MediaObject
from dub_assets.core.provenance import Provenance
from dub_assets.core.speech import Utterance
from dub_assets.core.timing import Interval
from dub_assets.stages.tts_segments.agreement import ReadBack

TimingIssue = Literal["fast_speech", "late_start", "early_start", "over_slot"]
"""``fast_speech``: over the free tempo; ``late_start``, ``early_start``: not where the original line begins;
``over_slot``: it ends after its slot."""

FitMethod = Literal["full", "shorter", "pause", "speed", "stretch", "flag"]
"""The last step that a line needed to fit: none, a shorter rendering, the pauses around it, the engine's speed, a
stretch; ``flag``: it does not fit well even so, and its issues say how."""


def tempo(ordinary_ms: int, placed: Interval) -> float:
    """Return how fast a line is spoken, as it is compared with limits and shown: three decimals.

    ``ordinary_ms`` is the length of its text at the language's ordinary rate.
    """
    return round(ordinary_ms / max(1, placed.duration_ms), 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLine:
    """A line to speak: its segment, its slot and what to say, at the speed it should fit with.

    ``text`` is the line as it is written, the utterance's the same as it is said. ``rendering`` counts the
    translation's renderings from the full one, 0. ``fingerprint`` covers everything that can change how it sounds.
    """

    index: int
    segment: Interval
    slot: Interval
    rendering: int
    text: str
    utterance: Utterance
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisedSpeech:
    """A line as the engine spoke it: mono, at the engine's rate; ``speed`` is what it was asked for.

    ``text`` is the line as it is written: "25 °C". ``read_back`` is what a recogniser heard of it, None where none
    listened; ``unheard`` says that one was to listen, and failed.
    """

    text: str
    voice: str
    speed: float
    duration_ms: int
    media: MediaObject
    fingerprint: str
    read_back: ReadBack | None = None
    unheard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TtsSegment:
    """A line fitted into the programme.

    ``segment`` is where the original speaks, ``slot`` the time there is, ``placed`` the time taken. ``clip`` is the
    ``_tts.wav``: 48 kHz mono from the earlier of ``segment`` and ``placed`` on. ``ordinary_ms`` is the length of its
    text at the language's ordinary rate; ``rendering`` counts from the full one, 0; ``rung`` is how it came to fit.
    """

    index: int
    segment: Interval
    slot: Interval
    placed: Interval
    ordinary_ms: int
    rendering: int
    rung: FitMethod
    stretch: float
    gain_db: float
    issues: tuple[TimingIssue, ...]
    speech: SynthesisedSpeech
    clip: MediaObject
    fingerprint: str

    @property
    def tempo(self) -> float:
        """How fast the line is spoken: 1.0 is the language's ordinary rate."""
        return tempo(self.ordinary_ms, self.placed)

    @property
    def late_ms(self) -> int:
        """How much later than the original the line starts; negative where it starts earlier."""
        return self.placed.start_ms - self.segment.start_ms

    @property
    def window(self) -> Interval:
        """The programme time that the clip and the segment's mix cover."""
        return Interval(
            start_ms=min(self.segment.start_ms, self.placed.start_ms),
            end_ms=max(self.segment.end_ms, self.placed.end_ms),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """How long an engine's voice will take for a text at speed 1; ``voice`` is what the utterance is spoken by."""

    text: str
    voice: str
    natural_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TtsSegments:
    """The new speech of a job. Segments without anything to say are not in it.

    ``predictions`` are those that the lines were chosen by: an edit of one line need not make all others' again.
    """

    language: str
    segments: tuple[TtsSegment, ...]
    provenance: Provenance
    predictions: tuple[Prediction, ...] = ()

    def rungs(self) -> dict[FitMethod, int]:
        """How many lines fit by which step, in the ladder's order."""
        taken = [segment.rung for segment in self.segments]
        return {rung: taken.count(rung) for rung in get_args(FitMethod) if rung in taken}

    def without(self, lost: Collection[MediaObject]) -> TtsSegments:
        """The same without the lines that one of these lost objects belongs to."""
        whole = tuple(line for line in self.segments if line.clip not in lost and line.speech.media not in lost)
        return replace(self, segments=whole)
