"""A small random HTDemucs, written the way Demucs' own training writes one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import torch
from demucs.htdemucs import HTDemucs
from demucs.states import get_state

SOURCES = ["drums", "bass", "other", "vocals"]
_OPEN = 20.0
"""Before a gate's sigmoid: it lets everything through."""


def write(
    folder: Path, name: str = "htdemucs", *, models: int = 1, sources: list[str] = SOURCES, voice: float | None = None
) -> None:
    """``name`` as a bag of ``models`` models, each for one source where there are several, as in htdemucs_ft.

    Models that are to take something for the voice, since a job needs speech, hear ``voice`` of the mixture as vocals.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(models):
        torch.manual_seed(number)
        model = HTDemucs(
            sources=sources,
            channels=8 if voice is None else 16,
            depth=4,
            bottom_channels=16,
            t_layers=1,
            t_heads=2,
            t_hidden_scale=1.0,
            segment=Fraction(1, 2),
        )
        if voice is not None:
            with torch.no_grad():
                _hear_as_voice(model, voice)
        arguments, options = model._init_args_kwargs
        package = {"klass": HTDemucs, "args": arguments, "kwargs": options, "state": get_state(model, None, half=True)}
        torch.save(package, folder / f"tiny{number}.th")
    lines = [f"models: [{', '.join(f'tiny{number}' for number in range(models))}]"]
    if models > 1:
        rows = [[float(row == column) for column in range(models)] for row in range(models)]
        lines.append(f"weights: {rows}")
    (folder / f"{name}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _hear_as_voice(model: HTDemucs, share: float) -> None:
    """Let the outermost layers of the waveform's branch pass the mixture on, and silence all other ways out.

    The encoder's stride of four puts four samples of two channels into sixteen: each once as it is and once negated,
    for ``gelu(x) - gelu(-x) = x``.
    """
    encoder, decoder = model.tencoder[0], model.tdecoder[-1]
    for layer in (model.decoder[-1].conv_tr, model.tdecoder[-2].conv_tr, encoder.conv, decoder.conv_tr):
        layer.weight.zero_()
        layer.bias.zero_()
    for layer in (encoder, decoder):
        _pass_on(layer.rewrite)
        for name, parameter in layer.named_parameters():
            if name.endswith(".scale"):  # of what is added to the signal
                parameter.zero_()
    first = model.sources.index("vocals") * 2
    for channel in range(2):
        for sample in range(4):
            for sign, at in ((1.0, 0), (-1.0, 1)):
                carrier = channel * 8 + sample * 2 + at
                encoder.conv.weight[carrier, channel, sample + 2] = sign
                decoder.conv_tr.weight[carrier, first + channel, sample + 2] = sign * share


def _pass_on(rewrite: torch.nn.Conv1d) -> None:
    """A gated convolution that changes nothing."""
    rewrite.weight.zero_()
    rewrite.bias.zero_()
    carriers = rewrite.weight.shape[1]
    rewrite.weight[range(carriers), range(carriers), rewrite.weight.shape[2] // 2] = 1.0
    rewrite.bias[carriers:] = _OPEN
