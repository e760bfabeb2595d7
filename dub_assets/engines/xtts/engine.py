"""XTTS v2 through coqui-tts: 17 languages, in studio voices or a voice cloned from a few seconds of speech."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np

from dub_assets.core.engine import SynthesiserCapabilities, Voice
from dub_assets.core.errors import InputError
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import ClonedUtterance, Utterance
from dub_assets.engines.base import AcceleratedEngine
from dub_assets.engines.entry import EngineEntry, EngineSettings, ModelSources, Requirements
from dub_assets.engines.models import whole_model
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.shared.torch_determinism import deterministic
from dub_assets.engines.shared.trim import trimmed
from dub_assets.engines.shared.utterances import WORDLESS_MS, checked_text, pause
from dub_assets.engines.xtts.model import Conditioning, conditioning, load, readable_parts, speak
from dub_assets.engines.xtts.weights import LICENCE, MODEL, MODEL_MIB, NAME, models, studio_speakers
from dub_assets.text_normalisation.speaking_rate import ordinary_ms

RATE_HZ = 24_000
LANGUAGES = frozenset(
    ["ar", "cs", "de", "en", "es", "fr", "hi", "hu", "it", "ja", "ko", "nl", "pl", "pt", "ru", "tr", "zh"]
)
_READING_PACKAGES = {"ja": "cutlet", "zh": "pypinyin"}
"""Packages without which a language cannot be read."""

CAPABILITIES = SynthesiserCapabilities(
    voices=(Voice(name="Claribel Dervla", languages=LANGUAGES),),
    sample_rate_hz=RATE_HZ,
    min_speed=0.8,
    max_speed=1.25,
    concurrency=1,
    clones_voice=True,
)


class Xtts(AcceleratedEngine[Any]):
    """A synthesiser over XTTS v2, in the voices of its studio speakers and in cloned voices.

    Sampling is seeded by the utterance: the same utterance gives the same speech on every call and thread, and another
    speed is another attempt.
    """

    name, licence, distribution = NAME, LICENCE, "coqui-tts"

    def __init__(self, settings: EngineSettings) -> None:
        super().__init__(settings)
        self._cloned: dict[str, Conditioning] = {}
        """Cloned voices by fingerprint of the reference."""

    @cached_property
    def capabilities(self) -> SynthesiserCapabilities:
        """The studio speakers of the weights, at 24 kHz; clones voices; a call at a time."""
        return _offered(self._settings)

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """Return a guess by the language's ordinary rate: the network knows a length only after speaking."""
        return [_guessed_ms(utterance, self.capabilities) for utterance in utterances]

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        """Return mono speech at 24 kHz; long texts are spoken in parts.

        A text without words gives a short pause. Raises InputError if a text gives no speech.
        """
        return [self._spoken(utterance) for utterance in utterances]

    def close(self) -> None:
        """Drop the model and the cloned voices; the next call loads them again."""
        with self._lock:
            self._cloned.clear()
        super().close()

    @property
    def _identity_settings(self) -> tuple[tuple[str, str], ...]:
        return (("seed", "of the utterance"),)

    @cached_property
    def _weights(self) -> Weights:
        return whole_model.find(NAME, MODEL, self._settings)

    def _need_mib(self) -> int:
        return MODEL_MIB

    def _load(self) -> Any:
        return load(self._weights).to(self._accelerator.device)

    def _spoken(self, utterance: Utterance) -> Sound:
        text = checked_text(utterance, NAME, self.capabilities)
        if not text:
            return pause(WORDLESS_MS, RATE_HZ)
        with self._in_use(), self._lock:
            model = self._model()
            voice = self._voice(model, utterance)
            with deterministic(_seed(utterance), threads=self._settings.threads):
                parts = readable_parts(model, text, utterance.language)
                waves = [speak(model, part, utterance, voice) for part in parts]
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
            with deterministic(0, threads=self._settings.threads):
                self._cloned[reference.fingerprint] = conditioning(model, reference)
        return self._cloned[reference.fingerprint]


def _guessed_ms(utterance: Utterance, capabilities: SynthesiserCapabilities) -> int:
    text = checked_text(utterance, NAME, capabilities)
    return round(ordinary_ms(text, utterance.language) / utterance.speed) if text else WORDLESS_MS


def _offered(settings: EngineSettings) -> SynthesiserCapabilities:
    """Return the languages whose packages are installed, in the studio voices of the weights."""
    languages = LANGUAGES - {language for language, package in _READING_PACKAGES.items() if find_spec(package) is None}
    names = studio_speakers(settings) or [voice.name for voice in CAPABILITIES.voices]
    return replace(CAPABILITIES, voices=tuple(Voice(name=name, languages=languages) for name in names))


def _seed(utterance: Utterance) -> int:
    """Return a number that depends on text, language, voice and speed."""
    key = "\0".join([utterance.text, utterance.language, utterance.spoken_by, f"{utterance.speed:g}"])
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4])


ENTRY: EngineEntry[Synthesiser] = EngineEntry(
    stage="synthesis",
    name=NAME,
    summary="XTTS v2 through coqui-tts: clones the speakers' voices",
    licence=f"MPL-2.0; model {LICENCE}",
    build=Xtts,
    capabilities=CAPABILITIES,
    installed_capabilities=_offered,
    requirements=Requirements(distributions=("coqui-tts", "torch"), extra="gpu"),
    models=ModelSources(pulled=models, memory_mib=MODEL_MIB),
    auto="never",
    extension="Japanese and Chinese need the packages coqui-tts[ja] and pypinyin of the extra gpu",
)
