"""The synthesised speech of each line, and how it fits its slot."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, get_args

from dub_assets.core.media import MediaObject
from dub_assets.core.provenance import Provenance
from dub_assets.core.speech import Utterance
from dub_assets.core.timing import Interval
from dub_assets.stages.issues import TimingIssue
from dub_assets.stages.tts_segments.agreement import ReadBack

FitMethod = Literal["full", "shorter", "pause", "speed", "stretch", "flag"]
"""The last step that a line needed to fit its slot: none, a shorter rendering, the pauses around it, the engine's
speed, a stretch. ``flag``: it does not fit well in spite of all, and its issues say why."""


def tempo(ordinary_ms: int, placed: Interval) -> float:
    """Return how fast a line is spoken, with the three decimals with which it is compared and shown.

    ``ordinary_ms`` is the length of its text at the language's ordinary rate.
    """
    return round(ordinary_ms / max(1, placed.duration_ms), 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLine:
    """A line to speak: its segment, its slot, and an utterance with the speed that the line needs to fit.

    ``text`` is the line as it is written, the utterance's text the same in words. ``rendering`` is the number of the
    rendering, 0 for the full one. ``fingerprint`` covers everything that can change the speech.
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
    """A line as the engine spoke it: mono, at the engine's rate; ``speed`` is what the engine was asked for.

    ``text`` is the line as it is written: "25 °C". ``read_back`` is None if no recogniser heard it; ``unheard`` is True
    if a recogniser should have, and failed.
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

    ``segment`` is the time of the original speech, ``slot`` the time available, ``placed`` the time taken. ``clip`` is
    the ``_tts.wav``: 48 kHz mono, from the earlier start of ``segment`` and ``placed`` on. ``ordinary_ms`` is the
    length of the text at the language's ordinary rate, ``rendering`` the number of the rendering, 0 for the full one,
    ``rung`` the fit method.
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
        """How much later than the original the line starts; negative if it starts earlier."""
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
    """Expected length of a text at speed 1; ``voice`` is the ``spoken_by`` of its utterance."""

    text: str
    voice: str
    natural_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TtsSegments:
    """The new speech of a job, a segment for each line with something to say.

    ``predictions`` are those that the renderings were chosen by; an edit of one line keeps those of all others.
    """

    language: str
    segments: tuple[TtsSegment, ...]
    provenance: Provenance
    predictions: tuple[Prediction, ...] = ()

    def fit_methods(self) -> dict[FitMethod, int]:
        """Return the number of lines by fit method, in the order of the methods."""
        methods = [segment.rung for segment in self.segments]
        return {method: methods.count(method) for method in get_args(FitMethod) if method in methods}

    def without(self, lost: Collection[MediaObject]) -> TtsSegments:
        """Return the value without the lines that one of these lost objects belongs to."""
        whole = tuple(line for line in self.segments if line.clip not in lost and line.speech.media not in lost)
        return replace(self, segments=whole)
