"""Diarisation: the speaker of every word, by the voices of phrases and the order of turns, or by a diariser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from dub_assets.core.batches import map_batches
from dub_assets.core.engine import VoiceSex
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.media import MediaObject
from dub_assets.core.ports import Diariser, SexClassifier, SpeakerEmbedder, StageContext, TurnDiariser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.signal.voiceprints import Voiceprint, mean_voiceprint
from dub_assets.core.timing import Interval
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.phrases import Phrase, split_into_phrases
from dub_assets.stages.transcript.pitch import median_pitch_hz
from dub_assets.stages.transcript.speaker_assignment import speakers_of_phrases
from dub_assets.stages.transcript.speaker_turns import cut_at_changes, speakers_of_words
from dub_assets.stages.transcript.values import Speaker, TimedWord, speaker_name

_SEX_PHRASES = 6
"""Number of a speaker's longest phrases from which the sex is taken: up to 24 s."""

_PITCH_PHRASES = 40
"""Number of a speaker's longest phrases from which the pitch is taken: a minute or two, however long the programme."""

_PITCH_RATE_HZ = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerLabels:
    """Words with their speakers, and the speakers."""

    words: tuple[TimedWord, ...]
    speakers: tuple[Speaker, ...]


def diarise(
    words: Sequence[TimedWord],
    stems: Stems,
    *,
    diariser: TurnDiariser | None,
    count: int | None,
    ctx: StageContext,
) -> SpeakerLabels:
    """Return the words with the names of ``count`` speakers, or of as many as are heard.

    Without a diariser the words stay as they are; EngineUnavailableError is raised if ``count`` is more than 1.
    """
    if diariser is None:
        if (count or 1) > 1:
            raise EngineUnavailableError("no diariser is installed: `dub-assets engines` says how to install one")
        return SpeakerLabels(words=tuple(words), speakers=())
    voices = _VoiceReader(stems=stems, rate_hz=diariser.capabilities.sample_rate_hz, ctx=ctx)
    phrases, numbers = _label_phrases(words, diariser, count, voices)
    labelled = [
        replace(word, speaker=speaker_name(number))
        for phrase, number in zip(phrases, numbers, strict=True)
        for word in words[phrase.first : phrase.after]
    ]
    return SpeakerLabels(words=tuple(labelled), speakers=voices.speakers(phrases, numbers, diariser))


def _label_phrases(
    words: Sequence[TimedWord], diariser: TurnDiariser, count: int | None, voices: _VoiceReader
) -> tuple[list[Phrase], list[int]]:
    """Return phrases of one speaker each, and the number of each phrase's speaker.

    The engine is not called if there can be only one speaker.
    """
    phrases = split_into_phrases(words)
    if isinstance(diariser, Diariser):
        if count != 1 and len(words) > 1:
            turns = diariser.turns(voices.programme(), count)
            return cut_at_changes(phrases, words, speakers_of_words(words, turns))
    elif count != 1 and len(phrases) > 1:
        return phrases, speakers_of_phrases(phrases, voices.voiceprints(phrases, diariser), count=count)
    return phrases, [0] * len(phrases)


@dataclass(frozen=True, slots=True, kw_only=True)
class _VoiceReader:
    """Reads voices, mono.

    Voices are recognised in the original sound. Separation removes parts of a voice together with the background (two
    women on a telephone: mean cosine 0.34 in the original, 0.43 in the vocals), and music under it does no harm.
    """

    stems: Stems
    rate_hz: int
    ctx: StageContext

    def voiceprints(self, phrases: Sequence[Phrase], embedder: SpeakerEmbedder) -> list[Voiceprint]:
        """Return the voice of each phrase."""
        batches = map_batches(
            lambda batch: embedder.embed([self.sound(self.stems.original, phrase.interval) for phrase in batch]),
            phrases,
            size=1,
            threads=embedder.capabilities.concurrency,
        )
        return list(chain.from_iterable(batches))

    def programme(self) -> Iterator[Sound]:
        """Yield the whole original, block by block."""
        path = self.ctx.workspace.open(self.stems.original)
        return (block.mono() for block in self.ctx.sounds.blocks(path, rate_hz=self.rate_hz))

    def sound(self, media: MediaObject, interval: Interval) -> Sound:
        """Return an interval of the original, or of the vocals."""
        return _mono(media, interval, self.ctx, self.rate_hz)

    def speakers(
        self, phrases: Sequence[Phrase], numbers: Sequence[int], diariser: TurnDiariser
    ) -> tuple[Speaker, ...]:
        """Return all speakers, in order of appearance."""
        speech: dict[int, list[Interval]] = {}
        for phrase, number in zip(phrases, numbers, strict=True):
            speech.setdefault(number, []).append(phrase.interval)
        return tuple(
            Speaker(
                name=speaker_name(number),
                pitch_hz=pitch_of(intervals, self.stems, self.ctx, rate_hz=self.rate_hz),
                speech_ms=sum(interval.duration_ms for interval in intervals),
                sex=self._sex(intervals, diariser),
            )
            for number, intervals in sorted(speech.items())
        )

    def _sex(self, intervals: Sequence[Interval], diariser: TurnDiariser) -> VoiceSex | None:
        """Return how the voice of a speaker's longest phrases sounds, None if the engine cannot tell."""
        if isinstance(diariser, Diariser) or not isinstance(diariser, SexClassifier):
            return None
        sounds = [self.sound(self.stems.original, interval) for interval in _longest(intervals)[:_SEX_PHRASES]]
        return diariser.sex(mean_voiceprint(diariser.embed(sounds)))


def pitch_of(
    intervals: Sequence[Interval], stems: Stems, ctx: StageContext, *, rate_hz: int = _PITCH_RATE_HZ
) -> float | None:
    """Return the median pitch of the vocals in the longest of these intervals, None if no speech is voiced."""
    return median_pitch_hz([_mono(stems.vocals, interval, ctx, rate_hz) for interval in _longest(intervals)])


def _mono(media: MediaObject, interval: Interval, ctx: StageContext, rate_hz: int) -> Sound:
    path = ctx.workspace.open(media)
    return ctx.sounds.resample(ctx.sounds.read(path, interval).mono(), rate_hz)


def _longest(intervals: Sequence[Interval]) -> list[Interval]:
    return sorted(intervals, key=lambda interval: interval.duration_ms, reverse=True)[:_PITCH_PHRASES]
