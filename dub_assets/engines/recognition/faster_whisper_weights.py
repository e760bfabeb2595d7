"""Where faster-whisper's weights come from: packages, the user's own folder, or the model hub."""

from __future__ import annotations

from dub_assets.domain.errors import ConfigurationError, EngineUnavailableError
from dub_assets.engines import remote, weights
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.recognition.whisper import WEIGHTS
from dub_assets.engines.recognition.whisper_models import MODELS
from dub_assets.engines.remote import RemoteModel
from dub_assets.engines.weights import Weights

NAME = "faster-whisper"
PACKAGED = "base"

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


def _whole(found: Weights) -> Weights:
    if missing := _NEEDED - found.keys():
        raise EngineUnavailableError(
            f"your own model of {NAME} in the weights folder lacks {', '.join(sorted(missing))}: "
            "put a whole CTranslate2 model there"
        )
    return found
