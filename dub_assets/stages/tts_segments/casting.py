"""Casting: the voice of each speaker, and so of each line."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dub_assets.core.engine import Voice
from dub_assets.core.errors import InputError
from dub_assets.core.keys import segment_name
from dub_assets.core.ports import Engines
from dub_assets.core.speech import ClonedUtterance, Utterance, VoiceReference
from dub_assets.core.text import Pronunciation
from dub_assets.stages.transcript.values import Speaker, Transcript
from dub_assets.stages.translation.values import Translation, segment_fingerprint
from dub_assets.stages.tts_segments.pronunciations import spoken_text

_CLONED = "cloned"
_SEMITONES_PER_RANK, _MOST_RANK_SEMITONES = 1.0, 6.0
"""Each place in the engine's order of preference counts as this much distance in pitch, up to the second number."""

_SHARED_VOICE_SEMITONES = 24.0
"""A voice that another speaker has already counts as this much distance in pitch."""

_OTHER_SEX_SEMITONES = 48.0
"""A voice that sounds like the other sex counts as this much: a shared voice is the smaller fault."""

SPEAKER_NAME = r"([A-Z]|[^\s\d=,][^=,]{1,59})"
"""Regular expression of a speaker: the letter that diarisation gives, or a name that subtitles give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The voice of each line, in order, and the speakers whose own voice is cloned where enough of it is heard.

    ``chosen_lines`` are the indices of lines for which an editor chose the voice.
    """

    voices: tuple[str, ...] = ()
    cloned_speakers: tuple[str | None, ...] = ()
    chosen_lines: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineVoice:
    """The voice of a line: one of the engine's, or the voice of ``reference``, named ``voice`` in the job."""

    voice: str
    reference: VoiceReference | None = None
    pronunciations: tuple[Pronunciation, ...] = ()

    def utterance(self, text: str, language: str) -> Utterance:
        """Return a text, in words alone, to be spoken by this voice at its natural speed."""
        words = spoken_text(text, language, self.pronunciations)
        if self.reference is None:
            return Utterance(text=words, language=language, voice=self.voice)
        return ClonedUtterance(text=words, language=language, voice=self.voice, reference=self.reference)


def cast_lines(transcript: Transcript, translation: Translation, engines: Engines, chosen: Mapping[str, str]) -> Cast:
    """Return who speaks the lines of a translation; ``chosen`` are voices by speaker.

    A line without a speaker has the first voice. If the engine clones voices, every speaker without a chosen voice
    keeps their own; the speaker None stands for all speech if diarisation did not run. Raises InputError if the engine
    has no voice of a chosen name.
    """
    if not translation.lines:
        return Cast()
    language = translation.target_language
    known = engines.synthesiser(language).capabilities.voices_for(language)
    check_voices(known, chosen)
    by_line = _voices_by_line(transcript, translation)
    check_voices(known, {segment_name(index): voice for index, voice in by_line.items()}, of="segment")
    voices = cast_speakers(transcript.speakers, engines.voices(language), chosen)
    speakers = _speakers_of_lines(transcript, translation)
    cloned = [speaker for speaker in dict.fromkeys(speakers) if speaker not in chosen]
    return Cast(
        voices=tuple(
            by_line.get(line.index) or voices.get(speaker or "") or engines.voice(language)
            for line, speaker in zip(translation.lines, speakers, strict=True)
        ),
        cloned_speakers=tuple(cloned) if engines.clones(language) else (),
        chosen_lines=frozenset(by_line),
    )


def line_voices(
    transcript: Transcript,
    translation: Translation,
    cast: Cast,
    references: Mapping[str | None, VoiceReference],
) -> list[LineVoice]:
    """Return the voice of each line, in order: its speaker's own if there is a reference, else the cast one."""
    return [
        LineVoice(voice=cloned_voice(speaker), reference=references[speaker])
        if speaker in references and line.index not in cast.chosen_lines
        else LineVoice(voice=voice)
        for line, speaker, voice in zip(
            translation.lines, _speakers_of_lines(transcript, translation), cast.voices, strict=True
        )
    ]


def cast_speakers(speakers: Sequence[Speaker], voices: Sequence[Voice], chosen: Mapping[str, str]) -> dict[str, str]:
    """Return a voice for every speaker by name: the chosen one, else the best that no other speaker has.

    The speaker with the most speech comes first. A voice is rated by its sex, by its distance from the speaker's pitch
    in semitones, and by its place in the engine's order of preference. If there are more speakers than fitting voices,
    some share one.
    ``chosen`` may name speakers who do not appear.
    """
    cast = {name: voice for name, voice in chosen.items() if any(speaker.name == name for speaker in speakers)}
    for speaker in sorted(speakers, key=lambda speaker: -speaker.speech_ms):
        if speaker.name not in cast:
            taken = list(cast.values())
            costs = [
                _pitch_distance(speaker, voice)
                + (_OTHER_SEX_SEMITONES if _is_of_other_sex(speaker, voice) else 0.0)
                + min(_SEMITONES_PER_RANK * rank, _MOST_RANK_SEMITONES)
                + _SHARED_VOICE_SEMITONES * taken.count(voice.name)
                for rank, voice in enumerate(voices)
            ]
            cast[speaker.name] = voices[costs.index(min(costs))].name
    return cast


def cloned_voice(speaker: str | None) -> str:
    """Return the name of a speaker's cloned voice; None is the speaker if diarisation did not run."""
    return f"{_CLONED}-{speaker}" if speaker else _CLONED


def cloned_speaker(voice: str) -> str | None:
    """Return the speaker whose cloned voice this is; None if diarisation did not run."""
    return voice.removeprefix(_CLONED).removeprefix("-") or None


def is_cloned(voice: str) -> bool:
    """Return whether a voice is the cloned voice of a speaker."""
    return voice == _CLONED or voice.startswith(f"{_CLONED}-")


def check_voices(voices: Sequence[Voice], chosen: Mapping[str, str], *, of: str = "speaker") -> None:
    """Raise InputError, naming the known voices, if a voice that is chosen for a speaker or segment is unknown."""
    known = [voice.name for voice in voices]
    for name, voice in chosen.items():
        if voice not in known:
            raise InputError(f"there is no voice {voice!r} for {of} {name}; there are {', '.join(known)}")


def checked_speaker(name: str) -> str:
    """Return the letter or name of a speaker. Raises InputError if no speaker can have it."""
    if not re.fullmatch(SPEAKER_NAME, name):
        raise InputError(f"{name!r} is no speaker: give a letter such as A, as the report shows it")
    return name


def parse_choices(text: str | None) -> dict[str, str]:
    """Return voices by speaker from a text such as ``A=jm_kumo,B=jf_nezumi``. Raises InputError if it is malformed."""
    choices: dict[str, str] = {}
    for choice in text.split(",") if text else ():
        name, equals, voice = (part.strip() for part in choice.partition("="))
        if not equals or not re.fullmatch(SPEAKER_NAME, name) or not voice:
            raise InputError(f"{choice!r} gives no speaker a voice: write A=jm_kumo, the speaker's letter and a voice")
        choices[name] = voice
    return choices


def _voices_by_line(transcript: Transcript, translation: Translation) -> dict[int, str]:
    """Return the voices that editors chose, by the index of the line."""
    if not translation.voices:
        return {}
    chosen = {segment.index: translation.voices.get(segment_fingerprint(segment)) for segment in transcript.segments}
    return {index: voice for index, voice in chosen.items() if voice}


def _speakers_of_lines(transcript: Transcript, translation: Translation) -> list[str | None]:
    speakers = {segment.index: segment.speaker for segment in transcript.segments}
    return [speakers[line.index] for line in translation.lines]


def _is_of_other_sex(speaker: Speaker, voice: Voice) -> bool:
    return speaker.sex is not None and voice.sex is not None and speaker.sex != voice.sex


def _pitch_distance(speaker: Speaker, voice: Voice) -> float:
    """Return the semitones between two pitches; 0 if one is unknown."""
    if not speaker.pitch_hz or not voice.pitch_hz:
        return 0.0
    return abs(12.0 * math.log2(speaker.pitch_hz / voice.pitch_hz))
