from __future__ import annotations

import pytest
import torch

torch.set_num_threads(1)  # tiny models gain nothing from more, and lose much beside other work

THEIRS = (
    "ignore::UserWarning:pyannote",  # no torchcodec that fits: sounds go in as arrays
    "ignore::UserWarning:torch",
    "ignore::UserWarning:torchaudio",
    "ignore::UserWarning:lightning",
    "ignore::DeprecationWarning:pyannote",
    "ignore::FutureWarning",
    "ignore:TensorFloat-32",
)
"""Warnings of the libraries about themselves and each other."""


def pytest_configure(config: pytest.Config) -> None:
    for line in THEIRS:
        config.addinivalue_line("filterwarnings", line)
