"""WhisperX: Whisper on the speech that a voice activity detector finds, and words timed by forced alignment."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from dub_assets.core.engine import RecogniserCapabilities, WeightFile
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.ports import Recogniser
from dub_assets.engines.entry import EngineEntry, ModelSources, Requirements
from dub_assets.engines.whisper import weights as whisper_weights
from dub_assets.engines.whisper.model import (
    CAPABILITIES,
    COMPRESSION_RATIO,
    LICENCE,
    LOG_PROBABILITY,
    RATE_HZ,
    WEIGHTS,
    WINDOW_S,
    Track,
)
from dub_assets.engines.whisper.recogniser import WhisperRecogniser
from dub_assets.engines.whisper.words import ChunkWord
from dub_assets.engines.whisperx import alignment
from dub_assets.engines.whisperx.alignment import Aligner, import_whisperx

NAME = "whisperx"
VAD_ONSET, VAD_OFFSET = 0.5, 0.363
"""Speech probabilities at which the detector starts and ends speech: WhisperX's defaults."""

ONSET_MARGIN_S = 0.3
"""Time that a window begins before detected speech, because the detector misses quiet onsets."""

WINDOW_MIB = 400
"""Memory of a window of 30 s with five beams: an estimate for the largest model."""
_MAX_WINDOWS = 16
_HOP_FRAMES = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """A stretch of a track with speech; ``track`` is the track's index in the batch."""

    track: int
    start_s: float
    samples: Track


class WhisperX(WhisperRecogniser):
    """A recogniser over WhisperX with faster-whisper's models.

    It decodes the windows in which pyannote's detector, which the wheel ships, finds speech, as many at once as fit
    into memory. Words are timed by an alignment model of the language if there is one (see ``Aligner``), else by
    Whisper's cross-attention.
    """

    name, licence, distribution = NAME, f"BSD-2-Clause; Whisper: {LICENCE}", "whisperx"

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """Chunks of up to 30 s at 16 kHz, as many at once as fit into memory beside the model."""
        size = self._accelerator.batch_size(
            self, self._need_mib(), item_mib=WINDOW_MIB, most=_MAX_WINDOWS, otherwise=CAPABILITIES.batch_size
        )
        return replace(whisper_weights.capabilities(self._settings), batch_size=size)

    def close(self) -> None:
        """Drop all models and free their memory; the next call loads them again."""
        self._aligner.close()
        super().close()

    @property
    def _weight_files(self) -> tuple[WeightFile, ...]:
        return (*self._weights.weight_files, *self._aligner.weight_files)

    @property
    def _identity_settings(self) -> tuple[tuple[str, str], ...]:
        return ("beam_size", str(self._beam_size)), ("compute_type", self._accelerator.compute_type)

    @cached_property
    def _aligner(self) -> Aligner:
        return Aligner(self._settings, self._accelerator)

    def _need_mib(self) -> int:
        return ENTRY.models.needs_mib(self._settings)

    def _load(self) -> Any:
        try:
            library = import_whisperx()
        except ImportError as error:
            raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.requirements.install}") from error
        return library.load_model(
            str(self._weights["model.bin"].parent),
            device=self._accelerator.kind,
            device_index=self._accelerator.index,
            compute_type=self._accelerator.compute_type,
            asr_options={"beam_size": self._beam_size},
            vad_method="pyannote",
            vad_options={"vad_onset": VAD_ONSET, "vad_offset": VAD_OFFSET},
            local_files_only=True,
            threads=self._settings.threads,
        )

    def _whisper_model(self) -> Any:
        return self._model().model

    def _has_speech(self, track: Track) -> bool:
        """Return True for any track that is not empty: the detector runs when the track is decoded."""
        return len(track) > 0

    def _decode(self, tracks: Sequence[Track], code: str) -> list[list[ChunkWord]]:
        windows = [window for index, track in enumerate(tracks) for window in self._windows(index, track)]
        texts = self._texts(windows, code) if windows else []
        words: list[list[ChunkWord]] = [[] for _ in tracks]
        for window, text in zip(windows, texts, strict=True):
            if text is None:
                window_words = self._decode_again(window.samples, code)
            else:
                window_words = self._aligner.words(text, window.samples, code)
                window_words = window_words or self._words_by_attention(text, window.samples, code)
            words[window.track] += [_delayed(word, window.start_s) for word in window_words]
        return words

    def _windows(self, index: int, track: Track) -> list[_Window]:
        """Return the windows of a track in which pyannote's detector finds speech."""
        detector = self._model().vad_model
        scores = detector({"waveform": detector.preprocess_audio(track), "sample_rate": RATE_HZ})
        windows, previous_end_s = [], 0.0
        for speech in detector.merge_chunks(scores, WINDOW_S, onset=VAD_ONSET, offset=VAD_OFFSET):
            start_s, end_s = max(speech["start"] - ONSET_MARGIN_S, previous_end_s), speech["end"]
            samples = track[int(start_s * RATE_HZ) : int(end_s * RATE_HZ)]
            windows.append(_Window(track=index, start_s=start_s, samples=samples))
            previous_end_s = end_s
        return [window for window in windows if len(window.samples)]

    def _texts(self, windows: Sequence[_Window], code: str) -> list[str | None]:
        """Return the text of each window, decoded as one batch; None if decoding failed."""
        import torch

        features = torch.stack([self._features(window.samples) for window in windows])
        model, options = self._whisper_model(), self._model().options
        decoded = model.generate_segment_batched(features, self._tokenizer(code), options)
        return [
            None if _has_failed(text, log_probability) else text.strip()
            for text, log_probability in zip(decoded["text"], decoded["avg_logprob"], strict=True)
        ]

    def _words_by_attention(self, text: str, samples: Track, code: str) -> list[ChunkWord]:
        """Return the words of a text, timed by Whisper's cross-attention while it is forced to decode the text."""
        model, tokenizer, options = self._whisper_model(), self._tokenizer(code), self._model().options
        tokens = [token for token in tokenizer.encode(f" {text}") if token < tokenizer.eot]
        segment: dict[str, Any] = {"seek": 0, "tokens": tokens, "start": 0.0, "end": len(samples) / RATE_HZ}
        model.add_word_timestamps(
            [[segment]],
            tokenizer,
            model.encode(self._features(samples)),
            len(samples) // _HOP_FRAMES,
            options.prepend_punctuations,
            options.append_punctuations,
            0.0,
        )
        return [
            ChunkWord(
                text=word["word"],
                start_s=float(word["start"]),
                end_s=float(word["end"]),
                probability=float(word["probability"]),
            )
            for word in segment["words"]
        ]

    def _features(self, samples: Track) -> Any:
        from whisperx.audio import N_SAMPLES, log_mel_spectrogram

        bins = self._whisper_model().feat_kwargs.get("feature_size") or 80
        return log_mel_spectrogram(samples, n_mels=bins, padding=N_SAMPLES - len(samples))

    def _tokenizer(self, code: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        model = self._whisper_model()
        return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=code)


def _has_failed(text: str, log_probability: float) -> bool:
    """Return True if a text repeats itself or is improbable."""
    encoded = text.encode()
    return log_probability < LOG_PROBABILITY or len(encoded) > COMPRESSION_RATIO * len(zlib.compress(encoded))


def _delayed(word: ChunkWord, seconds: float) -> ChunkWord:
    return replace(word, start_s=word.start_s + seconds, end_s=word.end_s + seconds)


ENTRY: EngineEntry[Recogniser] = EngineEntry(
    stage="recognition",
    name=NAME,
    summary="Whisper in batches of detected speech, with forced alignment of words",
    licence=f"BSD-2-Clause; Whisper: {LICENCE}",
    build=WhisperX,
    capabilities=whisper_weights.capabilities,
    requirements=Requirements(distributions=("whisperx", "torch"), extra="gpu"),
    models=ModelSources(
        packaged=WEIGHTS, pulled=whisper_weights.models, pulled_besides=alignment.models, memory_mib=1500
    ),
    auto="if_pulled",
    extension=whisper_weights.EXTENSION,
)
