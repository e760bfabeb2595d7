"""Hibari: English in one voice (American, female), a hundred times faster than real time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import SynthesiserCapabilities, Voice
from dub_assets.core.errors import EngineUnavailableError, InputError
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import Utterance
from dub_assets.engines.base import Engine
from dub_assets.engines.entry import EngineEntry, ModelSources, Requirements
from dub_assets.engines.models.weights import PackagedFile, PackagePart
from dub_assets.engines.shared.onnx_session import readable_model
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
    max_speed=1.25,  # faster, words are lost: word error rate 0.05 at 1.35, 0.02 if stretched instead
    concurrency=2,
)

_NOISE_SEED = 0


class Hibari(Engine[Any]):
    """A synthesiser over hibari-tts: its own English phonemes, a network, and a vocoder in numpy."""

    name, licence, distribution = NAME, LICENCE, DISTRIBUTION
    packaged_files = (MODEL,)

    @property
    def capabilities(self) -> SynthesiserCapabilities:
        """One voice."""
        return CAPABILITIES

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """Return the exact lengths; synthesis takes seven thousandths of the time that the speech lasts."""
        return [sound.duration_ms for sound in self.synthesise(utterances)]

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        """Return mono speech at 24 kHz; the same utterance gives the same samples on every call and thread.

        A text without words gives a short pause. Raises InputError if no letter of a text is an English one.
        """
        return [self._spoken(utterance) for utterance in utterances]

    @property
    def _identity_settings(self) -> tuple[tuple[str, str], ...]:
        return (("noise_seed", str(_NOISE_SEED)),)

    def _load(self) -> Any:
        try:
            import hibari
        except ImportError as error:
            raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.requirements.install}") from error
        path = self._weights[MODEL.name]
        with readable_model(NAME, path):
            engine = hibari.Hibari(model=str(path), threads=1)
        # Otherwise the network for unknown words is loaded at the first of them, maybe on two threads at once.
        _ = engine.g2p.oov
        return engine

    def _spoken(self, utterance: Utterance) -> Sound:
        # "[word](/phonemes/)" is hibari's notation for pronunciations: in a text it has no such meaning.
        text = checked_text(utterance, NAME, CAPABILITIES).replace("](", "] (")
        if not text:
            return pause(WORDLESS_MS, RATE_HZ)
        samples: NDArray[np.float32] = self._model()(text, speed=utterance.speed, seed=_NOISE_SEED)
        speech = trimmed(samples, RATE_HZ)
        if not len(speech):
            raise InputError(f"{NAME} finds nothing it can read as English in a text; rewrite the text")
        return Sound(samples=speech[:, np.newaxis], rate_hz=RATE_HZ)


ENTRY: EngineEntry[Synthesiser] = EngineEntry(
    stage="synthesis",
    name=NAME,
    summary="Hibari, a small network for one English voice",
    licence=LICENCE,
    build=Hibari,
    capabilities=CAPABILITIES,
    requirements=Requirements(distributions=(DISTRIBUTION,), packages=MODEL.pins),
    models=ModelSources(packaged=(MODEL,)),
)
