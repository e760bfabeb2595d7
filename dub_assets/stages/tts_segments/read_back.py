"""Reading lines back: a recogniser listens to new speech, and a line that is not as written is spoken again."""

from __future__ import annotations

import errno
import logging
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import numpy as np

from dub_assets.core.batches import batch_by_batch
from dub_assets.core.engine_use import released
from dub_assets.core.errors import DubError, EngineUnavailableError, OutOfSpaceError, UnsupportedLanguageError
from dub_assets.core.ports import Engines, Recogniser, StageContext, Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import RecognisedWord, SpeechChunk, Utterance
from dub_assets.core.timing import Interval
from dub_assets.stages.quality.options import CheckOptions
from dub_assets.stages.tts_segments.agreement import ReadBack, read_back, spoken_issues
from dub_assets.stages.tts_segments.values import SpokenLine, SynthesisedSpeech

_LOG = logging.getLogger(__name__)

_GAP_MS = 500
"""Silence between two lines of one chunk. Recognisers take chunks of up to 30 s and cost the same for less."""

_OTHER_SPEEDS = (1.04, 0.96, 1.08)
"""What the speed is multiplied by at each further attempt: the engines say the same text the same way otherwise."""


def read_lines_back(
    lines: Sequence[SpokenLine],
    speeches: Mapping[int, SynthesisedSpeech],
    *,
    engines: Engines,
    synthesiser: Synthesiser,
    options: CheckOptions,
    ctx: StageContext,
) -> dict[int, SynthesisedSpeech]:
    """The speech of every line with what is heard of it; what was read back before is not read again.

    A line that is not as written is spoken at slightly other speeds; the best of all attempts is kept. Where no
    recogniser hears the language, nothing is read back. Lines that a recogniser failed at are ``unheard``: they were
    spoken all the same, and the next run tries again. Raises OutOfSpaceError.
    """
    result = {index: replace(speech, unheard=False) for index, speech in speeches.items()}
    unread = [line for line in lines if result[line.index].read_back is None]
    if not options.speech or not unread:
        return result
    try:
        recogniser = engines.recogniser(unread[0].utterance.language)
    except (UnsupportedLanguageError, EngineUnavailableError):
        return result
    with released(engines, recogniser):
        services = _Desk(recogniser=recogniser, synthesiser=synthesiser, ctx=ctx)
        for line, found in zip(unread, services.read(unread, services.stored(unread, result)), strict=True):
            result[line.index] = replace(result[line.index], read_back=found, unheard=found is None)
        for attempt in range(min(options.speech_attempts, len(_OTHER_SPEEDS))):
            wrong = [line for line in unread if _is_wrong(result[line.index], options)]
            for line, again in zip(wrong, services.speak_again(wrong, attempt, result), strict=True):
                result[line.index] = again
    return result


def _is_wrong(speech: SynthesisedSpeech, options: CheckOptions) -> bool:
    return speech.read_back is not None and bool(spoken_issues(speech.read_back, options.speech_agreement))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Take:
    """A line as it was spoken: how long, and the sound when it is wanted."""

    length_ms: int
    sound: Callable[[], Sound]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Speaks and listens."""

    recogniser: Recogniser
    synthesiser: Synthesiser
    ctx: StageContext

    def speak_again(
        self, lines: Sequence[SpokenLine], attempt: int, speeches: Mapping[int, SynthesisedSpeech]
    ) -> list[SynthesisedSpeech]:
        """Each line at another speed where that is heard better, else as it was."""
        utterances = [self._at_other_speed(line.utterance, attempt) for line in lines]
        sounds = self.synthesiser.synthesise(utterances) if utterances else []
        heard = self.read(lines, [_held(sound) for sound in sounds])
        return [
            self._better(speeches[line.index], found, utterance.speed, sound, line.index)
            for line, utterance, sound, found in zip(lines, utterances, sounds, heard, strict=True)
        ]

    def stored(self, lines: Sequence[SpokenLine], speeches: Mapping[int, SynthesisedSpeech]) -> list[_Take]:
        """The lines as they were spoken; an hour of them is not held in memory."""
        spoken = [speeches[line.index] for line in lines]
        return [
            _Take(
                length_ms=speech.duration_ms,
                sound=partial(self.ctx.sounds.read, self.ctx.workspace.open(speech.media)),
            )
            for speech in spoken
        ]

    def read(self, lines: Sequence[SpokenLine], takes: Sequence[_Take]) -> Sequence[ReadBack | None]:
        """What is heard of each line; None of all of them where the recogniser fails, whatever it raises."""
        try:
            return self._heard(lines, takes) if lines else []
        except Exception as error:  # engines raise what their libraries do; the lines are spoken, heard or not
            if isinstance(error, OutOfSpaceError) or getattr(error, "errno", None) == errno.ENOSPC:
                raise
            # What another library says may quote the text that it was given.
            reason = error if isinstance(error, DubError) else type(error).__name__
            _LOG.warning("%d lines are not read back, the recogniser failed: %s", len(lines), reason, exc_info=error)
            self.recogniser.close()  # a model that fails is not kept: the next call loads it anew
            return [None] * len(lines)

    def _heard(self, lines: Sequence[SpokenLine], takes: Sequence[_Take]) -> list[ReadBack]:
        """What is heard of each line, several of them to a chunk."""
        offer, language = self.recogniser.capabilities, lines[0].utterance.language
        packs = packed([take.length_ms + 1 for take in takes], offer.max_chunk_ms)
        found = batch_by_batch(
            lambda batch: self.recogniser.recognise([self._chunk(pack, takes) for pack in batch], language),
            packs,
            size=offer.batch_size,
            threads=offer.concurrency,
        )
        words = chain.from_iterable(found)
        heard = {at: text for pack, found in zip(packs, words, strict=True) for at, text in _by_line(pack, found)}
        return [read_back(line.utterance.text, heard.get(at, ""), language) for at, line in enumerate(lines)]

    def _chunk(self, pack: Pack, takes: Sequence[_Take]) -> SpeechChunk:
        rate_hz = self.recogniser.capabilities.sample_rate_hz
        return chunk_of(pack, [self.ctx.sounds.resample(takes[at].sound().mono(), rate_hz) for at, _ in pack])

    def _at_other_speed(self, utterance: Utterance, attempt: int) -> Utterance:
        offer = self.synthesiser.capabilities
        speed = round(utterance.speed * _OTHER_SPEEDS[attempt], 2)
        return replace(utterance, speed=min(max(speed, offer.min_speed), offer.max_speed))

    def _better(
        self, before: SynthesisedSpeech, found: ReadBack | None, speed: float, sound: Sound, index: int
    ) -> SynthesisedSpeech:
        known = before.read_back
        if found is None:
            return before
        if known is not None and known.is_no_worse_than(found):
            return replace(before, read_back=replace(known, attempts=known.attempts + 1))
        key = self.ctx.keys.speech(index)
        with self.ctx.sounds.writer(self.ctx.workspace.new(key), channels=1, rate_hz=sound.rate_hz) as file:
            file.write(sound)
        return replace(
            before,
            speed=speed,
            duration_ms=sound.duration_ms,
            media=self.ctx.workspace.seal(key),
            read_back=replace(found, attempts=1 + (known.attempts if known else 0)),
        )


def _held(sound: Sound) -> _Take:
    return _Take(length_ms=sound.duration_ms, sound=lambda: sound)


Pack = Sequence[tuple[int, Interval]]
"""Lines by their number, each with its place in the chunk."""


def packed(lengths_ms: Sequence[int], max_ms: int) -> Sequence[Pack]:
    """Lines of these lengths, in order, put into as few chunks as they fit with gaps between; longer ones are cut.

    The chunks are about as long as each other: a recogniser that hears them side by side then waits for none.
    """
    fewest = len(_packed(lengths_ms, max_ms))
    even_ms = bisect_left(range(max_ms), -fewest, key=lambda limit_ms: -len(_packed(lengths_ms, limit_ms)))
    return _packed(lengths_ms, max(even_ms, min(max_ms, max(lengths_ms, default=0))))


def _packed(lengths_ms: Sequence[int], max_ms: int) -> Sequence[Pack]:
    packs: list[list[tuple[int, Interval]]] = []
    for at, length_ms in enumerate(lengths_ms):
        start_ms = packs[-1][-1][1].end_ms + _GAP_MS if packs else max_ms
        if start_ms + length_ms > max_ms:
            packs.append([])
            start_ms = 0
        packs[-1].append((at, Interval(start_ms=start_ms, end_ms=min(max_ms, start_ms + length_ms))))
    return packs


def chunk_of(pack: Pack, tracks: Sequence[Sound]) -> SpeechChunk:
    """The chunk that a pack of lines makes; ``tracks`` are the pack's lines, mono and at one rate."""
    rate_hz = tracks[0].rate_hz
    length_ms = pack[-1][1].end_ms
    samples = np.zeros((length_ms * rate_hz // 1000, 1), dtype=np.float32)
    for (_, place), track in zip(pack, tracks, strict=True):
        start = place.start_ms * rate_hz // 1000
        fitting = track.samples[: len(samples) - start]
        samples[start : start + len(fitting)] = fitting
    return SpeechChunk(interval=Interval(start_ms=0, end_ms=length_ms), sound=Sound(samples=samples, rate_hz=rate_hz))


def _by_line(pack: Pack, words: Sequence[RecognisedWord]) -> Iterator[tuple[int, str]]:
    """What is heard of each line of a chunk: a word belongs to the line in which, or next to which, its middle lies."""
    texts: dict[int, list[str]] = {at: [] for at, _ in pack}
    at = pack[0][0]
    for word in words:
        if word.start_ms is not None and word.end_ms is not None:
            middle_ms = (word.start_ms + word.end_ms) // 2
            at = min(pack, key=lambda line: max(line[1].start_ms - middle_ms, middle_ms - line[1].end_ms))[0]
        texts[at].append(word.text)
    return ((at, " ".join(found)) for at, found in texts.items())
