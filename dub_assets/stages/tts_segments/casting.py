"""Casting: which voice speaks for whom."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dub_assets.core.engine import Voice
from dub_assets.core.errors import InputError
from dub_assets.core.speech import ClonedUtterance, Utterance, VoiceReference
from dub_assets.stages.transcript.values import Speaker, speaker_name
from dub_assets.text_normalisation import spoken

_RANK, _LOWEST_RANK = 1.0, 6.0
"""Semitones off the speaker's pitch that each place in an engine's order of preference is worth, and the most."""
_SHARED = 24.0
"""Semitones that are worth having a voice of one's own."""

MAX_SPEAKERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Who speaks a line: a voice of the engine's, or the one of ``reference``, which is called ``voice`` in the job."""

    voice: str
    reference: VoiceReference | None = None

    def says(self, text: str, language: str) -> Utterance:
        """A text of this part, with its numbers and signs in words, at its natural speed."""
        said = spoken(text, language)
        if self.reference is None:
            return Utterance(text=said, language=language, voice=self.voice)
        return ClonedUtterance(text=said, language=language, voice=self.voice, reference=self.reference)


def cast(speakers: Sequence[Speaker], voices: Sequence[Voice], chosen: Mapping[str, str]) -> dict[str, str]:
    """The voice of every speaker by name: the chosen one, else the one that fits best and nobody else has.

    Who speaks most chooses first. A voice fits by its distance from the speaker's pitch in semitones and by its place
    in the engine's order of preference; where there are more speakers than voices, some share one. ``chosen`` may name
    speakers who do not appear.
    """
    parts = {name: voice for name, voice in chosen.items() if any(speaker.name == name for speaker in speakers)}
    for speaker in sorted(speakers, key=lambda speaker: -speaker.speech_ms):
        if speaker.name not in parts:
            taken = list(parts.values())
            costs = [
                _distance(speaker, voice) + min(_RANK * rank, _LOWEST_RANK) + _SHARED * taken.count(voice.name)
                for rank, voice in enumerate(voices)
            ]
            parts[speaker.name] = voices[costs.index(min(costs))].name
    return parts


def cloned_voice(speaker: str | None) -> str:
    """What the cloned voice of a speaker is called; None where nobody told speakers apart."""
    return f"cloned-{speaker}" if speaker else "cloned"


def check_voices(voices: Sequence[Voice], chosen: Mapping[str, str]) -> None:
    """Raise InputError, naming the voices there are, where a chosen one is not among them."""
    known = [voice.name for voice in voices]
    for name, voice in chosen.items():
        if voice not in known:
            raise InputError(f"there is no voice {voice!r} for speaker {name}; there are {', '.join(known)}")


def parse_choices(text: str | None) -> dict[str, str]:
    """Choices such as ``A=jm_kumo,B=jf_nezumi`` as voices by speaker. Raises InputError where one is none."""
    choices: dict[str, str] = {}
    names = {speaker_name(number) for number in range(MAX_SPEAKERS)}
    for choice in text.split(",") if text else ():
        name, equals, voice = (part.strip() for part in choice.partition("="))
        if not equals or name not in names or not voice:
            raise InputError(f"{choice!r} gives no speaker a voice: write A=jm_kumo, the speaker's letter and a voice")
        choices[name] = voice
    return choices


def _distance(speaker: Speaker, voice: Voice) -> float:
    """Semitones between two pitches; none where one is not known."""
    if not speaker.pitch_hz or not voice.pitch_hz:
        return 0.0
    return abs(12.0 * math.log2(speaker.pitch_hz / voice.pitch_hz))
