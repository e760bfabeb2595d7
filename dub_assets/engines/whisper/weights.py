"""Finds Whisper's weights for CTranslate2: in packages, the weights folder, or fetched from the model hub."""

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
from dub_assets.engines.whisper.model import CAPABILITIES, WEIGHTS
from dub_assets.engines.whisper.whisper_models import MODELS

FOLDER = "faster-whisper"
"""Name of the models' folder in the weights folder and the cache, for each engine that runs Whisper."""

PACKAGED = "base"

EXTENSION = (
    "set WHISPER_MODEL to a size without .en, such as base or large-v3, "
    f"or put a complete CTranslate2 model into {FOLDER}/ of the weights folder"
)
"""Advice for languages that a model does not know."""

_ENGLISH = ".en"
_MULTILINGUAL_TOKENS = 51_865
"""Vocabulary size from which CTranslate2 takes a model for multilingual."""

_REQUIRED_FILES = {"config.json", "model.bin", "tokenizer.json"}


def models(settings: EngineSettings) -> tuple[RemoteModel, ...]:
    """Return the hub model that the settings name; none for packaged weights or a folder of the weights folder.

    Raises ConfigurationError for an unknown name.
    """
    name = settings.models.whisper
    if name == PACKAGED or weights.has_own(f"{FOLDER}/{name}", settings.weights_dir):
        return ()
    if name not in MODELS:
        known = ", ".join([PACKAGED, *MODELS])
        raise ConfigurationError(
            f"WHISPER_MODEL={name!r} is none of {known}, nor a folder in {FOLDER}/ of the weights folder"
        )
    return (MODELS[name],)


def capabilities(settings: EngineSettings) -> RecogniserCapabilities:
    """Return what the model that the settings name can do: all languages, or English only and no detection."""
    if not _is_english_only(settings):
        return CAPABILITIES
    return replace(CAPABILITIES, languages=frozenset({"en"}), detects_language=False)


def find(settings: EngineSettings) -> Weights:
    """Return the verified files of a complete model, all in one folder."""
    cache_dir, folder = settings.cache_dir, settings.weights_dir
    if fetched := models(settings):
        return remote.find(FOLDER, fetched[0], cache_dir=cache_dir, lock=settings.lock)
    if settings.models.whisper != PACKAGED:
        return _complete(weights.own(f"{FOLDER}/{settings.models.whisper}", cache_dir=cache_dir, folder=folder))
    own = folder / FOLDER if folder else None
    is_replaced = own is not None and own.is_dir() and any(path.is_file() for path in own.iterdir())
    return _complete(
        weights.find(FOLDER, WEIGHTS, cache_dir=cache_dir, folder=folder if is_replaced else None, together=True)
    )


def _is_english_only(settings: EngineSettings) -> bool:
    name, folder = settings.models.whisper, settings.weights_dir
    if name.endswith(_ENGLISH):
        return True
    own = folder / FOLDER / ("" if name == PACKAGED else name) if folder else None
    tokens = _vocabulary_size(own) if own else None
    return tokens is not None and tokens < _MULTILINGUAL_TOKENS


def _vocabulary_size(folder: Path) -> int | None:
    """Return the number of tokens of a converted model; None if it has no readable vocabulary."""
    text_file, json_file = folder / "vocabulary.txt", folder / "vocabulary.json"
    try:
        if text_file.is_file():
            return text_file.read_bytes().count(b"\n")
        return len(json.loads(json_file.read_bytes())) if json_file.is_file() else None
    except (ValueError, TypeError):  # loading the model reports an invalid vocabulary
        return None


def _complete(found: Weights) -> Weights:
    if missing := _REQUIRED_FILES - found.keys():
        raise EngineUnavailableError(
            f"the model in {FOLDER}/ of the weights folder has no {', '.join(sorted(missing))}: "
            "put a complete CTranslate2 model there"
        )
    return found
