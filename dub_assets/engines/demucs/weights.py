"""Finds Demucs' weights: in the weights folder, or fetched from the server of the Demucs project."""

from __future__ import annotations

from pathlib import Path

from dub_assets.core.errors import ConfigurationError, EngineUnavailableError
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.models import remote, weights
from dub_assets.engines.models.remote import RemoteFile, RemoteModel
from dub_assets.engines.models.weights import Weights

NAME = "demucs"
LICENCE = "MIT"
MODEL_MIB = 600
"""Memory of one model, the library's context included: an estimate."""


def _model(name: str, *files: str) -> RemoteModel:
    """Return a model of these files, whose names end in the first digits of their sha256."""
    return RemoteModel(
        name=name,
        home="https://dl.fbaipublicfiles.com/demucs/hybrid_transformer",
        revision=name,
        files=tuple(RemoteFile(name=f"{file}.th", sha256=file.partition("-")[2]) for file in files),
        licence=LICENCE,
        memory_mib=MODEL_MIB,
    )


MODELS = {
    "htdemucs": _model("htdemucs", "955717e8-8726e21a"),
    "htdemucs_ft": _model(
        "htdemucs_ft", "f7e0c4bc-ba3fe64a", "d12395a8-e57c48e6", "92cfc3b6-ef3bcb9c", "04573f0d-f3cf25b2"
    ),
}
"""The hybrid transformer, and four of it, each fine-tuned for one source; only the one for vocals is run."""


def models(settings: EngineSettings) -> tuple[RemoteModel, ...]:
    """Return the model to fetch; none if the weights folder has it. Raises ConfigurationError for an unknown name."""
    name = settings.models.demucs
    if weights.has_own(f"{NAME}/{name}", settings.weights_dir):
        return ()
    if name not in MODELS:
        known = ", ".join(MODELS)
        raise ConfigurationError(
            f"DEMUCS_MODEL={name!r} is none of {known}, nor a folder in {NAME}/ of the weights folder"
        )
    return (MODELS[name],)


def find(settings: EngineSettings) -> Weights:
    """Return the verified files of the model, all in one folder: ``*.th``, and ``<model>.yaml`` of a user's own bag."""
    if fetched := models(settings):
        return remote.find(NAME, fetched[0], cache_dir=settings.cache_dir, lock=settings.lock)
    name = settings.models.demucs
    found = weights.own(f"{NAME}/{name}", cache_dir=settings.cache_dir, folder=settings.weights_dir)
    if not any(Path(file).suffix == ".th" for file in found):
        raise EngineUnavailableError(f"{NAME}/{name}/ of the weights folder has no *.th: put a Demucs model there")
    return found
