"""Hibari: English in one voice (American, female), a hundred times faster than it is spoken."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import EngineIdentity, SynthesiserCapabilities, Voice
from dub_assets.core.errors import EngineUnavailableError, InputError
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import Utterance
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.models import weights
from dub_assets.engines.models.weights import PackagedFile, PackagePart
from dub_assets.engines.shared.onnx_errors import onnx_errors
from dub_assets.engines.shared.trim import trimmed
from dub_assets.engines.shared.utterances import WORDLESS_MS, checked_text, pause

NAME = "hibari"
DISTRIBUTION = "hibari-tts"
RATE_HZ = 24_000
LICENCE = "Apache-2.0"


def _asset(name: str, sha256: str) -> PackagedFile:
    part = PackagePart(distribution=DISTRIBUTION, version="0.2.1", module="hibari", path=f"assets/{name}")
    return PackagedFile(name=name, parts=(part,), sha256=sha256, licence=LICENCE)


MODEL = _asset("hibari.onnx", "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8")

CAPABILITIES = SynthesiserCapabilities(
    voices=(Voice(name="heart", languages=frozenset({"en"}), pitch_hz=191.0, sex="female"),),
    sample_rate_hz=RATE_HZ,
    min_speed=0.8,
    max_speed=1.25,  # beyond, words are lost: word error rate 0.05 at 1.35, against 0.02 stretched
    concurrency=2,
)

_NOISE_SEED = 0


class Hibari:
    """A synthesiser over hibari-tts: its own English phonemes, a network, and a vocoder in numpy."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._loaded: Any = None

    @property
    def capabilities(self) -> SynthesiserCapabilities:
        """One voice."""
        return CAPABILITIES

    @cached_property
    def identity(self) -> EngineIdentity:
        """Hibari by its package's version, and its network's hash."""
        return EngineIdentity(
            name=NAME,
            version=metadata.version(DISTRIBUTION),
            licence=LICENCE,
            weights=self._weights.weight_files,
            settings=(("noise_seed", str(_NOISE_SEED)),),
        )

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """The exact lengths: speaking takes seven thousandths of the time that it lasts."""
        return [sound.duration_ms for sound in self.synthesise(utterances)]

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        """Mono speech at 24 kHz; the same utterance gives the same samples on every call and thread.

        A text without words gives a short pause; one whose letters are no English ones raises InputError.
        """
        return [self._spoken(utterance) for utterance in utterances]

    def close(self) -> None:
        """Drop the networks; the next call loads them again."""
        with self._lock:
            self._loaded = None

    @cached_property
    def _weights(self) -> weights.Weights:
        return weights.find(NAME, ENTRY.weights, cache_dir=self._settings.cache_dir, folder=self._settings.weights_dir)

    def _engine(self) -> Any:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Any:
        try:
            import hibari
        except ImportError as error:
            raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.install}") from error
        path = self._weights[MODEL.name]
        try:
            engine = hibari.Hibari(model=str(path), threads=1)
        except onnx_errors() as error:
            raise EngineUnavailableError(f"{NAME} cannot use {path}: put the right file there") from error
        # What it would load at the first unknown word, perhaps on two threads at once.
        _ = engine.g2p.oov
        return engine

    def _spoken(self, utterance: Utterance) -> Sound:
        # Its own notation for pronunciations, "[word](/phonemes/)", is no part of anyone's text.
        text = checked_text(utterance, NAME, CAPABILITIES).replace("](", "] (")
        if not text:
            return pause(WORDLESS_MS, RATE_HZ)
        samples: NDArray[np.float32] = self._engine()(text, speed=utterance.speed, seed=_NOISE_SEED)
        speech = trimmed(samples, RATE_HZ)
        if not len(speech):
            raise InputError(f"{NAME} finds nothing it can read as English in a text; rewrite the text")
        return Sound(samples=speech[:, np.newaxis], rate_hz=RATE_HZ)


ENTRY: EngineEntry[Synthesiser] = EngineEntry(
    stage="synthesis",
    name=NAME,
    summary="Hibari, a small network for one English voice",
    licence=LICENCE,
    capabilities=CAPABILITIES,
    requires=(DISTRIBUTION,),
    packages=f"{MODEL.pins}",
    build=Hibari,
    weights=(MODEL,),
)
