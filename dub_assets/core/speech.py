"""Inputs and outputs of speech engines: chunks, words, utterances, voice references, speaker turns."""

from __future__ import annotations

from dataclasses import dataclass, field

from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpeechChunk:
    """A stretch of mono sound to recognise, and its interval of the programme."""

    interval: Interval
    sound: Sound


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedWord:
    """A recognised word with its punctuation, without spaces around it.

    Times are in milliseconds of the programme; both are None if the recogniser could not place the word.
    ``ends_phrase`` marks the last word of a phrase, if the recogniser reports phrases.
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

    Stages verbalise texts first (``text_normalisation.verbalise``), but engines accept any text.
    """

    text: str
    language: str
    voice: str
    speed: float = 1.0

    @property
    def spoken_by(self) -> str:
        """Identity of the voice: its name."""
        return self.voice


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceReference:
    """2 to 15 s of a person's speech, mono, for an engine that clones voices.

    ``fingerprint`` covers everything that the sound was cut from. References with equal fingerprints are equal.
    """

    fingerprint: str
    sound: Sound = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClonedUtterance(Utterance):
    """A text to speak in the voice of a reference; ``voice`` is its name in the job."""

    reference: VoiceReference

    @property
    def spoken_by(self) -> str:
        """Identity of the voice: the fingerprint of its reference."""
        return self.reference.fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerTurn:
    """An interval in which one speaker speaks; equal numbers are the same speaker."""

    interval: Interval
    speaker: int
