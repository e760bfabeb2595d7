"""Kokoro-82M: natural speech in Portuguese, Spanish and English on the processor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from importlib import metadata

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import SynthesiserCapabilities, WeightFile
from dub_assets.core.errors import InputError
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import Utterance
from dub_assets.engines.base import Engine
from dub_assets.engines.entry import EngineEntry, EngineSettings, ModelSources, Requirements
from dub_assets.engines.kokoro.model import (
    DISTRIBUTION,
    FRAME_MS,
    LICENCE,
    MODEL,
    NAME,
    STYLES,
    VOCABULARY,
    KokoroModel,
    load,
)
from dub_assets.engines.kokoro.phonemes import PhonemeChunk, chunks_of
from dub_assets.engines.kokoro.voices import own_files, voices
from dub_assets.engines.models import weights
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.shared import espeak_library
from dub_assets.engines.shared.trim import trimmed
from dub_assets.engines.shared.utterances import WORDLESS_MS, checked_text, pause

RATE_HZ = 24_000

CAPABILITIES = SynthesiserCapabilities(
    voices=voices(None, STYLES.name),
    sample_rate_hz=RATE_HZ,
    min_speed=0.8,
    max_speed=1.25,  # faster, words are lost: word error rate 0.04 at 1.35 and 0.15 at 1.5, 0.02 if stretched instead
    concurrency=2,
    reads_ipa=True,
)

_MAX_CONCURRENCY = 4
"""Each call takes up to 200 MB."""

_MAX_TOKENS = 200
"""Tokens spoken at once, of the 510 that the model takes: about 12 s. More cost memory, and disproportionate time."""


class Kokoro(Engine[KokoroModel]):
    """A synthesiser over onnxruntime: one session with one thread, called from several threads at once."""

    name, licence, distribution = NAME, LICENCE, DISTRIBUTION
    packaged_files = (MODEL, STYLES, VOCABULARY)

    @cached_property
    def capabilities(self) -> SynthesiserCapabilities:
        """Five voices in Portuguese, Spanish and English, and the user's own; a call for each core, up to four."""
        return _offered(self._settings)

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """Return the expected lengths: the model's durations of phonemes, less the silence that is trimmed."""
        return [self._predicted_ms(utterance) for utterance in utterances]

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        """Return mono speech at 24 kHz; the same utterance gives the same samples on every call and thread.

        A text without words gives a short pause. Raises InputError if espeak-ng cannot read a text.
        """
        return [self._spoken(utterance) for utterance in utterances]

    @property
    def _weight_files(self) -> tuple[WeightFile, ...]:
        return (*self._weights.weight_files, *self._own_voices.weight_files)

    @property
    def _identity_settings(self) -> tuple[tuple[str, str], ...]:
        return (("phonemes", f"{espeak_library.PACKAGE} {metadata.version(espeak_library.PACKAGE)}"),)

    @cached_property
    def _own_voices(self) -> Weights:
        settings = self._settings
        paths = {path.name: path for path in own_files(settings.weights_dir, STYLES.name)}
        own = weights.own(NAME, cache_dir=settings.cache_dir, folder=settings.weights_dir)
        return Weights(paths=paths, weight_files=tuple(file for file in own.weight_files if file.name in paths))

    def _load(self) -> KokoroModel:
        threads = max(1, self._settings.threads // self.capabilities.concurrency)
        voices = tuple(self._own_voices.values())
        return load(self._weights, voices, cache_dir=self._settings.cache_dir, threads=threads)

    def _chunks(self, utterance: Utterance) -> list[PhonemeChunk]:
        text = checked_text(utterance, NAME, self.capabilities)
        if not text:
            return []
        chunks = chunks_of(text, utterance.language, self._model().vocabulary, _MAX_TOKENS)
        if not chunks:
            raise InputError(f"{NAME} finds nothing it can read as {utterance.language!r} in a text; rewrite the text")
        return chunks

    def _spoken(self, utterance: Utterance) -> Sound:
        model, chunks = self._model(), self._chunks(utterance)
        if not chunks:
            return pause(WORDLESS_MS, RATE_HZ)
        parts = []
        for chunk in chunks:
            samples = model.speak(chunk, utterance.voice, utterance.speed)
            parts += [trimmed(samples, RATE_HZ), np.zeros(chunk.pause_ms * RATE_HZ // 1000, np.float32)]
        return Sound(samples=np.concatenate(parts)[:, np.newaxis], rate_hz=RATE_HZ)

    def _predicted_ms(self, utterance: Utterance) -> int:
        model, chunks = self._model(), self._chunks(utterance)
        if not chunks:
            return WORDLESS_MS
        total_ms = 0
        for chunk in chunks:
            frames = model.frames(chunk, utterance.voice, utterance.speed)
            total_ms += _audible_ms(frames, chunk.ends_in_mark) + chunk.pause_ms
        return total_ms


def _audible_ms(frames: NDArray[np.float32], ends_in_mark: bool) -> int:
    """Return the length of what is left after trimming, from the frames of each token.

    The frames of the first token are silence except for the onset of speech, those of the last tokens its decay. The
    weights were fitted on 137 renderings of 80 lines in three languages, with five voices and speeds from 0.8 to 1.5.
    Held-out lines over 1.5 s are predicted within 1.1 % on average, shorter ones within 8.3 % (51 ms over all).
    """
    spoken = -3 if ends_in_mark else -2
    before, inner, last, after = frames[0], frames[1:spoken].sum(), frames[spoken], frames[spoken + 1 :].sum()
    return int(48 + FRAME_MS * (0.235 * before + 0.957 * inner + 0.04 * last + 0.70 * after))


def _offered(settings: EngineSettings) -> SynthesiserCapabilities:
    return replace(
        CAPABILITIES,
        voices=voices(settings.weights_dir, STYLES.name),
        concurrency=min(_MAX_CONCURRENCY, max(1, settings.threads)),
    )


ENTRY: EngineEntry[Synthesiser] = EngineEntry(
    stage="synthesis",
    name=NAME,
    summary="Kokoro-82M in 8 bits, phonemes from espeak-ng",
    licence=f"{LICENCE} (phonemes: espeak-ng, {espeak_library.LICENCE})",
    build=Kokoro,
    capabilities=CAPABILITIES,
    installed_capabilities=_offered,
    requirements=Requirements(
        distributions=("onnxruntime", "onnx", espeak_library.PACKAGE, DISTRIBUTION),
        packages=f"onnxruntime onnx {espeak_library.PACKAGE_PIN} {STYLES.pins} {MODEL.pins}",
    ),
    models=ModelSources(packaged=(MODEL, STYLES, VOCABULARY), memory_mib=400),
    extension=f"put files of voices (voices-v1.0.bin, .npz) into {NAME}/ of the weights folder",
)
