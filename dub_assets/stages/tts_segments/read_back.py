"""Read-back: a recogniser listens to new speech, and a line that does not say its text is spoken again."""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import numpy as np

from dub_assets.core.batches import map_batches
from dub_assets.core.engine_use import releasing
from dub_assets.core.errors import DubError, EngineUnavailableError, OutOfSpaceError, UnsupportedLanguageError
from dub_assets.core.files import is_disk_full
from dub_assets.core.ports import Engines, Recogniser, StageContext, Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import RecognisedWord, SpeechChunk, Utterance
from dub_assets.core.timing import Interval
from dub_assets.stages.quality.options import CheckOptions
from dub_assets.stages.tts_segments.agreement import ReadBack, compare, read_back_issues
from dub_assets.stages.tts_segments.values import SpokenLine, SynthesisedSpeech

_LOG = logging.getLogger(__name__)

_GAP_MS = 500
"""Silence between two lines of one chunk. Recognisers take chunks of up to 30 s and cost the same for less."""

_SPEED_FACTORS = (1.04, 0.96, 1.08)
"""Factor on the speed at each further attempt: at the same speed, engines speak a text the same way again."""

Pack = Sequence[tuple[int, Interval]]
"""The lines of one chunk: the number of each line, and its place in the chunk."""


def read_lines_back(
    lines: Sequence[SpokenLine],
    speeches: Mapping[int, SynthesisedSpeech],
    *,
    engines: Engines,
    synthesiser: Synthesiser,
    options: CheckOptions,
    ctx: StageContext,
) -> dict[int, SynthesisedSpeech]:
    """Return the speech of every line, by segment, with its read-back; existing read-backs are kept.

    A line that does not say its text is spoken at slightly other speeds, and the best attempt is kept. If no recogniser
    knows the language, there is no read-back. If the recogniser fails, lines are marked ``unheard`` and the next run
    tries again. Raises OutOfSpaceError.
    """
    result = {index: replace(speech, unheard=False) for index, speech in speeches.items()}
    unread = [line for line in lines if result[line.index].read_back is None]
    if not options.speech or not unread:
        return result
    try:
        recogniser = engines.recogniser(unread[0].utterance.language)
    except (UnsupportedLanguageError, EngineUnavailableError):
        return result
    with releasing(engines, recogniser):
        verifier = _Verifier(recogniser=recogniser, synthesiser=synthesiser, ctx=ctx)
        for line, read_back in zip(unread, verifier.read(unread, verifier.stored(unread, result)), strict=True):
            result[line.index] = replace(result[line.index], read_back=read_back, unheard=read_back is None)
        for attempt in range(min(options.speech_attempts, len(_SPEED_FACTORS))):
            wrong = [line for line in unread if _is_wrong(result[line.index], options)]
            for line, speech in zip(wrong, verifier.speak_again(wrong, attempt, result), strict=True):
                result[line.index] = speech
    return result


def _is_wrong(speech: SynthesisedSpeech, options: CheckOptions) -> bool:
    return speech.read_back is not None and bool(read_back_issues(speech.read_back, options.speech_agreement))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Take:
    """A spoken line: its length, and a function that returns its sound."""

    length_ms: int
    sound: Callable[[], Sound]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verifier:
    """Recognises lines, and speaks those again that do not say their text."""

    recogniser: Recogniser
    synthesiser: Synthesiser
    ctx: StageContext

    def speak_again(
        self, lines: Sequence[SpokenLine], attempt: int, speeches: Mapping[int, SynthesisedSpeech]
    ) -> list[SynthesisedSpeech]:
        """Return each line at another speed if that has a better read-back, else as it was."""
        utterances = [self._at_other_speed(line.utterance, attempt) for line in lines]
        sounds = self.synthesiser.synthesise(utterances) if utterances else []
        takes = [_take(sound) for sound in sounds]
        return [
            self._better(speeches[line.index], read_back, utterance.speed, sound, line.index)
            for line, utterance, sound, read_back in zip(
                lines, utterances, sounds, self.read(lines, takes), strict=True
            )
        ]

    def stored(self, lines: Sequence[SpokenLine], speeches: Mapping[int, SynthesisedSpeech]) -> list[_Take]:
        """Return the lines from their files, read when they are needed: an hour of speech is not held in memory."""
        stored = [speeches[line.index] for line in lines]
        return [
            _Take(
                length_ms=speech.duration_ms,
                sound=partial(self.ctx.sounds.read, self.ctx.workspace.open(speech.media)),
            )
            for speech in stored
        ]

    def read(self, lines: Sequence[SpokenLine], takes: Sequence[_Take]) -> Sequence[ReadBack | None]:
        """Return the read-back of each line; None for all if the recogniser fails, whatever it raises."""
        try:
            return self._recognised(lines, takes) if lines else []
        except Exception as error:  # engines raise what their libraries do; the lines are spoken, heard or not
            if isinstance(error, OutOfSpaceError) or is_disk_full(error):
                raise
            # The message of another library's error may quote the text that it was given.
            reason = error if isinstance(error, DubError) else type(error).__name__
            _LOG.warning("%d lines are not read back, the recogniser failed: %s", len(lines), reason, exc_info=error)
            self.recogniser.close()  # a model that failed is not kept: the next call loads it again
            return [None] * len(lines)

    def _recognised(self, lines: Sequence[SpokenLine], takes: Sequence[_Take]) -> list[ReadBack]:
        capabilities, language = self.recogniser.capabilities, lines[0].utterance.language
        packs = packed([take.length_ms + 1 for take in takes], capabilities.max_chunk_ms)
        batches = map_batches(
            lambda batch: self.recogniser.recognise([self._chunk(pack, takes) for pack in batch], language),
            packs,
            size=capabilities.batch_size,
            threads=capabilities.concurrency,
        )
        words = chain.from_iterable(batches)
        heard = dict(chain.from_iterable(_text_by_line(*chunk) for chunk in zip(packs, words, strict=True)))
        return [compare(line.utterance.text, heard.get(at, ""), language) for at, line in enumerate(lines)]

    def _chunk(self, pack: Pack, takes: Sequence[_Take]) -> SpeechChunk:
        rate_hz = self.recogniser.capabilities.sample_rate_hz
        return chunk_of(pack, [self.ctx.sounds.resample(takes[at].sound().mono(), rate_hz) for at, _ in pack])

    def _at_other_speed(self, utterance: Utterance, attempt: int) -> Utterance:
        capabilities = self.synthesiser.capabilities
        speed = round(utterance.speed * _SPEED_FACTORS[attempt], 2)
        return replace(utterance, speed=min(max(speed, capabilities.min_speed), capabilities.max_speed))

    def _better(
        self, before: SynthesisedSpeech, read_back: ReadBack | None, speed: float, sound: Sound, index: int
    ) -> SynthesisedSpeech:
        known = before.read_back
        if read_back is None:
            return before
        if known is not None and known.is_no_worse_than(read_back):
            return replace(before, read_back=replace(known, attempts=known.attempts + 1))
        key = self.ctx.keys.speech(index)
        with self.ctx.sounds.writer(self.ctx.workspace.new(key), channels=1, rate_hz=sound.rate_hz) as file:
            file.write(sound)
        return replace(
            before,
            speed=speed,
            duration_ms=sound.duration_ms,
            media=self.ctx.workspace.seal(key),
            read_back=replace(read_back, attempts=1 + (known.attempts if known else 0)),
        )


def _take(sound: Sound) -> _Take:
    return _Take(length_ms=sound.duration_ms, sound=lambda: sound)


def packed(lengths_ms: Sequence[int], max_ms: int) -> Sequence[Pack]:
    """Pack lines of these lengths, in order and with gaps between, into as few chunks as possible; cut longer lines.

    The chunks are about equally long, so that a recogniser that takes several at once waits for none.
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


def chunk_of(pack: Pack, sounds: Sequence[Sound]) -> SpeechChunk:
    """Return the chunk of a pack; ``sounds`` are those of its lines, mono and at one rate."""
    rate_hz = sounds[0].rate_hz
    length_ms = pack[-1][1].end_ms
    samples = np.zeros((length_ms * rate_hz // 1000, 1), dtype=np.float32)
    for (_, place), sound in zip(pack, sounds, strict=True):
        start = place.start_ms * rate_hz // 1000
        fitting = sound.samples[: len(samples) - start]
        samples[start : start + len(fitting)] = fitting
    return SpeechChunk(interval=Interval(start_ms=0, end_ms=length_ms), sound=Sound(samples=samples, rate_hz=rate_hz))


def _text_by_line(pack: Pack, words: Sequence[RecognisedWord]) -> Iterator[tuple[int, str]]:
    """Yield the number and the heard text of each line; a word belongs to the line nearest to its middle.

    A word without times belongs to the line of the word before it.
    """
    texts: dict[int, list[str]] = {at: [] for at, _ in pack}
    at = pack[0][0]
    for word in words:
        if word.start_ms is not None and word.end_ms is not None:
            middle_ms = (word.start_ms + word.end_ms) // 2
            at = min(pack, key=lambda line: max(line[1].start_ms - middle_ms, middle_ms - line[1].end_ms))[0]
        texts[at].append(word.text)
    return ((at, " ".join(heard)) for at, heard in texts.items())
