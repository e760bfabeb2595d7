"""Pulling models into the cache: every file is downloaded to a staging folder, verified, renamed, and locked."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from dub_assets.core.errors import EngineUnavailableError, FileMissingError
from dub_assets.core.files import sha256_of, write_atomic
from dub_assets.engines.models import weights
from dub_assets.engines.models.download import WebFile, download
from dub_assets.engines.models.hub import commit_of, locate
from dub_assets.engines.models.remote import ModelsLock, PackedFile, RemoteFile, RemoteModel, check, exclusive

_STAGING = ".pull"
"""Folder inside a model's folder for files that are incomplete or not verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullProgress:
    """How much of a file is on disk, in bytes; ``total`` is None if the server does not report it."""

    model: RemoteModel
    file: RemoteFile
    done: int
    total: int | None


Report = Callable[[PullProgress], None]
"""Receives the progress of each missing file: at its start, after every block, and at its end."""


def pull(model: RemoteModel, *, cache_dir: Path, lock: ModelsLock, report: Report | None = None) -> None:
    """Download the missing files of a model, verify all files, and write their hashes into the lock.

    An interrupted pull continues where it stopped. Concurrent pulls of one model wait for each other.

    Raises EngineUnavailableError if a file does not exist or is not the one that was pinned or locked, and
    ServiceUnavailableError if the model's home does not answer.
    """
    folder, locked = model.folder(cache_dir), lock.hashes(model)
    with exclusive(folder.with_name(f"{folder.name}.lock")):
        commit = lock.commit(model)
        if not model.is_fixed and commit is None:
            commit = commit_of(model)
        puller = _Puller(
            model=model, revision=commit or model.revision, cache_dir=cache_dir, locked=locked, report=report
        )
        pulled = {}
        for file in model.files:
            complete = puller.ensure(file)
            if complete is not None:
                path = folder / complete.name
                pulled[complete.name] = weights.cached_sha256(path, cache_dir=cache_dir), path.stat().st_size
        shutil.rmtree(folder / _STAGING, ignore_errors=True)
    lock.write(model, commit=commit, files=pulled)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Puller:
    """Downloads the files of one model; ``locked`` are the hashes in the lock, by name."""

    model: RemoteModel
    revision: str
    cache_dir: Path
    locked: dict[str, str]
    report: Report | None

    def ensure(self, file: RemoteFile) -> RemoteFile | None:
        """Download a file unless it is there, and return it or its replacement; None if the model has neither.

        Raises FileMissingError if the model is incomplete without the file.
        """
        names = self._names(file)
        missing: FileMissingError | None = None
        for name in names:
            wanted = file if name == file.name else RemoteFile(name=name)
            try:
                if not self._is_here(wanted):
                    self._download(wanted)
            except FileMissingError as error:
                missing = error
            else:
                return wanted
        if file.may_be_missing:
            return None
        raise missing or EngineUnavailableError(
            f"the lock has no {file.name} of {self.model.pin}: delete the model's entry there, and pull again"
        )

    def _names(self, file: RemoteFile) -> Collection[str]:
        return [name for name in file.names if file.otherwise is None or not self.locked or name in self.locked]

    def _is_here(self, file: RemoteFile) -> bool:
        """Return whether the file is there as pinned and locked; delete a damaged one."""
        path = self.model.folder(self.cache_dir) / file.name
        if not path.is_file():
            return False
        try:
            digest = weights.cached_sha256(path, cache_dir=self.cache_dir)
            check(self.model, file.name, digest, (file.sha256, self.locked.get(file.name, "")))
        except EngineUnavailableError:
            path.unlink()
            return False
        return True

    def _download(self, file: RemoteFile) -> None:
        """Download a file, verify it, and then rename it."""
        folder = self.model.folder(self.cache_dir)
        staged = folder / _STAGING / file.name
        if file.packed:
            digest = self._unpacked(file, file.packed, staged)
        else:
            source, sha256 = self._source(file)
            digest = self._verified(file, source, staged, (file.sha256, self.locked.get(file.name, ""), sha256))
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(target)
        weights.remember_sha256(target, digest, cache_dir=self.cache_dir)

    def _unpacked(self, file: RemoteFile, packed: PackedFile, staged: Path) -> str:
        """Download, verify and unpack the packed file to ``staged``; return the sha256 of the content."""
        archive = staged.with_name(f"{file.name}.packed")
        source = WebFile(address=packed.address, size=packed.size)
        self._verified(file, source, archive, (packed.sha256,))
        try:
            content = packed.unpack(archive.read_bytes())
        except ValueError as error:
            archive.unlink()
            raise EngineUnavailableError(f"{packed.address} cannot be unpacked ({error}): pull again") from error
        digest = hashlib.sha256(content).hexdigest()
        check(self.model, file.name, digest, (file.sha256, self.locked.get(file.name, "")))
        write_atomic(staged, content)
        archive.unlink()
        return digest

    def _verified(self, file: RemoteFile, source: WebFile, staged: Path, expected: Sequence[str]) -> str:
        """Download to ``staged`` and return the sha256, which matches all expected ones.

        A continued download that does not match is repeated from its start.
        """
        while True:
            continued = staged.is_file() or download(source, staged, self._reporter(file))
            digest = sha256_of(staged)
            try:
                check(self.model, file.name, digest, expected)
            except EngineUnavailableError:
                staged.unlink()
                if not continued:
                    raise
            else:
                return digest

    def _source(self, file: RemoteFile) -> tuple[WebFile, str]:
        """Return where to download a file from, and its sha256 there, "" if the server does not report it."""
        if self.model.on_hub:
            return locate(self.model, file.name, self.revision)
        return WebFile(address=f"{self.model.home}/{file.name}", size=file.size), ""

    def _reporter(self, file: RemoteFile) -> Callable[[int, int | None], None] | None:
        report = self.report
        if report is None:
            return None
        return lambda done, total: report(PullProgress(model=self.model, file=file, done=done, total=total))
