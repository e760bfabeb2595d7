"""Records of the folders and files on this machine that hold a job's results.

They lie in ``deliveries/`` of DUB_ASSETS_HOME. They are not in the store, since other machines share it.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dub_assets.core.codec import decode, encode
from dub_assets.core.errors import ObjectCorruptError
from dub_assets.core.files import disk_errors, remove_abandoned, sha256_of, write_atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredFile:
    """A file as it was written; ``name`` is relative to the folder."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The results of a job in one folder.

    ``store`` describes the store that they came from; their names begin with ``stem``. ``follows``: a rebuild updates
    them.
    """

    store: str
    folder: str
    stem: str
    follows: bool
    files: tuple[DeliveredFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """All deliveries of a job, the latest first."""

    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecords:
    """The deliveries of a store's jobs to folders of this machine."""

    home: Path
    store: str

    def of(self, job_id: str) -> list[Delivery]:
        """Return the deliveries of a job, the latest first; none if the record cannot be read."""
        return [delivery for delivery in self._all(job_id) if delivery.store == self.store]

    def named(self, folder: Path, name: str) -> list[DeliveredFile]:
        """Return the versions of a file that any job of the store has delivered to a folder."""
        return [
            file
            for record in self._path("any").parent.glob("*.json")
            for delivery in self.of(record.stem)
            if delivery.folder == str(folder.resolve())
            for file in delivery.files
            if file.name == name
        ]

    def keep(self, job_id: str, delivery: Delivery) -> None:
        """Record a delivery, in place of an earlier one to the same folder."""
        others = [
            other for other in self._all(job_id) if (other.store, other.folder) != (delivery.store, delivery.folder)
        ]
        remove_abandoned(self._path(job_id).parent, recursive=False)
        write_atomic(self._path(job_id), encode(Deliveries(deliveries=(delivery, *others))))

    def _all(self, job_id: str) -> tuple[Delivery, ...]:
        try:
            return decode(Deliveries, self._path(job_id).read_bytes()).deliveries
        except (FileNotFoundError, NotADirectoryError, ObjectCorruptError):
            return ()

    def _path(self, job_id: str) -> Path:
        return self.home / "deliveries" / f"{job_id}.json"


def is_one_of(path: Path, versions: Collection[DeliveredFile]) -> bool:
    """Return whether the file at ``path`` has the content of one of these versions."""
    if not path.is_file():
        return False
    size_bytes = path.stat().st_size
    sizes = {version.size_bytes for version in versions}
    return size_bytes in sizes and sha256_of(path) in {version.sha256 for version in versions}


def is_taken(path: Path) -> bool:
    """Return whether anything has this name, even a broken link. Raises InputError if nothing can have it."""
    with disk_errors(path), suppress(FileNotFoundError, NotADirectoryError):
        path.lstat()
        return True
    return False
