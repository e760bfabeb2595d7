"""Segments of a job that brings its own subtitles: the words of each line with their times and speaker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from statistics import fmean

from dub_assets.core.batches import in_batches
from dub_assets.core.ports import Recogniser, StageContext, TurnDiariser, WordAligner
from dub_assets.core.sentences import join_words
from dub_assets.core.speech import RecognisedWord, SpeechChunk
from dub_assets.core.timing import Interval
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.diarise import diarise, pitch_of
from dub_assets.stages.transcript.given_lines import GivenLine, cue_text
from dub_assets.stages.transcript.values import Speaker, TimedWord, TranscriptSegment
from dub_assets.stages.transcript.word_times import word_spans

_MARGIN_MS = 300
"""Sound before and after a line in which its words are aligned."""

_FAR_MS = 1_500
"""Words of the original farther than this from every line of a translation belong to none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """What words are aligned with: the sound, and the recogniser if it can align."""

    stems: Stems
    recogniser: Recogniser | None
    ctx: StageContext
    stage: str

    def words(self, lines: Sequence[GivenLine], language: str) -> list[tuple[RecognisedWord, ...]]:
        """Return the words of each line's transcript; without times if no engine aligns them."""
        texts = [cue_text(line.transcript, language) for line in lines]
        words = [tuple(_untimed(text)) for text in texts]
        recogniser = self.recogniser
        if not isinstance(recogniser, WordAligner) or language not in recogniser.capabilities.languages:
            return words
        longest_ms = recogniser.capabilities.max_chunk_ms
        places = [place for place, line in enumerate(lines) if texts[place] and line.interval.duration_ms <= longest_ms]
        aligned = in_batches(
            lambda batch: recogniser.align(
                [self._chunk(lines[place].interval, recogniser) for place in batch],
                [texts[place] for place in batch],
                language,
            ),
            places,
            size=recogniser.capabilities.batch_size,
            threads=recogniser.capabilities.concurrency,
            progress=self.ctx.progress,
            stage=self.stage,
        )
        for place, line_words in zip(places, aligned, strict=True):
            if line_words:
                words[place] = line_words
        return words

    def _chunk(self, interval: Interval, recogniser: Recogniser) -> SpeechChunk:
        room = max(0, recogniser.capabilities.max_chunk_ms - interval.duration_ms) // 2
        wide = interval.widened(min(_MARGIN_MS, room), self.stems.info.duration_ms)
        sound = self.ctx.sounds.read(self.ctx.workspace.open(self.stems.original), wide).mono()
        return SpeechChunk(interval=wide, sound=self.ctx.sounds.resample(sound, recogniser.capabilities.sample_rate_hz))


def words_of_lines(
    words: Sequence[TimedWord], lines: Sequence[GivenLine]
) -> tuple[list[tuple[RecognisedWord, ...]], int]:
    """Return the recognised words of each line, and how many are far from every line.

    A word belongs to the line that its middle lies in, or else to the nearest.
    """
    taken: list[list[RecognisedWord]] = [[] for _ in lines]
    far = 0
    for word in words:
        middle = (word.start_ms + word.end_ms) // 2
        distances = [max(line.interval.start_ms - middle, middle - line.interval.end_ms, 0) for line in lines]
        nearest = min(range(len(lines)), key=lambda place: distances[place])
        if distances[nearest] > _FAR_MS:
            far += 1
            continue
        taken[nearest].append(
            RecognisedWord(
                text=word.text,
                start_ms=word.start_ms,
                end_ms=word.end_ms,
                probability=word.probability,
                ends_phrase=word.ends_phrase,
            )
        )
    return [tuple(line_words) for line_words in taken], far


def segments_of(
    lines: Sequence[GivenLine], words: Sequence[Sequence[RecognisedWord]], language: str
) -> list[TranscriptSegment]:
    """Return a segment for each line, with its words inside it; the text is the file's, else that of the words."""
    return [
        _segment(index, line, line_words, language)
        for index, (line, line_words) in enumerate(zip(lines, words, strict=True))
    ]


def with_speakers(
    segments: Sequence[TranscriptSegment],
    stems: Stems,
    *,
    diariser: TurnDiariser | None,
    count: int | None,
    ctx: StageContext,
) -> tuple[tuple[TranscriptSegment, ...], tuple[Speaker, ...]]:
    """Return the segments with a speaker each, and the speakers in order of appearance.

    Names of the files stay. The others are diarised; a voice that mostly speaks lines of one name has that name.
    """
    named = {segment.index: segment.speaker for segment in segments if segment.speaker}
    if len(named) < len(segments) and (diariser is not None or (count or 1) > 1):
        words = [word for segment in segments for word in segment.words]
        labels = diarise(words, stems, diariser=diariser, count=count, ctx=ctx).words
        named = _with_diarised(segments, labels, named)
    chosen = tuple(_spoken_by(segment, named.get(segment.index)) for segment in segments)
    return chosen, _speakers(chosen, stems, ctx)


def _untimed(text: str) -> list[RecognisedWord]:
    return [RecognisedWord(text=word, start_ms=None, end_ms=None, probability=None) for word in text.split()]


def _segment(index: int, line: GivenLine, words: Sequence[RecognisedWord], language: str) -> TranscriptSegment:
    text = cue_text(line.transcript, language) or join_words((word.text for word in words), language)
    timed = _timed(words, line.interval)
    probabilities = [word.probability for word in words if word.probability is not None]
    return TranscriptSegment(
        index=index,
        interval=line.interval,
        text=text,
        words=tuple(replace(word, speaker=line.speaker) for word in timed),
        probability=fmean(probabilities) if probabilities else None,
        speaker=line.speaker,
    )


def _timed(words: Sequence[RecognisedWord], interval: Interval) -> list[TimedWord]:
    """Return the words with times inside the interval; there is at most one a millisecond."""
    kept = list(words)[: interval.duration_ms]
    start = interval.start_ms
    moved = [
        word
        if word.start_ms is None or word.end_ms is None
        else replace(word, start_ms=word.start_ms - start, end_ms=word.end_ms - start)
        for word in kept
    ]
    spans = word_spans(moved, [Interval(start_ms=0, end_ms=interval.duration_ms)], interval.duration_ms)
    return [
        TimedWord(
            text=word.text,
            start_ms=start + begin,
            end_ms=start + end,
            probability=word.probability,
            ends_phrase=word.ends_phrase,
        )
        for word, (begin, end) in zip(kept, spans, strict=True)
    ]


def _with_diarised(
    segments: Sequence[TranscriptSegment], labels: Iterable[TimedWord], named: Mapping[int, str]
) -> dict[int, str]:
    """Return the speakers by segment: those that are named, and diarised ones for the others that have words."""
    rest = iter(labels)
    voices = {segment.index: _voice(islice(rest, len(segment.words))) for segment in segments}
    names: dict[str | None, Counter[str]] = {}
    for segment in segments:
        if segment.index in named:
            heard = names.setdefault(voices[segment.index], Counter())
            heard[named[segment.index]] += segment.interval.duration_ms
    of_voice = {voice: heard.most_common(1)[0][0] for voice, heard in names.items()}
    diarised = {index: of_voice.get(voice, voice) for index, voice in voices.items() if voice}
    return {**diarised, **named}


def _voice(words: Iterable[TimedWord]) -> str | None:
    """Return the speaker of most of the time of words."""
    heard: Counter[str] = Counter()
    for word in words:
        if word.speaker:
            heard[word.speaker] += word.end_ms - word.start_ms
    return heard.most_common(1)[0][0] if heard else None


def _spoken_by(segment: TranscriptSegment, speaker: str | None) -> TranscriptSegment:
    return replace(segment, speaker=speaker, words=tuple(replace(word, speaker=speaker) for word in segment.words))


def _speakers(segments: Sequence[TranscriptSegment], stems: Stems, ctx: StageContext) -> tuple[Speaker, ...]:
    speech: dict[str, list[Interval]] = {}
    for segment in segments:
        if segment.speaker:
            speech.setdefault(segment.speaker, []).append(segment.interval)
    return tuple(
        Speaker(
            name=name,
            pitch_hz=pitch_of(intervals, stems, ctx),
            speech_ms=sum(interval.duration_ms for interval in intervals),
        )
        for name, intervals in speech.items()
    )
