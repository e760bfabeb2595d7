"""Finds pyannote's models: in the weights folder, or fetched from the model hub, where a gate has to be passed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.models import whole_model
from dub_assets.engines.models.remote import RemoteFile, RemoteModel
from dub_assets.engines.models.weights import Weights

NAME = "pyannote"
LICENCE = "CC-BY-4.0"
MODEL_MIB = 400
"""Memory of the models, without a batch: an estimate."""

CONFIG = "config.yaml"
_PARTS = ("segmentation", "embedding", "plda")

MODEL = RemoteModel(
    name="speaker-diarization-community-1",
    home="pyannote/speaker-diarization-community-1",
    revision="3533c8cf8e369892e6b79ff1bf80f7b0286a54ee",
    files=(
        RemoteFile(name=CONFIG, size=444, sha256="5ce2bfa9a938dc132cec1172592d65173cbb8f444ea1e4133f10f9391de155be"),
        RemoteFile(
            name="segmentation/pytorch_model.bin",
            size=5_906_507,
            sha256="7ad24338d844fb95985486eb1a464e32d229f6d7a03c9abe60f978bacf3f816e",
        ),
        RemoteFile(
            name="embedding/pytorch_model.bin",
            size=26_646_242,
            sha256="6f10ff60898a1d185fa22e1d11e0bfa8a92efec811f11bca48cb8cafebefd929",
        ),
        RemoteFile(
            name="plda/plda.npz",
            size=133_852,
            sha256="9b77bcd840692710dd3496f62ecfeed8d8e5f002fd991b785079b244eab7d255",
        ),
        RemoteFile(
            name="plda/xvec_transform.npz",
            size=134_376,
            sha256="325f1ce8e48f7e55e9c8aa47e05d2766b7c48c4b25b8de8dd751e7a4cc5fbe8f",
        ),
    ),
    licence=LICENCE,
    memory_mib=MODEL_MIB,
)
"""A pipeline of segmentation, embedding and PLDA in one repository, whose conditions have to be accepted."""


def models(settings: EngineSettings) -> tuple[RemoteModel, ...]:
    """Return the model to fetch; none if the weights folder has one."""
    return whole_model.to_pull(NAME, MODEL, settings)


def find(settings: EngineSettings) -> Weights:
    """Return the verified files, all in one folder. Raises EngineUnavailableError if one is missing."""
    return whole_model.find(NAME, MODEL, settings)


def check_config(path: Path, config: Any) -> None:
    """Raise EngineUnavailableError if a pipeline refers to models elsewhere: it would download them."""
    try:
        places = {part: config["pipeline"]["params"][part] for part in _PARTS}
    except (KeyError, TypeError) as error:
        raise EngineUnavailableError(f"{path} is not a configuration of {NAME}: replace the file") from error
    for part, place in places.items():
        if place != f"$model/{part}":
            raise EngineUnavailableError(f"{path} takes its {part} from {place}: set it to $model/{part}")
