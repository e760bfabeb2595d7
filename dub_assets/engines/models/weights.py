"""Model weights in installed packages or in the user's own folder: found, joined, verified, cached."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path
from typing import Any

from dub_assets.core.engine import WeightFile
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.files import atomic_file, remove_abandoned, sha256_of, write_atomic
from dub_assets.engines.models.install import install_command

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagePart:
    """A file inside an installed package: ``path`` is relative to the folder of the top-level ``module``."""

    distribution: str
    version: str
    module: str
    path: str

    @property
    def pin(self) -> str:
        """The package as a requirement."""
        return f"{self.distribution}=={self.version}"

    def locate(self) -> Path | None:
        """Return the file, or None if the package is not installed or does not have it."""
        spec = util.find_spec(self.module)
        folders = (spec.submodule_search_locations if spec else None) or ()
        return next((path for folder in folders if (path := Path(folder, self.path)).is_file()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedFile:
    """A model file that packages ship, in one part or in several to be joined; ``name`` may have subfolders."""

    name: str
    parts: tuple[PackagePart, ...]
    sha256: str
    licence: str

    @property
    def pins(self) -> str:
        """The packages as requirements."""
        return " ".join(dict.fromkeys(part.pin for part in self.parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights(Mapping[str, Path]):
    """Files by name, and their descriptions in the engine's identity."""

    paths: dict[str, Path] = field(default_factory=dict)
    weight_files: tuple[WeightFile, ...] = ()

    def __getitem__(self, name: str) -> Path:
        return self.paths[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


def find(
    engine: str, files: Sequence[PackagedFile], *, cache_dir: Path, folder: Path | None, together: bool = False
) -> Weights:
    """Return the files of an engine, verified.

    ``folder/<engine>/<name>`` takes precedence if it exists; its real hash is then part of the identity. Otherwise the
    file comes from its packages: in place if it has one part, joined in ``cache_dir`` if it has several. With
    ``together`` all packaged files are put into one folder, and the user's own folder is used as a whole or not at all
    (see ``own``). Raises EngineUnavailableError or OutOfSpaceError.
    """
    if together and has_own(engine, folder):
        return own(engine, cache_dir=cache_dir, folder=folder)
    joined_dir = cache_dir / engine / _digest_of(files)
    paths, weight_files = {}, []
    for file in files:
        own_path = folder / engine / file.name if folder else None
        if own_path and own_path.is_file():
            path, weight = own_path, _own_weight(own_path, file.name, cache_dir)
        else:
            target = joined_dir / file.name if together or len(file.parts) > 1 else None
            path = _from_packages(engine, file, target, cache_dir)
            weight = WeightFile(name=file.name, sha256=file.sha256, licence=file.licence, origin=file.pins)
        paths[file.name] = path
        weight_files.append(weight)
    return Weights(paths=paths, weight_files=tuple(weight_files))


def own(engine: str, *, cache_dir: Path, folder: Path | None) -> Weights:
    """Return every file under the user's own ``folder/<engine>``, by its path there; empty if there is none."""
    if folder is None or not has_own(engine, folder):
        return Weights()
    root = folder / engine
    paths = {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*")) if _is_weight(path, root)}
    return Weights(paths=paths, weight_files=tuple(_own_weight(path, name, cache_dir) for name, path in paths.items()))


def has_own(engine: str, folder: Path | None) -> bool:
    """Return whether the user's own folder has any file for this engine."""
    root = folder / engine if folder else None
    return root is not None and any(_is_weight(path, root) for path in root.rglob("*"))


def are_present(engine: str, files: Sequence[PackagedFile], folder: Path | None) -> bool:
    """Return whether an engine's files are installed or the user has own files for it, without verifying them."""
    return has_own(engine, folder) or all(part.locate() for file in files for part in file.parts)


def missing_pins(files: Sequence[PackagedFile]) -> str:
    """Return the missing packages, as requirements."""
    parts = (part for file in files for part in file.parts)
    return " ".join(dict.fromkeys(part.pin for part in parts if not part.locate()))


def source_of(engine: str, file: PackagedFile, folder: Path | None) -> str:
    """Return where a file is or comes from, for users."""
    own_path = folder / engine / file.name if folder else None
    if own_path and own_path.is_file():
        return str(own_path)
    located = [part.locate() for part in file.parts]
    if all(located):
        return str(located[0]) if len(located) == 1 else f"joined from {file.pins}"
    return f"missing: comes with {file.pins}"


def cached_sha256(path: Path, *, cache_dir: Path) -> str:
    """Return the sha256 of a file, cached in ``cache_dir`` until the file's size or modification time changes."""
    note, state = _note_of(path, cache_dir)
    if (remembered := _remembered(note)) and remembered["state"] == state:
        return str(remembered["sha256"])
    digest = sha256_of(path)
    remember_sha256(path, digest, cache_dir=cache_dir)
    return digest


def remember_sha256(path: Path, digest: str, *, cache_dir: Path) -> None:
    """Store the sha256 of a file that was just hashed, for ``cached_sha256``."""
    note, state = _note_of(path, cache_dir)
    write_atomic(note, json.dumps({"state": state, "sha256": digest}).encode())


def _note_of(path: Path, cache_dir: Path) -> tuple[Path, list[Any]]:
    """Return where the sha256 of a file is stored, and the state of the file for which it is valid."""
    stat, place = path.stat(), str(path.resolve())
    note = cache_dir / "verified" / f"{hashlib.sha256(place.encode()).hexdigest()[:32]}.json"
    return note, [place, stat.st_size, stat.st_mtime_ns]


def _remembered(note: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(note.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # an unreadable note, as after a crash, is overwritten
        return None
    return content if isinstance(content, dict) and {"state", "sha256"} <= content.keys() else None


def _is_weight(path: Path, root: Path) -> bool:
    return path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)


def _own_weight(path: Path, name: str, cache_dir: Path) -> WeightFile:
    digest = cached_sha256(path, cache_dir=cache_dir)
    return WeightFile(name=name, sha256=digest, licence="the user's own", origin="weights folder")


def _digest_of(files: Sequence[PackagedFile]) -> str:
    return hashlib.sha256("\n".join(f"{file.name} {file.sha256}" for file in files).encode()).hexdigest()[:16]


def _from_packages(engine: str, file: PackagedFile, target: Path | None, cache_dir: Path) -> Path:
    if target and target.is_file() and cached_sha256(target, cache_dir=cache_dir) == file.sha256:
        return target
    if missing := missing_pins([file]):
        raise EngineUnavailableError(
            f"{engine} needs {file.name}: {install_command(f'--no-deps {missing}')}, or put the file into {engine}/ "
            "of the weights folder"
        )
    paths = [path for part in file.parts if (path := part.locate())]
    if target:
        _join(engine, file, paths, target)
        return target
    _verify(engine, file, cached_sha256(paths[0], cache_dir=cache_dir))
    return paths[0]


def _join(engine: str, file: PackagedFile, parts: Sequence[Path], target: Path) -> None:
    digest = hashlib.sha256()
    remove_abandoned(target.parent, recursive=False)
    with atomic_file(target) as partial, partial.open("wb") as stream:
        for part in parts:
            with part.open("rb") as source:
                while block := source.read(_BLOCK_BYTES):
                    digest.update(block)
                    stream.write(block)
        _verify(engine, file, digest.hexdigest())


def _verify(engine: str, file: PackagedFile, digest: str) -> None:
    if digest != file.sha256:
        raise EngineUnavailableError(
            f"{engine}: {file.name} from the installed packages is not the expected file (sha256 {digest[:12]}, not "
            f"{file.sha256[:12]}): {install_command(f'--no-deps --reinstall {file.pins}')}, or put a file of your own "
            f"into {engine}/ of the weights folder"
        )
