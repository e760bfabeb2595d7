"""Piper's voices on onnxruntime, with phonemes from espeak-ng: many languages, on the processor."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import SynthesiserCapabilities, Voice
from dub_assets.core.errors import InputError
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import Utterance
from dub_assets.engines.base import Engine
from dub_assets.engines.entry import EngineEntry, EngineSettings, ModelSources, Requirements
from dub_assets.engines.models import remote, weights
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.piper import graph
from dub_assets.engines.piper.voices import MEMORY_MIB, VoiceConfig, hub_voice
from dub_assets.engines.shared import espeak_library
from dub_assets.engines.shared.onnx_graph import cached_graph
from dub_assets.engines.shared.onnx_session import open_session, readable_model
from dub_assets.engines.shared.trim import trimmed
from dub_assets.engines.shared.utterances import WORDLESS_MS, checked_text, pause

NAME = "piper"
LICENCE = "each voice has its own"

RATE_HZ = 22_050
"""The rate of most voices; the sound of others is resampled to it."""

_MIN_SPEED, _MAX_SPEED = 0.7, 1.5
_MAX_CONCURRENCY = 4
_BETWEEN_SENTENCES_MS = 300
_SENTENCE_ENDS = ".!?"
_START, _PAD, _END = "^", "_", "$"


class Piper(Engine[dict[str, Any]]):
    """A synthesiser over voice files (``.onnx`` and ``.onnx.json``): the user's own, and those that the settings name.

    Each speaker of a voice with several speakers is a voice, ``name#speaker``. A voice is loaded at its first use.
    """

    name, licence, distribution = NAME, LICENCE, "onnxruntime"

    @cached_property
    def capabilities(self) -> SynthesiserCapabilities:
        """The voices that are there."""
        return _offered(self._settings)

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """Return the exact lengths; synthesis takes a small part of the time that the speech lasts."""
        return [sound.duration_ms for sound in self.synthesise(utterances)]

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        """Return mono speech at 22.05 kHz; the same utterance gives the same samples on every call and thread.

        A text without words gives a short pause. Raises InputError if espeak-ng cannot read a text.
        """
        return [self._spoken(utterance) for utterance in utterances]

    @property
    def _identity_settings(self) -> tuple[tuple[str, str], ...]:
        return (("phonemes", f"{espeak_library.PACKAGE} {metadata.version(espeak_library.PACKAGE)}"),)

    def _load(self) -> dict[str, Any]:
        """Return no session: each voice is loaded at its first use."""
        return {}

    def _spoken(self, utterance: Utterance) -> Sound:
        text = checked_text(utterance, NAME, self.capabilities)
        if not text:
            return pause(WORDLESS_MS, RATE_HZ)
        name, _, speaker = utterance.voice.partition("#")
        config = self._voices[name][1]
        pause_between = np.zeros(_BETWEEN_SENTENCES_MS * RATE_HZ // 1000, np.float32)
        parts: list[NDArray[np.float32]] = []
        for ids in _sentences(text, config):
            speech = self._run(name, config, ids, config.speakers.get(speaker), utterance.speed)
            parts += [pause_between, speech] if parts else [speech]
        if not any(len(part) for part in parts):
            raise InputError(f"{NAME} finds nothing it can read as {utterance.language!r} in a text; rewrite the text")
        return Sound(samples=np.concatenate(parts)[:, np.newaxis], rate_hz=RATE_HZ)

    def _run(
        self, name: str, config: VoiceConfig, ids: Sequence[int], speaker: int | None, speed: float
    ) -> NDArray[np.float32]:
        scales = [config.noise_scale, config.length_scale / speed, config.noise_w]
        inputs = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
        }
        if speaker is not None:
            inputs["sid"] = np.array([speaker], np.int64)
        samples = np.asarray(self._session(name).run(None, inputs)[0], np.float32).ravel()
        return trimmed(samples if config.rate_hz == RATE_HZ else _resampled(samples, config.rate_hz), RATE_HZ)

    def _session(self, voice: str) -> Any:
        with self._lock:
            sessions = self._model()
            if voice not in sessions:
                sessions[voice] = self._open(self._voices[voice][0])
            return sessions[voice]

    def _open(self, path: Path) -> Any:
        settings = self._settings
        sha256 = weights.cached_sha256(path, cache_dir=settings.cache_dir)
        rewritten = settings.cache_dir / NAME / f"{sha256[:16]}-graph{graph.VERSION}.onnx"
        with readable_model(NAME, path):
            return open_session(NAME, cached_graph(rewritten, lambda: graph.repeatable(path)))

    @cached_property
    def _voices(self) -> dict[str, tuple[Path, VoiceConfig]]:
        """Model and configuration of each voice, verified."""
        models = [path for path in self._weights.values() if path.name.endswith(".onnx")]
        return {path.stem: (path, VoiceConfig.read(_config_of(path))) for path in models}

    @cached_property
    def _weights(self) -> Weights:
        """The files of the user's own voices, then those of the voices that the settings name."""
        settings = self._settings
        own = weights.own(NAME, cache_dir=settings.cache_dir, folder=settings.weights_dir)
        pulled = [
            remote.find(NAME, model, cache_dir=settings.cache_dir, lock=settings.lock) for model in _models(settings)
        ]
        voices = (own, *pulled)
        paths = {name: path for files in voices for name, path in files.items()}
        return Weights(paths=paths, weight_files=tuple(file for files in voices for file in files.weight_files))


def _sentences(text: str, config: VoiceConfig) -> Iterator[list[int]]:
    """Yield the numbers of the phonemes of each sentence, with start, end, and a pad after each phoneme."""
    signs = ""
    for phonemes, mark in espeak_library.phonemes(text, config.espeak_voice):
        signs += phonemes.replace(espeak_library.TIE, "") + mark
        if mark and mark in _SENTENCE_ENDS:
            yield _numbers(signs, config)
            signs = ""
        else:
            signs += " "
    if signs.strip():
        yield _numbers(signs.strip(), config)


def _numbers(signs: str, config: VoiceConfig) -> list[int]:
    known = [sign for sign in unicodedata.normalize("NFD", signs) if sign in config.phonemes]
    numbers: list[int] = []
    for sign in (_START, *known):
        numbers += [*config.phonemes[sign], *config.phonemes[_PAD]]
    return [*numbers, *config.phonemes[_END]]


def _resampled(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    import soxr

    return np.asarray(soxr.resample(samples, rate_hz, RATE_HZ), np.float32)


def _config_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _own_voices(settings: EngineSettings) -> dict[str, Path]:
    folder = settings.weights_dir / NAME if settings.weights_dir else None
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))} if folder else {}


def _models(settings: EngineSettings) -> tuple[RemoteModel, ...]:
    """Return the voices that the settings name, without those that the user has in the weights folder."""
    own = _own_voices(settings)
    names = [name.strip() for name in settings.models.piper_voices.split(",") if name.strip()]
    return tuple(hub_voice(name) for name in dict.fromkeys(names) if name not in own)


def _offered(settings: EngineSettings) -> SynthesiserCapabilities:
    """Return what the voices that are there can do; those that the settings name come first, in their order."""
    paths = _own_voices(settings)
    for model in _models(settings):
        path = model.folder(settings.cache_dir) / model.files[0].name
        if remote.is_present(model, settings.cache_dir):
            paths[model.name] = path
    named = [name.strip() for name in settings.models.piper_voices.split(",")]
    ordered = sorted(paths, key=lambda name: named.index(name) if name in named else len(named))
    voices: list[Voice] = []
    for name in ordered:
        config = VoiceConfig.read(_config_of(paths[name]))
        speakers = [f"{name}#{speaker}" for speaker in config.speakers] or [name]
        voices += [Voice(name=speaker, languages=frozenset({config.language})) for speaker in speakers]
    return SynthesiserCapabilities(
        voices=tuple(voices),
        sample_rate_hz=RATE_HZ,
        min_speed=_MIN_SPEED,
        max_speed=_MAX_SPEED,
        concurrency=min(_MAX_CONCURRENCY, max(1, settings.threads)),
        reads_ipa=True,
    )


ENTRY: EngineEntry[Synthesiser] = EngineEntry(
    stage="synthesis",
    name=NAME,
    summary="Piper's voices, by PIPER_VOICES or your own files; phonemes from espeak-ng",
    licence=f"{LICENCE} (phonemes: espeak-ng, {espeak_library.LICENCE})",
    build=Piper,
    capabilities=SynthesiserCapabilities(
        voices=(), sample_rate_hz=RATE_HZ, min_speed=_MIN_SPEED, max_speed=_MAX_SPEED, concurrency=1, reads_ipa=True
    ),
    installed_capabilities=_offered,
    requirements=Requirements(
        distributions=("onnxruntime", "onnx", espeak_library.PACKAGE),
        packages=f"onnxruntime onnx {espeak_library.PACKAGE_PIN}",
        unset=lambda settings: "" if _models(settings) or _own_voices(settings) else "PIPER_VOICES",
    ),
    models=ModelSources(pulled=_models, memory_mib=MEMORY_MIB),
    extension=f"name voices in PIPER_VOICES, or put a voice's .onnx and .onnx.json into {NAME}/ of the weights folder",
)
