"""A model whose files are in one folder: the user's own, used as a whole, or else the pulled one."""

from __future__ import annotations

from collections.abc import Collection

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.models import remote, weights
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.models.weights import Weights


def to_pull(engine: str, model: RemoteModel, settings: EngineSettings) -> tuple[RemoteModel, ...]:
    """Return the model to pull: none if ``<engine>/`` of the weights folder has one."""
    return () if weights.has_own(engine, settings.weights_dir) else (model,)


def find(
    engine: str,
    model: RemoteModel,
    settings: EngineSettings,
    *,
    needs: Collection[str] = (),
    remedy: str = "put the files there",
) -> Weights:
    """Return the files by name, verified. Raises EngineUnavailableError if one is missing.

    The user's own model must have the files in ``needs``, by default all files of the pulled model; ``remedy`` says
    what to do if it does not.
    """
    if to_pull(engine, model, settings):
        return remote.find(engine, model, cache_dir=settings.cache_dir, lock=settings.lock)
    files = weights.own(engine, cache_dir=settings.cache_dir, folder=settings.weights_dir)
    needed = needs or [file.name for file in model.files]
    if missing := [name for name in needed if name not in files]:
        raise EngineUnavailableError(f"{engine}/ of the weights folder has no {', '.join(sorted(missing))}: {remedy}")
    return files
