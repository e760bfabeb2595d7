"""``transcript``: what is said, when, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dub_assets.core.batches import in_batches
from dub_assets.core.engine_use import releasing
from dub_assets.core.errors import UnsupportedLanguageError
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.language import UNDETERMINED
from dub_assets.core.ports import Engines, LanguageIdentifier, Recogniser, StageContext, TurnDiariser, WordAligner
from dub_assets.core.provenance import NOT_MADE, Provenance
from dub_assets.core.speech import LanguageGuess, RecognisedWord, SpeechChunk
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval, merged
from dub_assets.options import DubOptions
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.chunking import chunks
from dub_assets.stages.transcript.diarise import diarise
from dub_assets.stages.transcript.given_lines import given_lines
from dub_assets.stages.transcript.given_segments import Alignment, segments_of, with_speakers, words_of_lines
from dub_assets.stages.transcript.segmentation import place_words, segment_words
from dub_assets.stages.transcript.values import NOTHING_GIVEN, GivenTexts, TimedWord, Transcript
from dub_assets.subtitle_files import SubtitleFile

STAGE = "transcript"
STAGE_VERSION = 4
"""Version of this stage's code: part of the fingerprint, and Dagster's code version."""

_GIVEN_VERSION = 1
"""Version of what is made of the job's own subtitles; jobs without them do not depend on it."""

_QUIET_FRAME_MS = 20

_LANGUAGE_CHUNKS = 3
"""Number of chunks from which the language is detected: about a minute and a half of speech."""


def transcribe(
    stems: Stems,
    language: str,
    *,
    engines: Engines,
    options: DubOptions,
    ctx: StageContext,
    previous: Transcript | None,
    speakers: int | None = None,
    given: GivenTexts = NOTHING_GIVEN,
) -> Transcript:
    """Recognise speech in the original sound, and cut the words into segments of one speaker each.

    ``language`` is ISO 639-1 or ``"auto"``; ``speakers`` is the number of speakers, None if it is unknown. Nothing is
    recognised outside speech, so silence has no text. ``given`` are the job's own subtitles: then the segments are
    their cues. Raises InputError if these do not belong to the video.
    """
    recogniser, diariser = _recogniser(engines, language, given), engines.turn_diariser()
    count = speakers or options.speakers.count
    stage_fingerprint = transcript_fingerprint(
        stems, language, engines=engines, options=options, speakers=speakers, given=given
    )
    if previous is not None and previous.provenance.fingerprint == stage_fingerprint:
        return previous
    with ctx.meter.measure() as measurement, releasing(engines, recogniser, diariser):
        source = _Source(stems=stems, recogniser=recogniser, options=options, ctx=ctx)
        if given == NOTHING_GIVEN:
            transcript = _recognised(source, language, diariser, count)
        else:
            transcript = _given(source, language, given, engines.language_identifier(), diariser, count)
    used = (recogniser if recogniser and _is_used(recogniser, given) else None, diariser)
    return replace(
        transcript,
        provenance=Provenance(
            fingerprint=stage_fingerprint,
            engines=tuple(engine.identity for engine in used if engine),
            figures=measurement.figures(media_ms=transcript.duration_ms),
        ),
    )


def transcript_fingerprint(
    stems: Stems,
    language: str,
    *,
    engines: Engines,
    options: DubOptions,
    speakers: int | None = None,
    given: GivenTexts = NOTHING_GIVEN,
) -> str:
    """Return the fingerprint of the transcript of these stems; the arguments are those of ``transcribe``."""
    recogniser, diariser = _recogniser(engines, language, given), engines.turn_diariser()
    diarisation = [diariser and diariser.identity, speakers or options.speakers.count, stems.vocals.sha256]
    files = {name: subtitles and subtitles.media.sha256 for name, subtitles in given.by_name().items()}
    return fingerprint(
        STAGE,
        version=STAGE_VERSION,
        sound=stems.original.sha256,
        speech=stems.speech,
        language=language,
        recogniser=recogniser and recogniser.identity,
        speakers=diarisation,
        margin_ms=options.voice_activity.margin_ms,
        rules=options.segmentation,
        **({} if given == NOTHING_GIVEN else {"given": [_GIVEN_VERSION, files]}),
    )


def _recogniser(engines: Engines, language: str, given: GivenTexts) -> Recogniser | None:
    """Return the recogniser; None if the transcript is given and no engine knows the language."""
    try:
        return engines.recogniser(language)
    except UnsupportedLanguageError:
        if given.transcript is None:
            raise
        return None


def _is_used(recogniser: Recogniser, given: GivenTexts) -> bool:
    return given.transcript is None or isinstance(recogniser, WordAligner)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What a transcript is made of."""

    stems: Stems
    recogniser: Recogniser | None
    options: DubOptions
    ctx: StageContext

    def words(self, language: str) -> tuple[LanguageGuess, tuple[TimedWord, ...]]:
        """Return the language and the recognised words. Raises ValueError without a recogniser."""
        if self.recogniser is None:
            raise ValueError("speech is to be recognised without a recogniser")
        path = self.ctx.workspace.open(self.stems.original)
        chunk_recogniser = _ChunkRecogniser(path=path, recogniser=self.recogniser, ctx=self.ctx)
        return _words(self.stems, language, chunk_recogniser, self.options)


def _recognised(source: _Source, language: str, diariser: TurnDiariser | None, count: int | None) -> Transcript:
    stems, options = source.stems, source.options
    guess, words = source.words(language)
    labels = diarise(words, stems, diariser=diariser, count=count, ctx=source.ctx)
    duration_ms = stems.info.duration_ms
    return Transcript(
        language=guess.language,
        language_probability=guess.probability,
        duration_ms=duration_ms,
        segments=segment_words(labels.words, stems.speech, options.segmentation, duration_ms, guess.language),
        speakers=labels.speakers,
        provenance=NOT_MADE,
    )


def _given(
    source: _Source,
    language: str,
    given: GivenTexts,
    identifier: LanguageIdentifier,
    diariser: TurnDiariser | None,
    count: int | None,
) -> Transcript:
    """Return the transcript whose segments are the cues of the job's own subtitles."""
    duration_ms = source.stems.info.duration_ms
    lines, findings = given_lines(given, duration_ms)
    if given.transcript is None:
        guess, recognised = source.words(language)
        words, far = words_of_lines(recognised, lines)
        if far:
            findings.append(f"translation: {far} recognised words are far from all cues and are in no line")
    else:
        guess = _language_of(given.transcript.file, language, identifier)
        words = Alignment(stems=source.stems, recogniser=source.recogniser, ctx=source.ctx, stage=STAGE).words(
            lines, guess.language
        )
    segments, speakers = with_speakers(
        segments_of(lines, words, guess.language), source.stems, diariser=diariser, count=count, ctx=source.ctx
    )
    return Transcript(
        language=guess.language,
        language_probability=guess.probability,
        duration_ms=duration_ms,
        segments=segments,
        speakers=speakers,
        provenance=NOT_MADE,
        source_file=given.transcript.media if given.transcript else None,
        findings=tuple(findings),
    )


def _language_of(file: SubtitleFile, language: str, identifier: LanguageIdentifier) -> LanguageGuess:
    """Return the given language, or that of a file's text."""
    if language != "auto":
        return LanguageGuess(language=language, probability=1.0)
    (guess,) = identifier.identify([" ".join(cue.text for cue in file.cues)])
    return guess


def _words(
    stems: Stems, language: str, chunk_recogniser: _ChunkRecogniser, options: DubOptions
) -> tuple[LanguageGuess, tuple[TimedWord, ...]]:
    """Return the language, and the words with possible times; speech is recognised with a margin around it."""
    duration_ms = stems.info.duration_ms
    regions = merged(region.widened(options.voice_activity.margin_ms, duration_ms) for region in stems.speech)
    intervals = chunks(
        regions, max_ms=chunk_recogniser.recogniser.capabilities.max_chunk_ms, quietest=chunk_recogniser.quietest
    )
    guess = chunk_recogniser.language(intervals, language)
    words = chunk_recogniser.words(intervals, guess.language)
    return guess, place_words(words, regions, duration_ms, options.segmentation)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChunkRecogniser:
    """Recognises chunks of the programme."""

    path: Path
    recogniser: Recogniser
    ctx: StageContext

    def quietest(self, search: Interval) -> int:
        """Return the time (ms) at which the sound is quietest."""
        samples = self.ctx.sounds.read(self.path, search).mono().samples[:, 0]
        size = SAMPLE_RATE_HZ * _QUIET_FRAME_MS // 1000
        energy = np.square(samples[: len(samples) // size * size]).reshape(-1, size).mean(axis=1)
        return search.start_ms + int(energy.argmin()) * _QUIET_FRAME_MS + _QUIET_FRAME_MS // 2

    def language(self, intervals: Sequence[Interval], given: str) -> LanguageGuess:
        """Return the given language, or detect it if it is ``"auto"``; ``UNDETERMINED`` without speech."""
        if given != "auto":
            return LanguageGuess(language=given, probability=1.0)
        if not intervals:
            return LanguageGuess(language=UNDETERMINED, probability=0.0)
        return self.recogniser.detect_language(self._chunks(intervals[:_LANGUAGE_CHUNKS]))

    def words(self, intervals: Sequence[Interval], language: str) -> list[RecognisedWord]:
        """Return the words of all intervals."""
        chunks_words = in_batches(
            lambda batch: self.recogniser.recognise(self._chunks(batch), language),
            intervals,
            size=self.recogniser.capabilities.batch_size,
            threads=self.recogniser.capabilities.concurrency,
            progress=self.ctx.progress,
            stage=STAGE,
        )
        return [word for words in chunks_words for word in words]

    def _chunks(self, intervals: Sequence[Interval]) -> list[SpeechChunk]:
        rate_hz = self.recogniser.capabilities.sample_rate_hz
        return [
            SpeechChunk(
                interval=interval,
                sound=self.ctx.sounds.resample(self.ctx.sounds.read(self.path, interval).mono(), rate_hz),
            )
            for interval in intervals
        ]
