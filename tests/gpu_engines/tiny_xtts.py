"""A small random XTTS, written the way it is published: the classes of its configuration inside the checkpoint."""

from __future__ import annotations

import string
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig, XttsConfig
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
from TTS.tts.models import xtts

LANGUAGES = ["ar", "cs", "de", "en", "es", "fr", "hi", "hu", "it", "ja", "ko", "nl", "pl", "pt", "ru", "tr", "zh-cn"]
SPEAKERS = ("Anna Kowalska", "Bert")
CHANNELS = 32
FRAMES = 24
"""The most codes that the network says, of 46 ms each."""


def write(folder: Path, *, trained: bool = False) -> None:
    """``trained``: as the trainer writes a checkpoint, with what only training needs."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    arguments = XttsArgs(
        gpt_max_audio_tokens=FRAMES + 3,
        gpt_max_text_tokens=120,
        gpt_layers=1,
        gpt_n_model_channels=CHANNELS,
        gpt_n_heads=2,
        gpt_num_audio_tokens=34,
        gpt_start_audio_token=32,
        gpt_stop_audio_token=33,
        gpt_use_perceiver_resampler=True,
        decoder_input_dim=CHANNELS,
    )
    config = XttsConfig(model_args=arguments, temperature=0.75, gpt_cond_len=30, max_ref_len=30)
    config.save_json(str(folder / "config.json"))
    _write_vocabulary(folder / "vocab.json")
    model = xtts.Xtts(config)
    model.tokenizer = VoiceBpeTokenizer(vocab_file=folder / "vocab.json")
    model.init_models()
    state = model.state_dict()
    if trained:
        state = {f"xtts.{name}": tensor for name, tensor in state.items()}
        state |= {"dvae.codebook": torch.zeros(2), "torch_mel_spectrogram_dvae.window": torch.zeros(2)}
        torch.save({"model": state}, folder / "model.pth")
    else:
        _save_as_published({"config": config, "model": state}, folder / "model.pth")
    speakers = {name: _speaker() for name in SPEAKERS}
    torch.save(speakers, folder / "speakers_xtts.pth")


def _speaker() -> dict[str, torch.Tensor]:
    return {
        "gpt_cond_latent": torch.randn(1, CHANNELS, 32).transpose(1, 2),
        "speaker_embedding": torch.randn(1, 512, 1),
    }


def _save_as_published(checkpoint: dict, path: Path) -> None:
    """With the classes where they were then."""
    moved = (XttsArgs, XttsAudioConfig)
    places = [kind.__module__ for kind in moved]
    for kind in moved:
        kind.__module__ = xtts.__name__
    torch.save(checkpoint, path)
    for kind, place in zip(moved, places, strict=True):
        kind.__module__ = place


def _write_vocabulary(path: Path) -> None:
    signs = ["[STOP]", "[UNK]", "[SPACE]", "[START]", *(f"[{language}]" for language in LANGUAGES)]
    vocabulary = {sign: number for number, sign in enumerate([*signs, *string.ascii_lowercase, *".,!?'"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="[UNK]"))
    tokenizer.add_special_tokens(signs)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(path))
