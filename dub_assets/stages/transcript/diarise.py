"""Who says what: the speaker of every word, by the voices of phrases and the order of turns, or by a diariser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from dub_assets.core.batches import batch_by_batch
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.media import MediaObject
from dub_assets.core.ports import Diariser, SpeakerEmbedder, StageContext, TurnDiariser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.signal.voiceprints import Voiceprint
from dub_assets.core.timing import Interval
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.phrases import Phrase, phrases
from dub_assets.stages.transcript.pitch import median_pitch_hz
from dub_assets.stages.transcript.speaker_assignment import speakers_of
from dub_assets.stages.transcript.speaker_turns import cut_at_changes, speakers_of_words
from dub_assets.stages.transcript.values import Speaker, TimedWord, speaker_name

_PITCH_PHRASES = 40
"""A speaker's longest phrases, from which the pitch is taken: a minute or two, however long the programme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerLabels:
    """The words, each with its speaker, and who the speakers are."""

    words: tuple[TimedWord, ...]
    speakers: tuple[Speaker, ...]


def diarise(
    words: Sequence[TimedWord],
    stems: Stems,
    *,
    builder: TurnDiariser | None,
    count: int | None,
    ctx: StageContext,
) -> SpeakerLabels:
    """The words with their speakers, ``count`` of them, or as many as are heard; as they came where nothing can tell.

    Raises EngineUnavailableError where several are to be told apart and nothing can.
    """
    if builder is None:
        if (count or 1) > 1:
            raise EngineUnavailableError(
                "no engine that tells speakers apart is installed: `dub-assets engines` says how to install one"
            )
        return SpeakerLabels(words=tuple(words), speakers=())
    booth = _Booth(stems=stems, rate_hz=builder.capabilities.sample_rate_hz, ctx=ctx)
    found, numbers = _heard(words, builder, count, booth)
    told = [
        replace(word, speaker=speaker_name(number))
        for phrase, number in zip(found, numbers, strict=True)
        for word in words[phrase.first : phrase.after]
    ]
    return SpeakerLabels(words=tuple(told), speakers=booth.speakers(found, numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Booth:
    """Where voices are listened to, mono.

    A voice is told by the original sound: what separation takes away with the background belongs to the voice as well
    (two women on a telephone: mean cosine 0.34 in the original, 0.43 in the vocals), and music under it does no harm.
    """

    stems: Stems
    rate_hz: int
    ctx: StageContext

    def voices(self, found: Sequence[Phrase], embedder: SpeakerEmbedder) -> list[Voiceprint]:
        """The voice of each phrase."""
        heard = batch_by_batch(
            lambda batch: embedder.embed([self.sound(self.stems.original, phrase.interval) for phrase in batch]),
            found,
            size=1,
            threads=embedder.capabilities.concurrency,
        )
        return list(chain.from_iterable(heard))

    def programme(self) -> Iterator[Sound]:
        """The whole original, block by block."""
        path = self.ctx.workspace.open(self.stems.original)
        return (block.mono() for block in self.ctx.sounds.blocks(path, rate_hz=self.rate_hz))

    def sound(self, media: MediaObject, interval: Interval) -> Sound:
        """An interval of the original, or of the vocals."""
        path = self.ctx.workspace.open(media)
        return self.ctx.sounds.resample(self.ctx.sounds.read(path, interval).mono(), self.rate_hz)

    def speakers(self, found: Sequence[Phrase], numbers: Sequence[int]) -> tuple[Speaker, ...]:
        """Everyone who speaks, in order of appearance."""
        said: dict[int, list[Interval]] = {}
        for phrase, number in zip(found, numbers, strict=True):
            said.setdefault(number, []).append(phrase.interval)
        return tuple(
            Speaker(
                name=speaker_name(number),
                pitch_hz=median_pitch_hz([self.sound(self.stems.vocals, interval) for interval in _longest(intervals)]),
                speech_ms=sum(interval.duration_ms for interval in intervals),
            )
            for number, intervals in sorted(said.items())
        )


def _longest(intervals: Sequence[Interval]) -> list[Interval]:
    return sorted(intervals, key=lambda interval: interval.duration_ms, reverse=True)[:_PITCH_PHRASES]


def _heard(
    words: Sequence[TimedWord], builder: TurnDiariser, count: int | None, booth: _Booth
) -> tuple[list[Phrase], list[int]]:
    """Phrases of one speaker each, and who says them; nothing is listened to where one alone can be it."""
    found = phrases(words)
    if isinstance(builder, Diariser):
        if count != 1 and len(words) > 1:
            return cut_at_changes(found, words, speakers_of_words(words, builder.turns(booth.programme(), count)))
    elif count != 1 and len(found) > 1:
        return found, speakers_of(found, booth.voices(found, builder), count=count)
    return found, [0] * len(found)
