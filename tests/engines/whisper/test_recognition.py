"""Recognition by faster-whisper; other recognisers run the same contract with torch, in ``tests/gpu_engines``."""

from __future__ import annotations

import pytest
from support.contracts.recognition import RecogniserContract

from dub_assets.core.errors import InputError
from dub_assets.core.ports import Recogniser
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.faster_whisper import engine as faster_whisper

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory) -> Recogniser:
    settings = EngineSettings(cache_dir=tmp_path_factory.mktemp("cache"), weights_dir=None, threads=2)
    return faster_whisper.ENTRY.build(settings)


class TestContract(RecogniserContract):
    """The contract of recognisers."""


def test_refuses_to_detect_a_language_without_speech(recogniser: Recogniser):
    with pytest.raises(InputError, match="name the source language"):
        recogniser.detect_language([])
