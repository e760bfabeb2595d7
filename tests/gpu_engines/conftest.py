from __future__ import annotations

import pytest
import torch

from dub_assets.engines.telemetry import disable_telemetry

torch.set_num_threads(1)  # tiny models are not faster with more threads, and much slower beside other work
disable_telemetry()  # before a test imports pyannote, which turns its metrics on

LIBRARY_WARNINGS = (
    "ignore::UserWarning:pyannote",  # no torchcodec for this torch: sounds are passed as arrays
    "ignore::UserWarning:torch",
    "ignore::UserWarning:torchaudio",
    "ignore::UserWarning:lightning",
    "ignore::DeprecationWarning:pyannote",
    "ignore::FutureWarning",
    "ignore:TensorFloat-32",
)
"""Warnings that the libraries raise about themselves and each other."""


def pytest_configure(config: pytest.Config) -> None:
    for line in LIBRARY_WARNINGS:
        config.addinivalue_line("filterwarnings", line)
