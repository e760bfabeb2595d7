"""WhisperX: batches of what its own detector hears as speech, and words placed by forced alignment."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import metadata
from typing import Any

from dub_assets.core.engine import EngineIdentity, RecogniserCapabilities
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.ports import Recogniser
from dub_assets.engines.entry import EngineEntry
from dub_assets.engines.whisper import alignment, faster_whisper_weights
from dub_assets.engines.whisper.alignment import Aligner
from dub_assets.engines.whisper.faster_whisper import FasterWhisper
from dub_assets.engines.whisper.tracks import Track
from dub_assets.engines.whisper.whisper import (
    CAPABILITIES,
    COMPRESSION_RATIO,
    LICENCE,
    LOG_PROBABILITY,
    RATE_HZ,
    WEIGHTS,
    WINDOW_S,
)
from dub_assets.engines.whisper.whisperx_library import whisperx
from dub_assets.engines.whisper.words import HeardWord

NAME = "whisperx"
VAD_ONSET, VAD_OFFSET = 0.5, 0.363
"""Where its detector hears speech begin and end: WhisperX's own figures."""

HELD_S = 0.3
"""How long before detected speech a window begins: onsets are quiet, and the detector hears them late."""

WINDOW_MIB = 400
"""Of a window of 30 s at work, five beams: an estimate for the largest model."""
_MOST_WINDOWS = 16
_HOP = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """A stretch of a track in which speech is heard."""

    track: int
    start_s: float
    samples: Track


class WhisperX(FasterWhisper):
    """A recogniser over WhisperX, on the models that faster-whisper takes.

    It differs in what is decoded (what pyannote's detector, which its wheel ships, hears as speech), in the size of
    batches (what fits), and in where words are placed: by a model of their language's sounds where there is one (see
    Aligner), else by Whisper's own attention.
    """

    _name = NAME
    _pipeline: Any = None

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """Chunks of up to 30 s at 16 kHz, as many at once as fit beside the model."""
        plan = {"item_mib": WINDOW_MIB, "most": _MOST_WINDOWS, "otherwise": CAPABILITIES.batch_size}
        size = self._accelerator.batch_size(self, ENTRY.needs_mib(self._settings), **plan)
        return replace(faster_whisper_weights.capabilities(self._settings), batch_size=size)

    @cached_property
    def identity(self) -> EngineIdentity:
        """Whisper and the aligning models by the hashes of their files, the rest by WhisperX's version."""
        return EngineIdentity(
            name=NAME,
            version=metadata.version("whisperx"),
            licence=f"BSD-2-Clause; Whisper: {LICENCE}",
            weights=(*self._weights.weight_files, *self._aligner.weight_files),
            settings=(("beam_size", str(self._beam_size)), ("compute_type", self._accelerator.compute_type)),
        )

    def close(self) -> None:
        """Free the memory of all models; a later call loads them again."""
        self._pipeline = None
        self._aligner.close()
        super().close()

    def _in_use(self) -> AbstractContextManager[None]:
        return self._accelerator.in_use(NAME, self, ENTRY.needs_mib(self._settings))

    @cached_property
    def _aligner(self) -> Aligner:
        return Aligner(self._settings, self._accelerator)

    def _load(self) -> Any:
        try:
            library = whisperx()
        except ImportError as error:
            raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.install}") from error
        self._pipeline = library.load_model(
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
        return self._pipeline.model

    def _holds_speech(self, track: Track) -> bool:
        """Whether there is a track to look into: the detector is asked once, when it is decoded."""
        return len(track) > 0

    def _decode(self, tracks: Sequence[Track], code: str) -> list[list[HeardWord]]:
        self._loaded()  # the detector comes with the model
        heard: list[list[HeardWord]] = [[] for _ in tracks]
        windows = [window for index, track in enumerate(tracks) for window in self._windows(index, track)]
        texts = self._texts(windows, code) if windows else []
        for window, text in zip(windows, texts, strict=True):
            if text is None:
                words = self._decode_again(window.samples, code)
            else:
                words = self._aligner.words(text, window.samples, code) or self._attended(text, window.samples, code)
            heard[window.track] += [_later(word, window.start_s) for word in words]
        return heard

    def _windows(self, index: int, track: Track) -> list[_Window]:
        """The stretches of a track in which pyannote's detector hears speech."""
        vad = self._pipeline.vad_model
        scores = vad({"waveform": vad.preprocess_audio(track), "sample_rate": RATE_HZ})
        found = vad.merge_chunks(scores, WINDOW_S, onset=VAD_ONSET, offset=VAD_OFFSET)
        windows, free_from_s = [], 0.0
        for part in found:
            start_s = max(part["start"] - HELD_S, free_from_s)
            free_from_s = part["end"]
            samples = track[int(start_s * RATE_HZ) : int(free_from_s * RATE_HZ)]
            windows.append(_Window(track=index, start_s=start_s, samples=samples))
        return [window for window in windows if len(window.samples)]

    def _texts(self, windows: Sequence[_Window], code: str) -> list[str | None]:
        """What is said in each window, decoded together; None where decoding failed."""
        import torch

        features = torch.stack([self._features(window.samples) for window in windows])
        decoded = self._loaded().generate_segment_batched(features, self._tokenizer(code), self._pipeline.options)
        return [
            None if _is_failure(text, probability) else text.strip()
            for text, probability in zip(decoded["text"], decoded["avg_logprob"], strict=True)
        ]

    def _attended(self, text: str, samples: Track, code: str) -> list[HeardWord]:
        """The words of a text where Whisper's attention lay when it is made to say them."""
        model, tokenizer = self._loaded(), self._tokenizer(code)
        tokens = [token for token in tokenizer.encode(f" {text}") if token < tokenizer.eot]
        segment: dict[str, Any] = {"seek": 0, "tokens": tokens, "start": 0.0, "end": len(samples) / RATE_HZ}
        options = self._pipeline.options
        model.add_word_timestamps(
            [[segment]],
            tokenizer,
            model.encode(self._features(samples)),
            len(samples) // _HOP,
            options.prepend_punctuations,
            options.append_punctuations,
            0.0,
        )
        return [
            HeardWord(
                text=word["word"],
                start_s=float(word["start"]),
                end_s=float(word["end"]),
                probability=float(word["probability"]),
            )
            for word in segment["words"]
        ]

    def _features(self, samples: Track) -> Any:
        from whisperx.audio import N_SAMPLES, log_mel_spectrogram

        bins = self._loaded().feat_kwargs.get("feature_size") or 80
        return log_mel_spectrogram(samples, n_mels=bins, padding=N_SAMPLES - len(samples))

    def _tokenizer(self, code: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        model = self._loaded()
        return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=code)


def _is_failure(text: str, log_probability: float) -> bool:
    """Whether a text repeats itself, or the model is unsure of it."""
    plain = text.encode()
    return log_probability < LOG_PROBABILITY or len(plain) > COMPRESSION_RATIO * len(zlib.compress(plain))


def _later(word: HeardWord, seconds: float) -> HeardWord:
    return replace(word, start_s=word.start_s + seconds, end_s=word.end_s + seconds)


ENTRY: EngineEntry[Recogniser] = EngineEntry(
    stage="recognition",
    name=NAME,
    summary="Whisper in batches, with a detector of its own and forced alignment",
    licence=f"BSD-2-Clause; Whisper: {LICENCE}",
    capabilities=CAPABILITIES,
    requires=("whisperx", "torch"),
    extra="gpu",
    build=WhisperX,
    weights=WEIGHTS,
    models=faster_whisper_weights.models,
    further_models=alignment.models,
    model_capabilities=faster_whisper_weights.capabilities,
    extension=faster_whisper_weights.EXTENSION,
    memory_mib=1500,
    automatic=False,
)
