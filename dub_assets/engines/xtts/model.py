"""XTTS' model: loading, voice conditioning, preparation of texts, and speech."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.speech import Utterance, VoiceReference
from dub_assets.engines.models.install import install_extra_command
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.xtts.text import digit_by_digit, split
from dub_assets.engines.xtts.weights import CHECKPOINT, CONFIG, NAME, SPEAKERS, VOCABULARY

Conditioning = tuple[Any, Any]
"""A voice as the network takes it: latents for its language model, and an embedding for its vocoder."""

_ONLY_FOR_TRAINING = ("torch_mel_spectrogram_", "dvae.", "gpt.gpt_inference.", "gpt.gpt.wte.")
"""Prefixes of weights to leave out; the last two are copies of others in some checkpoints."""


def load(files: Weights) -> Any:
    """Return the model in evaluation mode.

    Its own ``load_checkpoint`` is not used because it rewrites the published file, which then no longer has the pinned
    hash. Raises EngineUnavailableError.
    """
    try:
        from TTS.config import load_config
        from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
        from TTS.tts.layers.xtts.xtts_manager import SpeakerManager
        from TTS.tts.models.xtts import Xtts as Model
    except ImportError as error:
        raise EngineUnavailableError(f"{NAME} is not installed: {install_extra_command('gpu')}") from error
    folder = files[CONFIG].parent
    try:
        config = load_config(files[CONFIG])
        if config.model != NAME:
            raise EngineUnavailableError(f"{folder} holds no XTTS model: put one there")
        model = Model(config)
        model.tokenizer = VoiceBpeTokenizer(vocab_file=files[VOCABULARY])
        model.init_models()
        model.load_state_dict(_state(files[CHECKPOINT]))
        model.speaker_manager = SpeakerManager(files[SPEAKERS])
    except (pickle.UnpicklingError, RuntimeError, ValueError, KeyError, EOFError) as error:
        raise EngineUnavailableError(f"{NAME} cannot read the model in {folder}: put the files there again") from error
    model.eval()
    return model


def _state(path: Path) -> dict[str, Any]:
    """Return the weights of a published checkpoint or of the trainer's, without those that only training needs."""
    import torch
    from TTS.config.shared_configs import BaseDatasetConfig
    from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig, XttsConfig

    moved = "TTS.tts.models.xtts"  # the module of the classes when the published checkpoint was written
    known = [
        XttsConfig,
        BaseDatasetConfig,
        (XttsArgs, f"{moved}.XttsArgs"),
        (XttsAudioConfig, f"{moved}.XttsAudioConfig"),
    ]
    with torch.serialization.safe_globals(known):
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    weights = {name.removeprefix("xtts."): tensor for name, tensor in checkpoint["model"].items()}
    return {name: tensor for name, tensor in weights.items() if not name.startswith(_ONLY_FOR_TRAINING)}


def conditioning(model: Any, reference: VoiceReference) -> Conditioning:
    """Return the voice of a reference."""
    import torch
    import torchaudio

    config, rate_hz = model.config, int(model.config.audio.sample_rate)
    sound = torch.from_numpy(np.ascontiguousarray(reference.sound.mono().samples.T))
    sound = torchaudio.functional.resample(sound, reference.sound.rate_hz, rate_hz)[:, : config.max_ref_len * rate_hz]
    latents = model.get_gpt_cond_latents(
        sound, rate_hz, length=config.gpt_cond_len, chunk_length=config.gpt_cond_chunk_len
    )
    return latents, model.get_speaker_embedding(sound, rate_hz)


def readable_parts(model: Any, text: str, language: str) -> list[str]:
    """Return the text in parts that are not too long to be spoken well, nor longer than the network takes.

    If a number cannot be read, the text's digits are read one by one.
    """
    try:
        model.tokenizer.preprocess_text(text.lower(), language)
    except (NotImplementedError, OverflowError, KeyError):  # num2words has no Hindi, and fails on very long numbers
        text = digit_by_digit(text, language)
    most_characters = int(model.tokenizer.char_limits[language])
    most_tokens = int(model.args.gpt_max_text_tokens)

    def fits(part: str) -> bool:
        lowered = part.lower()
        if len(lowered) > most_characters:  # checked first, because coqui-tts would log the text
            return False
        return len(model.tokenizer.encode(lowered, lang=language)) < most_tokens

    return split(text, fits)


def speak(model: Any, text: str, utterance: Utterance, voice: Conditioning) -> NDArray[np.float32]:
    """Return the samples of a part of an utterance, sampled as the model's configuration says: shape ``(frames,)``."""
    config = model.config
    output = model.inference(
        text,
        utterance.language,
        *voice,
        speed=utterance.speed,
        temperature=config.temperature,
        length_penalty=config.length_penalty,
        repetition_penalty=config.repetition_penalty,
        top_k=config.top_k,
        top_p=config.top_p,
    )
    return np.asarray(output["wav"], np.float32).reshape(-1)
