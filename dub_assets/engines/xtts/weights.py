"""XTTS' weights: the user's own folder or the model hub, and the studio speakers in them."""

from __future__ import annotations

from pathlib import Path

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.models import whole_model
from dub_assets.engines.models.remote import RemoteFile, RemoteModel
from dub_assets.engines.shared.torch_file import read_names

NAME = "xtts"
LICENCE = "CPML"
MODEL_MIB = 3_000
"""Memory of the model and of one line, in MiB: an estimate."""

CONFIG, CHECKPOINT, VOCABULARY, SPEAKERS = "config.json", "model.pth", "vocab.json", "speakers_xtts.pth"

MODEL = RemoteModel(
    name="xtts-v2",
    home="coqui/XTTS-v2",
    revision="6c2b0d75eae4b7047358e3b6bd9325f857d43f77",
    files=(
        RemoteFile(name=CONFIG, size=4_368, sha256="ef262b1454dd2a77e1461b0b2cd53e19b8a7624cc131b837d36df67356bc75e8"),
        RemoteFile(
            name=CHECKPOINT,
            size=1_867_929_118,
            sha256="c7ea20001c6a0a841c77e252d8409f6a74fb423e79b3206a0771ba5989776187",
        ),
        RemoteFile(
            name=VOCABULARY, size=361_219, sha256="928260878a59da8a72a2a5b7687fea29d5106137669d90945430fe17e415304a"
        ),
        RemoteFile(
            name=SPEAKERS, size=7_754_818, sha256="f0f6137c19a4eab0cbbe4c99b5babacf68b1746e50da90807708c10e645b943b"
        ),
    ),
    licence=LICENCE,
    commercial_use=False,
    memory_mib=MODEL_MIB,
)
"""XTTS v2.0.3."""


def models(settings: EngineSettings) -> tuple[RemoteModel, ...]:
    """Return the model to pull, or none if the user has an own one."""
    return whole_model.to_pull(NAME, MODEL, settings)


def studio_speakers(settings: EngineSettings) -> tuple[str, ...]:
    """Return the names of the speakers in the weights, in their order; none if there are no weights yet.

    Raises EngineUnavailableError if the file cannot be read.
    """
    folder = MODEL.folder(settings.cache_dir) if models(settings) else (settings.weights_dir or Path()) / NAME
    path = folder / SPEAKERS
    if not path.is_file():
        return ()
    try:
        return tuple(read_names(path))
    except ValueError as error:
        raise EngineUnavailableError(f"{NAME} cannot read {path}: put the file there again") from error
