"""``transcript``: what is said, when, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dub_assets.core.batches import in_batches
from dub_assets.core.engine_use import releasing
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.language import UNDETERMINED
from dub_assets.core.ports import Engines, Recogniser, StageContext
from dub_assets.core.provenance import Provenance
from dub_assets.core.speech import LanguageGuess, RecognisedWord, SpeechChunk
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval, merged
from dub_assets.options import DubOptions
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.chunking import chunks
from dub_assets.stages.transcript.diarise import diarise
from dub_assets.stages.transcript.segmentation import place_words, segment_words
from dub_assets.stages.transcript.values import TimedWord, Transcript

STAGE = "transcript"
STAGE_VERSION = 4
"""Version of this stage's code: part of the fingerprint, and Dagster's code version."""

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
) -> Transcript:
    """Recognise speech in the original sound, and cut the words into segments of one speaker each.

    ``language`` is ISO 639-1 or ``"auto"``; ``speakers`` is the number of speakers, None if it is unknown. Nothing is
    recognised outside speech, so silence has no text.
    """
    recogniser, diariser = engines.recogniser(language), engines.turn_diariser()
    count = speakers or options.speakers.count
    stage_fingerprint = transcript_fingerprint(stems, language, engines=engines, options=options, speakers=speakers)
    if previous is not None and previous.provenance.fingerprint == stage_fingerprint:
        return previous
    with ctx.meter.measure() as measurement, releasing(engines, recogniser, diariser):
        chunk_recogniser = _ChunkRecogniser(path=ctx.workspace.open(stems.original), recogniser=recogniser, ctx=ctx)
        guess, words = _words(stems, language, chunk_recogniser, options)
        labels = diarise(words, stems, diariser=diariser, count=count, ctx=ctx)
    duration_ms = stems.info.duration_ms
    return Transcript(
        language=guess.language,
        language_probability=guess.probability,
        duration_ms=duration_ms,
        segments=segment_words(labels.words, stems.speech, options.segmentation, duration_ms, guess.language),
        speakers=labels.speakers,
        provenance=Provenance(
            fingerprint=stage_fingerprint,
            engines=tuple(engine.identity for engine in (recogniser, diariser) if engine),
            figures=measurement.figures(media_ms=duration_ms),
        ),
    )


def transcript_fingerprint(
    stems: Stems, language: str, *, engines: Engines, options: DubOptions, speakers: int | None = None
) -> str:
    """Return the fingerprint of the transcript of these stems; the arguments are those of ``transcribe``."""
    recogniser, diariser = engines.recogniser(language), engines.turn_diariser()
    diarisation = [diariser and diariser.identity, speakers or options.speakers.count, stems.vocals.sha256]
    return fingerprint(
        STAGE,
        version=STAGE_VERSION,
        sound=stems.original.sha256,
        speech=stems.speech,
        language=language,
        recogniser=recogniser.identity,
        speakers=diarisation,
        margin_ms=options.voice_activity.margin_ms,
        rules=options.segmentation,
    )


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
