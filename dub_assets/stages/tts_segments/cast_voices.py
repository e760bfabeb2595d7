"""The voice of every line: that of its speaker, the speaker's own where it is cloned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dub_assets.core.ports import Engines
from dub_assets.core.speech import VoiceReference
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.casting import Part, cast, check_voices, cloned_voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The voice of each line of a translation, in order, and the speakers who keep their own as far as it is heard."""

    voices: tuple[str, ...] = ()
    own_voices: tuple[str | None, ...] = ()


def cast_of(transcript: Transcript, translation: Translation, engines: Engines, chosen: Mapping[str, str]) -> Cast:
    """Who speaks the lines; nobody where there are none. Raises InputError where a chosen voice is not there."""
    if not translation.lines:
        return Cast()
    return Cast(
        voices=tuple(_voices(transcript, translation, engines, chosen)),
        own_voices=_own_voices(transcript, translation, engines, chosen),
    )


def _voices(transcript: Transcript, translation: Translation, engines: Engines, chosen: Mapping[str, str]) -> list[str]:
    """The voice of each line of the translation, in order; the first voice there is where nobody told speakers apart.

    Raises InputError where a chosen voice is not there.
    """
    language = translation.target_language
    check_voices(engines.synthesiser(language).capabilities.voices_for(language), chosen)
    parts = cast(transcript.speakers, engines.voices(language), chosen)
    speakers = _speakers(transcript)
    return [parts.get(speakers[line.index] or "") or engines.voice(language) for line in translation.lines]


def _own_voices(
    transcript: Transcript, translation: Translation, engines: Engines, chosen: Mapping[str, str]
) -> tuple[str | None, ...]:
    """Who is to keep their own voice: everyone without a chosen one, where the engine clones voices.

    None stands for whoever speaks where nobody told speakers apart.
    """
    if not engines.clones(translation.target_language):
        return ()
    speakers = _speakers(transcript)
    return tuple(
        name for name in dict.fromkeys(speakers[line.index] for line in translation.lines) if name not in chosen
    )


def parts_of(
    transcript: Transcript,
    translation: Translation,
    cast_with: Cast,
    references: Mapping[str | None, VoiceReference],
) -> list[Part]:
    """The part of each line, in order: its speaker's own voice where there is a reference, else the cast one."""
    by_segment = _speakers(transcript)
    speakers = [by_segment[line.index] for line in translation.lines]
    return [
        Part(voice=cloned_voice(speaker), reference=references[speaker]) if speaker in references else Part(voice=voice)
        for speaker, voice in zip(speakers, cast_with.voices, strict=True)
    ]


def _speakers(transcript: Transcript) -> dict[int, str | None]:
    """Who says each segment."""
    return {segment.index: segment.speaker for segment in transcript.segments}
