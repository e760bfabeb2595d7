"""A small random VITS, written the way coqui-tts' trainer writes one."""

from __future__ import annotations

from pathlib import Path

import torch
from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
from TTS.tts.models.vits import Vits

PHONEME_FRAMES = 6.0
"""How long the network takes each character to be."""


def write(folder: Path, *, seed: int = 0, rate_hz: int = 22_050, stochastic: bool = False) -> None:
    folder.mkdir(parents=True)
    torch.manual_seed(seed)
    arguments = VitsArgs(
        hidden_channels=16,
        hidden_channels_ffn_text_encoder=16,
        num_heads_text_encoder=2,
        num_layers_text_encoder=1,
        num_layers_posterior_encoder=1,
        num_layers_flow=1,
        upsample_initial_channel_decoder=32,
        use_sdp=stochastic,
        init_discriminator=False,
    )
    config = VitsConfig(model_args=arguments, text_cleaner="basic_cleaners", use_phonemes=False)
    config.audio["sample_rate"] = rate_hz
    model = Vits(config)
    if not stochastic:
        with torch.no_grad():
            model.duration_predictor.proj.bias.fill_(float(torch.log(torch.tensor(PHONEME_FRAMES))))
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    model.config.save_json(str(folder / "config.json"))
