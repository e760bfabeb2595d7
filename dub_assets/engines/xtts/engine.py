"""XTTS v2 through coqui-tts: 17 languages in studio voices, or in a voice cloned from a few seconds of speech."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from importlib import metadata
from importlib.util import find_spec
from typing import Any

import numpy as np

from dub_assets.core.engine import EngineIdentity, SynthesiserCapabilities, Voice
from dub_assets.core.errors import InputError
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import ClonedUtterance, Utterance
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.shared.torch_determinism import drawn
from dub_assets.engines.shared.trim import trimmed
from dub_assets.engines.shared.utterances import WORDLESS_MS, checked_text, pause
from dub_assets.engines.xtts import weights as xtts_weights
from dub_assets.engines.xtts.model import Conditioning, conditioning, load, read, said
from dub_assets.engines.xtts.weights import LICENCE, MODEL_MIB, NAME
from dub_assets.text_normalisation.speaking_rate import ordinary_ms

RATE_HZ = 24_000
LANGUAGES = frozenset(
    ["ar", "cs", "de", "en", "es", "fr", "hi", "hu", "it", "ja", "ko", "nl", "pl", "pt", "ru", "tr", "zh"]
)
_READERS = {"ja": "cutlet", "zh": "pypinyin"}
"""Packages without which a language cannot be read."""

CAPABILITIES = SynthesiserCapabilities(
    voices=(Voice(name="Claribel Dervla", languages=LANGUAGES),),
    sample_rate_hz=RATE_HZ,
    min_speed=0.8,
    max_speed=1.25,
    concurrency=1,
    clones_voice=True,
)


class Xtts:
    """A synthesiser over XTTS v2, in the voices of its studio speakers and in those of references.

    Speech is drawn: the random numbers are those of the utterance, so that the same one sounds the same on every call
    and thread, and another speed is another try.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._model: Any = None
        self._cloned: dict[str, Conditioning] = {}
        """By fingerprint of the reference."""

    @cached_property
    def capabilities(self) -> SynthesiserCapabilities:
        """The studio speakers of the weights, at 24 kHz; clones voices; a call at a time."""
        return _offer(self._settings)

    @cached_property
    def identity(self) -> EngineIdentity:
        """XTTS by coqui-tts' version and the hashes of its files."""
        return EngineIdentity(
            name=NAME,
            version=metadata.version("coqui-tts"),
            licence=LICENCE,
            weights=self._weights.weight_files,
            settings=(("seed", "of the utterance"),),
        )

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """A guess by the language's ordinary rate: the network knows a length only when it has spoken."""
        return [_guessed_ms(utterance, self.capabilities) for utterance in utterances]

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        """Mono speech at 24 kHz; long texts are spoken in parts.

        A text without words gives a short pause; one that cannot be read or that nothing is said of raises InputError.
        """
        return [self._spoken(utterance) for utterance in utterances]

    def close(self) -> None:
        """Drop the model and the cloned voices; the next call loads them again."""
        with self._lock:
            self._model = None
            self._cloned.clear()
        self._accelerator.unloaded(self)

    @cached_property
    def _weights(self) -> Weights:
        return xtts_weights.find(self._settings)

    @cached_property
    def _accelerator(self) -> Accelerator:
        return self._settings.accelerator()

    def _spoken(self, utterance: Utterance) -> Sound:
        text = checked_text(utterance, NAME, self.capabilities)
        if not text:
            return pause(WORDLESS_MS, RATE_HZ)
        with self._accelerator.in_use(NAME, self, MODEL_MIB), self._lock:
            model = self._loaded()
            voice = self._voice(model, utterance)
            with drawn(_seed(utterance), threads=self._settings.threads):
                waves = [said(model, part, utterance, voice) for part in read(model, text, utterance.language)]
        speech = trimmed(np.concatenate(waves), RATE_HZ)
        if not len(speech):
            raise InputError(f"{NAME} says nothing for a text; rewrite the text")
        return Sound(samples=np.ascontiguousarray(speech[:, np.newaxis]), rate_hz=RATE_HZ)

    def _voice(self, model: Any, utterance: Utterance) -> Conditioning:
        if not isinstance(utterance, ClonedUtterance):
            latents, embedding = model.speaker_manager.speakers[utterance.voice].values()
            return latents, embedding
        reference = utterance.reference
        if reference.fingerprint not in self._cloned:
            with drawn(0, threads=self._settings.threads):
                self._cloned[reference.fingerprint] = conditioning(model, reference)
        return self._cloned[reference.fingerprint]

    def _loaded(self) -> Any:
        if self._model is None:
            self._model = load(self._weights).to(self._accelerator.device)
        return self._model


def _guessed_ms(utterance: Utterance, offer: SynthesiserCapabilities) -> int:
    text = checked_text(utterance, NAME, offer)
    return round(ordinary_ms(text, utterance.language) / utterance.speed) if text else WORDLESS_MS


def _offer(settings: EngineSettings) -> SynthesiserCapabilities:
    """What can be spoken here: languages whose packages are there, in the voices that the weights bring along."""
    languages = LANGUAGES - {language for language, package in _READERS.items() if find_spec(package) is None}
    names = xtts_weights.studio_speakers(settings) or [voice.name for voice in CAPABILITIES.voices]
    return replace(CAPABILITIES, voices=tuple(Voice(name=name, languages=languages) for name in names))


def _seed(utterance: Utterance) -> int:
    """A number for everything that the utterance says."""
    said = "\0".join([utterance.text, utterance.language, utterance.spoken_by, f"{utterance.speed:g}"])
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:4])


ENTRY: EngineEntry[Synthesiser] = EngineEntry(
    stage="synthesis",
    name=NAME,
    summary="XTTS v2 through coqui-tts: clones the speakers' voices",
    licence=f"MPL-2.0; model {LICENCE}",
    capabilities=CAPABILITIES,
    requires=("coqui-tts", "torch"),
    extra="gpu",
    build=Xtts,
    own_capabilities=_offer,
    extension="Japanese and Chinese need the packages coqui-tts[ja] and pypinyin of the extra gpu",
    models=xtts_weights.models,
    memory_mib=MODEL_MIB,
    automatic=False,
    by_name_only=True,
)
