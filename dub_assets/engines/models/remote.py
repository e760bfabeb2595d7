"""Models that are pulled ahead of time: pinned as data, looked up in the cache, verified at the first use.

Runs never download models; ``dub-assets models pull`` does (``engines/models/pull.py``). A pulled model is a plain
folder: ``<cache>/models/<home>/<revision>/<file>``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from dub_assets.core.engine import WeightFile
from dub_assets.core.errors import EngineUnavailableError, OutOfSpaceError
from dub_assets.core.files import write_atomic
from dub_assets.engines.models import weights
from dub_assets.engines.models.weights import Weights

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """A compressed file: its address, sha256 and size in bytes, and the function that unpacks its content."""

    address: str
    sha256: str
    size: int
    unpack: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file of a model: its path there, and its size in bytes and sha256 (or the first digits of it) as far as known.

    If a model may lack the file, ``otherwise`` names the file that replaces it, or is empty if the model is complete
    without it. A file with ``packed`` is downloaded from there and unpacked.
    """

    name: str
    sha256: str = ""
    size: int | None = None
    otherwise: str | None = None
    packed: PackedFile | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which the model may have it, in order of preference."""
        return (self.name, self.otherwise) if self.otherwise else (self.name,)

    @property
    def may_be_missing(self) -> bool:
        """Whether the model is complete without the file."""
        return self.otherwise == ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteModel:
    """A model in a repository of the model hub (``home`` is ``owner/name``) or in a web folder (its address).

    ``revision`` is a commit of the repository, or a tag whose commit is locked at the first pull; for a web folder it
    is a word that changes when the files do. ``memory_mib`` is an estimate of what the loaded model takes.
    ``pull_arguments`` are the arguments of ``dub-assets models pull`` that pull it, by default the engine's name.
    """

    name: str
    home: str
    revision: str
    files: tuple[RemoteFile, ...]
    licence: str
    commercial_use: bool = True
    memory_mib: int = 0
    pull_arguments: str | None = None

    @property
    def pin(self) -> str:
        """The model and its revision, as in the lock and in fingerprints."""
        return f"{self.home}@{self.revision}"

    @property
    def on_hub(self) -> bool:
        """Whether the model is in a repository of the hub."""
        return "://" not in self.home

    @property
    def is_fixed(self) -> bool:
        """Whether the revision determines the files."""
        return not self.on_hub or _COMMIT.fullmatch(self.revision) is not None

    def folder(self, cache_dir: Path) -> Path:
        """Return the folder of its pulled files."""
        return cache_dir / "models" / re.sub(r"[^A-Za-z0-9._-]+", "--", self.home) / self.revision

    def size(self) -> int | None:
        """Return the bytes of all files, or None if the size of one is unknown."""
        sizes = [file.size for file in self.files]
        return sum(size for size in sizes if size is not None) if None not in sizes else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsLock:
    """The file that records pulled models: by pin, the commit, and the sha256 and size of each file.

    Files that are pinned in full do not need it. All others are trusted at the first pull, and must match the lock from
    then on.
    """

    path: Path

    def read(self) -> dict[str, Any]:
        """Return all entries. Raises EngineUnavailableError if the file cannot be read."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise EngineUnavailableError(
                f"cannot read {self.path}: restore it, or delete it and run `dub-assets models pull`"
            ) from error
        return dict(content)

    def hashes(self, model: RemoteModel) -> dict[str, str]:
        """Return the locked sha256 of each file."""
        files: Mapping[str, Mapping[str, Any]] = self.read().get(model.pin, {}).get("files", {})
        return {name: str(file["sha256"]) for name, file in files.items()}

    def commit(self, model: RemoteModel) -> str | None:
        """Return the commit of a tag at its first pull, or None."""
        commit = self.read().get(model.pin, {}).get("commit")
        return str(commit) if commit else None

    def write(self, model: RemoteModel, *, commit: str | None, files: Mapping[str, tuple[str, int]]) -> None:
        """Record pulled files: (sha256, size) by name."""
        entry: dict[str, Any] = {"licence": model.licence}
        entry |= {"commit": commit} if commit else {}
        entry["files"] = {name: {"sha256": sha256, "size": size} for name, (sha256, size) in sorted(files.items())}
        if self.read().get(model.pin) == entry:
            return
        with exclusive(self.path.with_name(f".{self.path.name}.lock")):
            content = self.read() | {model.pin: entry}
            write_atomic(self.path, (json.dumps(dict(sorted(content.items())), indent=2) + "\n").encode())


def is_present(model: RemoteModel, cache_dir: Path) -> bool:
    """Return whether every file is there, without verifying it."""
    folder = model.folder(cache_dir)
    return all(any((folder / name).is_file() for name in file.names) for file in model.files if not file.may_be_missing)


def source_of(model: RemoteModel, cache_dir: Path) -> str:
    """Return where a model is or comes from, for users."""
    return str(model.folder(cache_dir)) if is_present(model, cache_dir) else f"to pull from {model.pin}"


def find(engine: str, model: RemoteModel, *, cache_dir: Path, lock: ModelsLock) -> Weights:
    """Return the files of a pulled model by name, verified, all in ``model.folder(cache_dir)``.

    Raises EngineUnavailableError, which names the command that pulls the model, if a file is missing or is not the one
    that was pinned and locked.
    """
    folder, locked = model.folder(cache_dir), lock.hashes(model)
    paths, weight_files = {}, []
    for file in model.files:
        name = file.name if file.otherwise is None else next((name for name in file.names if name in locked), file.name)
        if file.may_be_missing and locked and name not in locked:
            continue
        path = folder / name
        expected = file.sha256 if len(file.sha256) == _SHA256_DIGITS else locked.get(name)
        if expected is None or not path.is_file():
            raise EngineUnavailableError(
                f"{engine} needs {name} of {model.pin}, which is not here: run `dub-assets models pull "
                f"{model.pull_arguments or engine}`"
            )
        digest = weights.cached_sha256(path, cache_dir=cache_dir)
        check(model, name, digest, (file.sha256, expected))
        paths[name] = path
        weight_files.append(WeightFile(name=name, sha256=digest, licence=model.licence, origin=model.pin))
    return Weights(paths=paths, weight_files=tuple(weight_files))


def check(model: RemoteModel, name: str, digest: str, expected: Iterable[str]) -> None:
    """Raise EngineUnavailableError if a file's sha256 does not start with each of the expected ones."""
    for sha256 in expected:
        if not digest.startswith(sha256):
            raise EngineUnavailableError(
                f"{name} of {model.pin} is not the expected file (sha256 {digest[:12]}, not {sha256[:12]}): "
                f"delete {model.name}'s folder in models/ of the cache and run `dub-assets models pull` again"
            )


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Lock a file inside the block, so that other processes wait. The lock ends with the process at the latest."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire()
    except OSError as error:
        raise OutOfSpaceError(f"cannot write {path.name} into {path.parent}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()
