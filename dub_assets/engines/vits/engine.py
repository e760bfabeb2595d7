"""VITS voices through coqui-tts: one network from text to sound, one folder a voice."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dub_assets.core.engine import SynthesiserCapabilities, Voice
from dub_assets.core.errors import EngineUnavailableError, InputError
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import Utterance
from dub_assets.engines.base import AcceleratedEngine
from dub_assets.engines.entry import EngineEntry, EngineSettings, ModelSources, Requirements
from dub_assets.engines.models import weights
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.shared.torch_determinism import deterministic
from dub_assets.engines.shared.trim import trimmed
from dub_assets.engines.shared.utterances import WORDLESS_MS, checked_text, pause

ResultT = TypeVar("ResultT")

NAME = "vits"
LICENCE = "MPL-2.0"
RATE_HZ = 22_050
MODEL_MIB = 600
"""Memory of a voice, in MiB: an estimate."""

CAPABILITIES = SynthesiserCapabilities(voices=(), sample_rate_hz=RATE_HZ, min_speed=0.8, max_speed=1.25, concurrency=1)

_SEED = 0
"""Seed of the noise in durations and sound, the same for every utterance."""


class Vits(AcceleratedEngine[dict[str, Any]]):
    """A synthesiser over VITS: voices in ``vits/<language>/<voice>/`` of the weights folder, one loaded at a time."""

    name, licence, distribution = NAME, LICENCE, "coqui-tts"

    @cached_property
    def capabilities(self) -> SynthesiserCapabilities:
        """The voices in the weights folder, at 22.05 kHz; a call at a time."""
        return _offered(self._settings)

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """Return the lengths that the network's first part predicts, silence at the ends included."""
        return [self._with_voice(utterance, self._predicted_ms, WORDLESS_MS) for utterance in utterances]

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        """Return mono speech at 22.05 kHz; the same utterance gives the same samples on every call and thread.

        A text without words gives a short pause. Raises InputError if the voice knows no letter of a text.
        """
        return [self._with_voice(utterance, self._spoken, pause(WORDLESS_MS, RATE_HZ)) for utterance in utterances]

    @cached_property
    def _weights(self) -> Weights:
        return weights.own(NAME, cache_dir=self._settings.cache_dir, folder=self._settings.weights_dir)

    @property
    def _identity_settings(self) -> tuple[tuple[str, str], ...]:
        return (("seed", str(_SEED)),)

    def _need_mib(self) -> int:
        return MODEL_MIB

    def _with_voice(
        self, utterance: Utterance, work: Callable[[Any, Sequence[int]], ResultT], wordless: ResultT
    ) -> ResultT:
        text = checked_text(utterance, NAME, self.capabilities)
        if not text:
            return wordless
        with self._in_use(), self._lock:
            model = self._voice_model(utterance)
            if not set(text.lower()) & set(map(str.lower, model.tokenizer.characters.vocab)) - {" "}:
                raise InputError(f"{NAME}: the voice {utterance.voice!r} knows no letter of a text; rewrite the text")
            model.length_scale = model.args.length_scale / utterance.speed
            # Not earlier, because loading draws random numbers.
            with deterministic(_SEED, threads=self._settings.threads):
                return work(model, model.tokenizer.text_to_ids(text))

    def _spoken(self, model: Any, ids: Sequence[int]) -> Sound:
        import torch
        import torchaudio

        tokens, lengths = self._tokens(ids)
        wave = model.inference(tokens, {"x_lengths": lengths})["model_outputs"][0, 0]
        wave = torchaudio.functional.resample(wave, int(model.config.audio["sample_rate"]), RATE_HZ)
        samples = trimmed(wave.to(torch.float32).cpu().numpy(), RATE_HZ)
        return Sound(samples=np.ascontiguousarray(samples[:, np.newaxis]), rate_hz=RATE_HZ)

    def _predicted_ms(self, model: Any, ids: Sequence[int]) -> int:
        import torch

        tokens, lengths = self._tokens(ids)
        encoded, _, _, mask = model.text_encoder(tokens, lengths, lang_emb=None)
        noise = {"reverse": True, "noise_scale": model.inference_noise_scale_dp} if model.args.use_sdp else {}
        durations = torch.exp(model.duration_predictor(encoded, mask, g=None, lang_emb=None, **noise)) * mask
        frames = float(torch.ceil(durations * model.length_scale).sum())
        hop_ms: float = model.config.audio["hop_length"] * 1000 / model.config.audio["sample_rate"]
        return max(1, round(frames * hop_ms))

    def _tokens(self, ids: Sequence[int]) -> tuple[Any, Any]:
        import torch

        tokens = torch.tensor([list(ids)], device=self._accelerator.device)
        return tokens, torch.tensor([tokens.shape[1]], device=self._accelerator.device)

    def _load(self) -> dict[str, Any]:
        """Return no voice: an utterance names the voice to load."""
        return {}

    def _voice_model(self, utterance: Utterance) -> Any:
        voices, place = self._model(), f"{utterance.language}/{utterance.voice}"
        if place not in voices:
            voices.clear()  # so that two voices are never loaded at once
            folder = (self._settings.weights_dir or Path()) / NAME / place
            voices[place] = _load_voice(folder).to(self._accelerator.device)
        return voices[place]


def _load_voice(folder: Path) -> Any:
    try:
        from TTS.config import load_config
        from TTS.tts.models import setup_model
    except ImportError as error:
        raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.requirements.install}") from error
    config = load_config(folder / "config.json")
    if config.model != "vits" or config.model_args.use_speaker_embedding or config.model_args.use_d_vector_file:
        raise EngineUnavailableError(f"{folder} holds no VITS model of one voice: put one there, or remove the folder")
    model = setup_model(config)
    try:
        model.load_checkpoint(config, folder / "model.pth", eval=True)
    except (pickle.UnpicklingError, RuntimeError, KeyError, EOFError) as error:
        raise EngineUnavailableError(f"{NAME} cannot read {folder / 'model.pth'}: put it there again") from error
    return model


def _offered(settings: EngineSettings) -> SynthesiserCapabilities:
    root = settings.weights_dir / NAME if settings.weights_dir else None
    models = sorted(root.glob("*/*/model.pth")) if root else []
    folders = [model.parent for model in models if model.with_name("config.json").is_file()]
    languages: dict[str, set[str]] = {}
    for folder in folders:
        languages.setdefault(folder.name, set()).add(folder.parent.name)
    voices = tuple(Voice(name=name, languages=frozenset(spoken)) for name, spoken in languages.items())
    return replace(CAPABILITIES, voices=voices)


ENTRY: EngineEntry[Synthesiser] = EngineEntry(
    stage="synthesis",
    name=NAME,
    summary="VITS voices of your own through coqui-tts",
    licence=f"{LICENCE}; voices: their own",
    build=Vits,
    capabilities=CAPABILITIES,
    installed_capabilities=_offered,
    requirements=Requirements(distributions=("coqui-tts", "torch"), extra="gpu"),
    models=ModelSources(memory_mib=MODEL_MIB),
    auto="if_pulled",
    extension=f"put config.json and model.pth of a voice into {NAME}/<language>/<voice>/ of the weights folder",
)
