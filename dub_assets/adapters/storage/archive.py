"""Values with their media in an object store: the media first, the manifest last, and the manifest is the commit."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Protocol, Self, TypeVar, runtime_checkable

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
    """A value of parts, of which some can be lost and the others kept."""

    def without(self, lost: Collection[MediaObject]) -> Self:
        """The value without what needs these objects."""
        ...


class JobArchive:
    """Saves and loads the values that the stages of a job hand to each other.

    A manifest is written once all media that it names are in the store with the content it says, and read only while
    they still are. A writer that is stopped between the two leaves the older manifest, whose replaced media it no
    longer describes: ``load`` says so, ``find`` lets them be made again.
    """

    def __init__(self, store: ObjectStore, workspace: LocalWorkspace) -> None:
        self.store = store
        self.workspace = workspace

    def save(self, key: str, value: object) -> None:
        """Publish every media object in the value, those that changed, and then write its manifest at ``key``.

        Raises ValueError where the value names one key with two contents.
        """
        content = encode(value)
        media = set(media_in(value))
        twice = [name for name, count in Counter(item.key for item in media).items() if count > 1]
        if twice:
            raise ValueError(f"{key} would name {min(twice)} with two different contents")
        sent = _in_parallel(self.workspace.publish, media)
        self.store.put(key, content, content_type_of(key))
        logger.info("saved %s: %d media, %d of them new", key, len(sent), sum(sent))

    def put_file(self, key: str, source: Path) -> MediaObject:
        """Bring any file into the store as the object ``key``, unless it is there already."""
        media = MediaObject(key=key, size_bytes=source.stat().st_size, sha256=sha256_of(source))
        if not self.workspace.is_stored(media):
            self.store.upload(key, source, content_type=content_type_of(key), sha256=media.sha256)
        return media

    def load(self, kind: type[T], key: str) -> T:
        """The value saved at ``key``, once every media object it names was found in the store as it should be.

        Where the store does not know the checksum of an object (others wrote it), its size alone is compared here;
        the workspace compares the content when the object is opened. Raises ObjectMissingError, ObjectCorruptError.
        """
        value = self._decoded(kind, key)
        _in_parallel(lambda media: self._check(media, key), set(media_in(value)))
        return value

    def find(self, kind: type[T], key: str) -> T | None:
        """The value saved at ``key``, or None where it has to be made (again); a warning says why it was not good.

        A value that can do without some of its media (``Divisible``) is returned without what is lost.
        """
        if self.store.head(key) is None:
            return None
        try:
            value = self._decoded(kind, key)
            lost = self._lost(value, key)
        except (ObjectMissingError, ObjectCorruptError) as error:
            logger.warning("not taken over: %s", error)
            return None
        if not lost:
            return value
        logger.warning("not taken over: %s (%d more are lost)", next(iter(lost.values())), len(lost) - 1)
        return value.without(lost.keys()) if isinstance(value, Divisible) else None

    def _decoded(self, kind: type[T], key: str) -> T:
        try:
            return decode(kind, self.store.get(key))
        except ObjectCorruptError as error:
            raise ObjectCorruptError(f"the manifest {key} cannot be read: {error}; make it again") from error

    def _lost(self, value: object, manifest_key: str) -> dict[MediaObject, PermanentError]:
        """The media of a value that are not in the store as its manifest says, and what is wrong with each."""

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
            raise ObjectMissingError(f"{named} is not in {self.store.description}: make it again")
        if stored.size_bytes != media.size_bytes or stored.sha256 not in {None, media.sha256}:
            raise ObjectCorruptError(f"{named} is another object in {self.store.description} now: make it again")


def media_in(value: object) -> Iterator[MediaObject]:
    """Every reference to a media object anywhere inside a value."""
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
    """The results of all calls; the first failure, or an interrupt, keeps the calls that wait from starting."""
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="archive")
    try:
        return list(pool.map(work, media))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
