"""Where faster-whisper's weights come from: packages, the user's own folder, or the model hub."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from dub_assets.core.engine import RecogniserCapabilities
from dub_assets.core.errors import ConfigurationError, EngineUnavailableError
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.models import remote, weights
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.whisper.whisper import CAPABILITIES, WEIGHTS
from dub_assets.engines.whisper.whisper_models import MODELS

NAME = "faster-whisper"
PACKAGED = "base"

EXTENSION = (
    "set WHISPER_MODEL to a size without .en, such as base or large-v3, "
    f"or put a whole CTranslate2 model into {NAME}/ of the weights folder"
)
"""How to have more languages than a model serves."""

_ENGLISH = ".en"
_TOKENS_OF_ALL = 51_865
"""In the vocabulary of the smallest model that knows more than English; CTranslate2 tells them apart by this."""

_NEEDED = {"config.json", "model.bin", "tokenizer.json"}


def models(settings: EngineSettings) -> tuple[RemoteModel, ...]:
    """The model of the hub that the settings name, if they name one. Raises ConfigurationError for unknown names."""
    name = settings.models.whisper
    if name == PACKAGED or weights.has_own(f"{NAME}/{name}", settings.weights_dir):
        return ()
    if name not in MODELS:
        known = ", ".join([PACKAGED, *MODELS])
        raise ConfigurationError(
            f"WHISPER_MODEL={name!r} is none of {known}, nor a folder in {NAME}/ of the weights folder"
        )
    return (MODELS[name],)


def capabilities(settings: EngineSettings) -> RecogniserCapabilities:
    """What the model that the settings name can do: all of Whisper's languages, or English without telling it."""
    if not _knows_english_alone(settings):
        return CAPABILITIES
    return replace(CAPABILITIES, languages=frozenset({"en"}), detects_language=False)


def find(settings: EngineSettings) -> Weights:
    """The files of one whole model, all in one folder, verified."""
    cache_dir, folder = settings.cache_dir, settings.weights_dir
    if wanted := models(settings):
        return remote.find(NAME, wanted[0], cache_dir=cache_dir, lock=settings.lock)
    if settings.models.whisper != PACKAGED:
        return _whole(weights.own(f"{NAME}/{settings.models.whisper}", cache_dir=cache_dir, folder=folder))
    own = folder / NAME if folder else None
    replaced = own is not None and own.is_dir() and any(path.is_file() for path in own.iterdir())
    return _whole(weights.find(NAME, WEIGHTS, cache_dir=cache_dir, folder=folder if replaced else None, together=True))


def _knows_english_alone(settings: EngineSettings) -> bool:
    name, folder = settings.models.whisper, settings.weights_dir
    if name.endswith(_ENGLISH):
        return True
    own = folder / NAME / ("" if name == PACKAGED else name) if folder else None
    tokens = _vocabulary_size(own) if own else None
    return tokens is not None and tokens < _TOKENS_OF_ALL


def _vocabulary_size(folder: Path) -> int | None:
    """How many tokens a converted model knows; None where there is no vocabulary to read."""
    lines, listed = folder / "vocabulary.txt", folder / "vocabulary.json"
    try:
        if lines.is_file():
            return lines.read_bytes().count(b"\n")
        return len(json.loads(listed.read_text(encoding="utf-8"))) if listed.is_file() else None
    except (ValueError, TypeError):  # what is no vocabulary fails when the model is loaded
        return None


def _whole(found: Weights) -> Weights:
    if missing := _NEEDED - found.keys():
        raise EngineUnavailableError(
            f"your own model of {NAME} in the weights folder lacks {', '.join(sorted(missing))}: "
            "put a whole CTranslate2 model there"
        )
    return found
