"""A model whose files lie in one folder: the user's own, taken whole, or else the one that was fetched."""

from __future__ import annotations

from collections.abc import Collection

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.models import remote, weights
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.models.weights import Weights


def to_fetch(engine: str, model: RemoteModel, settings: EngineSettings) -> tuple[RemoteModel, ...]:
    """The model, unless ``<engine>/`` of the weights folder holds one."""
    return () if weights.has_own(engine, settings.weights_dir) else (model,)


def find(
    engine: str,
    model: RemoteModel,
    settings: EngineSettings,
    *,
    needs: Collection[str] = (),
    remedy: str = "put the files there",
) -> Weights:
    """The files by name, verified. Raises EngineUnavailableError where one is missing.

    A model of one's own must have the files that ``needs`` names, or all of the fetched one's where it names none;
    ``remedy`` says what to do where it has not.
    """
    if to_fetch(engine, model, settings):
        return remote.find(engine, model, cache_dir=settings.cache_dir, lock=settings.lock)
    found = weights.own(engine, cache_dir=settings.cache_dir, folder=settings.weights_dir)
    needed = needs or [file.name for file in model.files]
    if missing := [name for name in needed if name not in found]:
        raise EngineUnavailableError(f"{engine}/ of the weights folder lacks {', '.join(sorted(missing))}: {remedy}")
    return found
