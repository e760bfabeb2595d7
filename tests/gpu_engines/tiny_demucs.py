"""A small random HTDemucs, written the way Demucs' own training writes one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import torch
from demucs.htdemucs import HTDemucs
from demucs.states import get_state

SOURCES = ["drums", "bass", "other", "vocals"]


def write(folder: Path, name: str = "htdemucs", *, models: int = 1, sources: list[str] = SOURCES) -> None:
    """``name`` as a bag of ``models`` models, each for one source where there are several, as in htdemucs_ft."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(models):
        torch.manual_seed(number)
        model = HTDemucs(
            sources=sources,
            channels=8,
            depth=4,
            bottom_channels=16,
            t_layers=1,
            t_heads=2,
            t_hidden_scale=1.0,
            segment=Fraction(1, 2),
        )
        arguments, options = model._init_args_kwargs
        package = {"klass": HTDemucs, "args": arguments, "kwargs": options, "state": get_state(model, None, half=True)}
        torch.save(package, folder / f"tiny{number}.th")
    lines = [f"models: [{', '.join(f'tiny{number}' for number in range(models))}]"]
    if models > 1:
        rows = [[float(row == column) for column in range(models)] for row in range(models)]
        lines.append(f"weights: {rows}")
    (folder / f"{name}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
