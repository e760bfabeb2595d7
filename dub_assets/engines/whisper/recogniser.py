"""The part of a recogniser that does not depend on the library that runs Whisper."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from dub_assets.core.engine import RecogniserCapabilities
from dub_assets.core.errors import InputError, UnsupportedLanguageError
from dub_assets.core.speech import LanguageGuess, RecognisedWord, SpeechChunk
from dub_assets.engines.base import AcceleratedEngine
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.whisper import weights
from dub_assets.engines.whisper.alignment import align_words
from dub_assets.engines.whisper.model import (
    COMPRESSION_RATIO,
    ISO_639_1_CODES,
    LANGUAGES,
    LOG_PROBABILITY,
    NO_SPEECH_PROBABILITY,
    RATE_HZ,
    RETRY_TEMPERATURES,
    WHISPER_CODES,
    WINDOW_FRAMES,
    WINDOW_S,
    Track,
)
from dub_assets.engines.whisper.words import ChunkWord, words_of_programme, words_of_segment


class WhisperRecogniser(AcceleratedEngine[Any]):
    """A recogniser over a Whisper model in CTranslate2's format, of the size that the settings name.

    ``base`` comes from packages or from ``faster-whisper/`` of the weights folder. Any other name is a folder in
    there, or else a pinned model of the hub. A chunk whose decoding fails is decoded again at rising temperatures.
    """

    def __init__(self, settings: EngineSettings, *, beam_size: int = 5) -> None:
        super().__init__(settings)
        self._beam_size = beam_size

    @property
    @abstractmethod
    def capabilities(self) -> RecogniserCapabilities:
        """Chunks of up to 30 s at 16 kHz in the model's languages."""

    def detect_language(self, chunks: Sequence[SpeechChunk]) -> LanguageGuess:
        """Return the most probable language over all chunks, weighted by their lengths.

        Raises InputError if there is no sound, UnsupportedLanguageError if the model knows English only.
        """
        if not self.capabilities.detects_language:
            raise UnsupportedLanguageError(
                f"{self.name} cannot detect languages, because its model knows English only: name the source language"
            )
        tracks = [track for track in map(_track_of, chunks) if len(track)]
        if not tracks:
            raise InputError("there is no speech to detect the language of: name the source language")
        total, probabilities = sum(map(len, tracks)), dict.fromkeys(LANGUAGES, 0.0)
        with self._in_use():
            for track in tracks:
                for code, probability in self._whisper_model().detect_language(audio=track)[2]:
                    language = ISO_639_1_CODES.get(code, code)
                    if language in probabilities:
                        probabilities[language] += probability * len(track) / total
        best = max(probabilities, key=lambda language: probabilities[language])
        return LanguageGuess(language=best, probability=min(1.0, probabilities[best]))

    def recognise(self, chunks: Sequence[SpeechChunk], language: str) -> list[tuple[RecognisedWord, ...]]:
        """Return the words of each chunk; an empty tuple without speech. Raises UnsupportedLanguageError."""
        if language not in (known := self.capabilities.languages):
            raise UnsupportedLanguageError(
                f"{self.name} does not know {language!r}; it knows {', '.join(sorted(known))}"
            )
        code = WHISPER_CODES.get(language, language)
        words: list[tuple[RecognisedWord, ...]] = [()] * len(chunks)
        with self._in_use():
            spoken = [index for index, chunk in enumerate(chunks) if self._has_speech(_track_of(chunk))]
            size = self.capabilities.batch_size
            for start in range(0, len(spoken), size):
                batch = spoken[start : start + size]
                decoded = self._decode([_track_of(chunks[index]) for index in batch], code)
                for index, chunk_words in zip(batch, decoded, strict=True):
                    words[index] = words_of_programme(chunk_words, chunks[index].interval, language)
        return words

    def align(
        self, chunks: Sequence[SpeechChunk], texts: Sequence[str], language: str
    ) -> list[tuple[RecognisedWord, ...]]:
        """Return the words of each text with their times in its chunk; empty for a text that is too long."""
        code = WHISPER_CODES.get(language, language)
        with self._in_use():
            return [
                align_words(self._whisper_model(), text, _track_of(chunk), chunk.interval, code)
                for chunk, text in zip(chunks, texts, strict=True)
            ]

    @abstractmethod
    def _has_speech(self, track: Track) -> bool:
        """Return True if a track has to be decoded."""

    @abstractmethod
    def _decode(self, tracks: Sequence[Track], code: str) -> list[list[ChunkWord]]:
        """Return the words of each track; ``code`` is Whisper's code of the language."""

    def _whisper_model(self) -> Any:
        """Return faster-whisper's ``WhisperModel``, loaded."""
        return self._model()

    @cached_property
    def _weights(self) -> Weights:
        return weights.find(self._settings)

    def _decode_again(self, track: Track, code: str) -> list[ChunkWord]:
        """Return the words of a track at higher temperatures, without the segments that fail again."""
        import ctranslate2

        ctranslate2.set_random_seed(0)
        segments, _ = self._whisper_model().transcribe(
            track,
            temperature=RETRY_TEMPERATURES,
            compression_ratio_threshold=COMPRESSION_RATIO,
            log_prob_threshold=LOG_PROBABILITY,
            no_speech_threshold=NO_SPEECH_PROBABILITY,
            condition_on_previous_text=False,
            **self._decoding_options(code),
        )
        return [word for segment in segments if not has_failed(segment) for word in words_of_segment(segment, 0)]

    def _decoding_options(self, code: str) -> dict[str, Any]:
        return {"language": code, "beam_size": self._beam_size, "without_timestamps": True, "word_timestamps": True}


def has_failed(segment: Any) -> bool:
    """Return True if the text of a faster-whisper segment repeats itself or is improbable."""
    return bool(segment.compression_ratio > COMPRESSION_RATIO or segment.avg_logprob < LOG_PROBABILITY)


def _track_of(chunk: SpeechChunk) -> Track:
    """Return the samples of a chunk. Raises ValueError unless it is mono, at 16 kHz and not longer than a window."""
    if chunk.sound.rate_hz != RATE_HZ or chunk.sound.channels != 1 or chunk.sound.frames > WINDOW_FRAMES:
        raise ValueError(f"Whisper takes mono chunks of at most {WINDOW_S} s at {RATE_HZ} Hz")
    return chunk.sound.samples[:, 0]
