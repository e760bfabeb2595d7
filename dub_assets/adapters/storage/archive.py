"""The archive: manifests and their media in an object store. Media are written first; the manifest is the commit."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol, Self, TypeVar, runtime_checkable

from dub_assets.adapters.storage.job_lock import job_lock
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.codec import decode, encode
from dub_assets.core.errors import ObjectCorruptError, ObjectMissingError, PermanentError
from dub_assets.core.files import sha256_of
from dub_assets.core.media import MediaObject
from dub_assets.core.object_key import content_type_of
from dub_assets.core.ports import ObjectStore

T = TypeVar("T")
R = TypeVar("R")

_THREADS = 8

logger = logging.getLogger(__name__)


@runtime_checkable
class Divisible(Protocol):
    """A value that stays usable without some of its media."""

    def without(self, lost: Collection[MediaObject]) -> Self:
        """Return the value without the parts that need these objects."""
        ...


class JobArchive:
    """Saves and loads the values of a job's assets.

    A manifest is written after all media that it names, and read only if they are unchanged. If a writer is stopped in
    between, the older manifest no longer describes the replaced media: ``load`` raises an error, and ``find`` returns
    None so that they are regenerated.
    """

    def __init__(self, store: ObjectStore, workspace: LocalWorkspace) -> None:
        self.store = store
        self.workspace = workspace

    @contextmanager
    def locked(
        self, job_id: str, waits: Callable[[str], None], *, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[None]:
        """Let no other process on this machine work on a job inside the block, see ``job_lock``.

        The lock covers the workspace, and the store if it is a folder. Temporary files of killed processes are removed.
        In a bucket, runs on other machines are kept apart by Dagster's run queue, and manifests reject mixed media.
        """
        local: list[LocalWorkspace | LocalObjectStore] = [self.workspace]
        if isinstance(self.store, LocalObjectStore):
            local.append(self.store)
        with job_lock([folder.locks for folder in local], job_id, waits=waits, cancelled=cancelled):
            for folder in local:
                folder.remove_abandoned()
            yield

    def save(self, key: str, value: object, *, keep_in: str | None = None) -> None:
        """Upload the media of a value that changed, and then write its manifest at ``key``.

        With ``keep_in``, media that are replaced are kept in that folder first (``keep``).

        Raises ValueError if the value names one key with two contents.
        """
        content = encode(value)
        media = set(media_in(value))
        conflicting = [name for name, count in Counter(item.key for item in media).items() if count > 1]
        if conflicting:
            raise ValueError(f"{key} would name {min(conflicting)} with two different contents")
        if keep_in is not None:
            _in_parallel(lambda item: self.keep(item, keep_in), media)
        uploaded = _in_parallel(self.workspace.publish, media)
        self.store.put(key, content, content_type_of(key))
        logger.info("saved %s: %d media, %d of them new", key, len(uploaded), sum(uploaded))

    def keep(self, new: MediaObject, folder: str) -> None:
        """Copy the object that ``new`` is about to replace into a folder, named by its sha256."""
        stored = self.store.head(new.key)
        if stored is None or stored.sha256 in {None, new.sha256}:
            return
        kept = kept_key(folder, new.key, stored.sha256)
        if self.store.head(kept) is None:
            self.store.copy(new.key, kept)

    def put_file(self, key: str, source: Path) -> MediaObject:
        """Upload any file as the object ``key``, unless the store has it already."""
        media = MediaObject(key=key, size_bytes=source.stat().st_size, sha256=sha256_of(source))
        if not self.workspace.is_stored(media):
            self.store.upload(key, source, content_type=content_type_of(key), sha256=media.sha256)
        return media

    def load(self, kind: type[T], key: str) -> T:
        """Return the value saved at ``key`` after checking that the store has all its media unchanged.

        Of objects that others wrote the store has no checksum: here their size is compared, and the workspace compares
        the content when it opens them. Raises ObjectMissingError or ObjectCorruptError.
        """
        value = self._decoded(kind, key)
        _in_parallel(lambda media: self._check(media, key), set(media_in(value)))
        return value

    def read(self, kind: type[T], key: str) -> T | None:
        """Return the value saved at ``key``, None if there is none; its media are not checked, for displays."""
        return None if self.store.head(key) is None else self._decoded(kind, key)

    def find(self, kind: type[T], key: str) -> T | None:
        """Return the value saved at ``key``, or None if it has to be generated; a warning says why.

        A ``Divisible`` value is returned without the parts whose media are lost.
        """
        if self.store.head(key) is None:
            return None
        try:
            value = self._decoded(kind, key)
            lost = self._lost(value, key)
        except (ObjectMissingError, ObjectCorruptError) as error:
            logger.warning("regenerated: %s", error)
            return None
        if not lost:
            return value
        logger.warning("regenerated: %s (%d more are lost)", next(iter(lost.values())), len(lost) - 1)
        return value.without(lost.keys()) if isinstance(value, Divisible) else None

    def _decoded(self, kind: type[T], key: str) -> T:
        try:
            return decode(kind, self.store.get(key))
        except ObjectCorruptError as error:
            raise ObjectCorruptError(f"the manifest {key} cannot be read: {error}; run the asset again") from error

    def _lost(self, value: object, manifest_key: str) -> dict[MediaObject, PermanentError]:
        """Return the media of a value that are missing or changed in the store, with the error of each."""

        def fault(media: MediaObject) -> PermanentError | None:
            try:
                self._check(media, manifest_key)
            except (ObjectMissingError, ObjectCorruptError) as error:
                return error
            return None

        media = sorted(set(media_in(value)), key=lambda item: item.key)
        faults = zip(media, _in_parallel(fault, media), strict=True)
        return {item: error for item, error in faults if error is not None}

    def _check(self, media: MediaObject, manifest_key: str) -> None:
        named = f"{media.key}, which {manifest_key} names,"
        stored = self.store.head(media.key)
        if stored is None:
            raise ObjectMissingError(f"{named} is not in {self.store.description}: regenerate it")
        if stored.size_bytes != media.size_bytes or stored.sha256 not in {None, media.sha256}:
            raise ObjectCorruptError(f"{named} is another object in {self.store.description} now: regenerate it")


def kept_key(folder: str, key: str, sha256: str | None) -> str:
    """Return the key in ``folder`` of a replaced object that was stored at ``key``."""
    return f"{folder}{sha256}{PurePosixPath(key).suffix}"


def media_in(value: object) -> Iterator[MediaObject]:
    """Yield every reference to a media object inside a value."""
    if isinstance(value, MediaObject):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from media_in(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from media_in(item)
    elif isinstance(value, tuple | frozenset):
        for item in value:
            yield from media_in(item)


def _in_parallel(work: Callable[[MediaObject], R], media: Iterable[MediaObject]) -> list[R]:
    """Return the results of all calls. The first failure, or an interrupt, cancels the calls that have not started."""
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="archive")
    try:
        return list(pool.map(work, media))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
