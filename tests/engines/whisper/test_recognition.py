"""Every recogniser does what the port says; add another engine's entry to ``RECOGNISERS``."""

from __future__ import annotations

import pytest
from support.contracts.recognition import CLAUSE, RecogniserContract
from support.recordings import chunk

from dub_assets.core.errors import EngineUnavailableError, InputError
from dub_assets.core.ports import Recogniser
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.whisper import faster_whisper

pytestmark = pytest.mark.models

RECOGNISERS = [faster_whisper.ENTRY]


@pytest.fixture(scope="module", params=RECOGNISERS, ids=lambda entry: entry.name)
def recogniser(request, tmp_path_factory) -> Recogniser:
    settings = EngineSettings(cache_dir=tmp_path_factory.mktemp("cache"), weights_dir=None, threads=2)
    return request.param.build(settings)


class TestContract(RecogniserContract):
    """What every recogniser does."""


def test_no_language_is_detected_in_nothing(recogniser: Recogniser):
    with pytest.raises(InputError, match="name the source language"):
        recogniser.detect_language([])


def test_a_folder_of_ones_own_must_hold_a_whole_model(tmp_path):
    own = tmp_path / faster_whisper.NAME / "model.bin"
    own.parent.mkdir()
    own.write_bytes(b"half a model")
    settings = EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path, threads=1)
    with pytest.raises(EngineUnavailableError, match=r"lacks config\.json, tokenizer\.json"):
        faster_whisper.FasterWhisper(settings).recognise([chunk(CLAUSE)], "en")
