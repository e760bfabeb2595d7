"""Kokoro-82M: natural speech in Portuguese, Spanish and English on the processor, at its own speed control."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from importlib import metadata

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import EngineIdentity, SynthesiserCapabilities
from dub_assets.core.errors import InputError
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import Utterance
from dub_assets.engines.entry import EngineEntry, EngineSettings
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
from dub_assets.engines.kokoro.phonemes import Piece, pieces_of
from dub_assets.engines.kokoro.voices import own_files, voices
from dub_assets.engines.models import weights
from dub_assets.engines.shared import espeak_library
from dub_assets.engines.shared.trim import trimmed
from dub_assets.engines.shared.utterances import WORDLESS_MS, checked_text, pause

RATE_HZ = 24_000

CAPABILITIES = SynthesiserCapabilities(
    voices=voices(None, STYLES.name),
    sample_rate_hz=RATE_HZ,
    min_speed=0.8,
    max_speed=1.25,  # beyond, words are lost: word error rate 0.04 at 1.35 and 0.15 at 1.5, against 0.02 stretched
    concurrency=2,
)

_MAX_CONCURRENCY = 4
"""Each call at work takes up to 200 MB."""

_MAX_TOKENS = 200
"""Spoken in one go, of the 510 that the model takes: about 12 s. More would cost memory, and time beyond proportion."""


class Kokoro:
    """A synthesiser over onnxruntime: one session with one thread, called from several at once."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._loaded: KokoroModel | None = None

    @cached_property
    def capabilities(self) -> SynthesiserCapabilities:
        """Five voices in Portuguese, Spanish and English, and the user's own; a call for each core, up to four."""
        return _offer(self._settings)

    @cached_property
    def identity(self) -> EngineIdentity:
        """Kokoro by its package's version and the hashes of model, voices and alphabet; espeak-ng's version."""
        return EngineIdentity(
            name=NAME,
            version=metadata.version(DISTRIBUTION),
            licence=LICENCE,
            weights=(*self._weights.weight_files, *self._own_voices.weight_files),
            settings=(("phonemes", f"{espeak_library.PACKAGE} {metadata.version(espeak_library.PACKAGE)}"),),
        )

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """The expected lengths: the model's own durations of phonemes, less the silence that is trimmed."""
        return [self._predicted_ms(utterance) for utterance in utterances]

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        """Mono speech at 24 kHz; the same utterance gives the same samples on every call and thread.

        A text without words gives a short pause; one whose letters espeak-ng cannot read raises InputError.
        """
        return [self._spoken(utterance) for utterance in utterances]

    def load(self) -> None:
        """Load the sessions."""
        self._model()

    def close(self) -> None:
        """Drop the sessions; the next call loads them again."""
        with self._lock:
            self._loaded = None

    @cached_property
    def _weights(self) -> weights.Weights:
        return weights.find(NAME, ENTRY.weights, cache_dir=self._settings.cache_dir, folder=self._settings.weights_dir)

    @cached_property
    def _own_voices(self) -> weights.Weights:
        settings = self._settings
        paths = {path.name: path for path in own_files(settings.weights_dir, STYLES.name)}
        found = weights.own(NAME, cache_dir=settings.cache_dir, folder=settings.weights_dir)
        return weights.Weights(
            paths=paths, weight_files=tuple(weight for weight in found.weight_files if weight.name in paths)
        )

    def _model(self) -> KokoroModel:
        with self._lock:
            if self._loaded is None:
                threads = max(1, self._settings.threads // self.capabilities.concurrency)
                self._loaded = load(
                    self._weights,
                    tuple(self._own_voices.values()),
                    cache_dir=self._settings.cache_dir,
                    threads=threads,
                )
            return self._loaded

    def _pieces(self, utterance: Utterance) -> list[Piece]:
        text = checked_text(utterance, NAME, self.capabilities)
        if not text:
            return []
        pieces = pieces_of(text, utterance.language, self._model().vocabulary, _MAX_TOKENS)
        if not pieces:
            raise InputError(f"{NAME} finds nothing it can read as {utterance.language!r} in a text; rewrite the text")
        return pieces

    def _spoken(self, utterance: Utterance) -> Sound:
        model, pieces = self._model(), self._pieces(utterance)
        if not pieces:
            return pause(WORDLESS_MS, RATE_HZ)
        parts = []
        for piece in pieces:
            samples = model.speak(piece, utterance.voice, utterance.speed)
            parts += [trimmed(samples, RATE_HZ), np.zeros(piece.pause_ms * RATE_HZ // 1000, np.float32)]
        return Sound(samples=np.concatenate(parts)[:, np.newaxis], rate_hz=RATE_HZ)

    def _predicted_ms(self, utterance: Utterance) -> int:
        model, pieces = self._model(), self._pieces(utterance)
        if not pieces:
            return WORDLESS_MS
        total = 0
        for piece in pieces:
            frames = model.frames(piece, utterance.voice, utterance.speed)
            total += _audible_ms(frames, piece.ends_in_mark) + piece.pause_ms
        return total


def _audible_ms(frames: NDArray[np.float32], ends_in_mark: bool) -> int:
    """Length of what is left after trimming, from the frames of each token.

    The frames of the first token are silence but for the onset, those of the last ones the decay of the speech. Fitted
    on 137 renderings of 80 lines in three languages, five voices and speeds from 0.8 to 1.5; held-out lines over 1.5 s
    are predicted within 1.1 % on average, shorter ones within 8.3 % (51 ms over all).
    """
    spoken = -3 if ends_in_mark else -2
    before, inner, last, after = frames[0], frames[1:spoken].sum(), frames[spoken], frames[spoken + 1 :].sum()
    return int(48 + FRAME_MS * (0.235 * before + 0.957 * inner + 0.04 * last + 0.70 * after))


def _offer(settings: EngineSettings) -> SynthesiserCapabilities:
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
    capabilities=CAPABILITIES,
    requires=("onnxruntime", "protobuf", espeak_library.PACKAGE, DISTRIBUTION),
    packages=f"onnxruntime protobuf {espeak_library.PACKAGE_PIN} {STYLES.pins} {MODEL.pins}",
    build=Kokoro,
    weights=(MODEL, STYLES, VOCABULARY),
    own_capabilities=_offer,
    extension=f"put files of voices (voices-v1.0.bin, .npz) into {NAME}/ of the weights folder",
    memory_mib=400,
)
