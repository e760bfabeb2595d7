"""Values that travel between the pipeline and the speech engines."""

from __future__ import annotations

from dataclasses import dataclass, field

from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpeechChunk:
    """A stretch of mono sound to recognise, with its place in the programme."""

    interval: Interval
    sound: Sound


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedWord:
    """A word as a recogniser gives it, punctuation attached, no spaces around it.

    Times are milliseconds of the programme; a recogniser that could not place a word leaves both None.
    ``ends_phrase`` marks the last word of a phrase where the recogniser says so.
    """

    text: str
    start_ms: int | None
    end_ms: int | None
    probability: float | None
    ends_phrase: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageGuess:
    """A detected language (ISO 639-1) and its probability from 0 to 1."""

    language: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A text to speak: language (ISO 639-1), voice by name, speed as a factor (1.2 is a fifth faster).

    The pipeline gives engines texts in words alone (``spoken``); they take any.
    """

    text: str
    language: str
    voice: str
    speed: float = 1.0

    @property
    def spoken_by(self) -> str:
        """What stands for the voice: its name."""
        return self.voice


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceReference:
    """A person's own speech, 2 to 15 s of it, mono, for an engine that clones voices.

    ``fingerprint`` covers what the sound was taken from, and stands for it: references are equal where theirs are.
    """

    fingerprint: str
    sound: Sound = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClonedUtterance(Utterance):
    """A text to speak in the voice of a reference; ``voice`` is what that voice is called in the job."""

    reference: VoiceReference

    @property
    def spoken_by(self) -> str:
        """What stands for the voice: the fingerprint of its reference."""
        return self.reference.fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerTurn:
    """A stretch in which one speaker speaks; the numbers of speakers mean nothing but who is the same."""

    interval: Interval
    speaker: int
