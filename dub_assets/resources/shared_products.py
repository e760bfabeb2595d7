"""Products that several jobs of a project need: stems and transcript of one source in several languages.

The first job makes a product; the others copy it. Every job owns its copy, so the deletion of a job harms no other.
``docs/decisions/0026-copies-for-each-language.md`` has the reasons.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, Protocol, TypeVar

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.lease import Lease, LeaseTimes
from dub_assets.core.errors import ObjectCorruptError, ObjectMissingError
from dub_assets.core.keys import JobKeys
from dub_assets.core.provenance import Provenance
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript

logger = logging.getLogger(__name__)

_POLL_S = 1.0
SHARED: Mapping[str, type[Any]] = {"stems": Stems, "transcript": Transcript}
"""The assets whose products are shared, with their types."""


class Product(Protocol):
    """The value of an asset."""

    @property
    def provenance(self) -> Provenance:
        """Fingerprint, engines and cost."""
        ...


T = TypeVar("T", bound=Product)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedProducts:
    """The products of a job that other jobs of its project may have too, by fingerprint.

    A small object for each job that has a product leads to the job's manifest (``JobKeys.shared``).
    """

    archive: JobArchive
    keys: JobKeys
    times: LeaseTimes | None = None

    def obtain(
        self,
        kind: type[T],
        asset: str,
        fingerprint: str,
        *,
        previous: T | None,
        make: Callable[[], T],
        adopt: Callable[[T], T | None],
    ) -> T:
        """Return the product with a fingerprint: the job's own, a copy of another job's, or a new one.

        While another job makes it, wait for that. If the other job fails or is killed, make it here.

        Args:
            kind: The type of the product.
            asset: The name of its asset.
            fingerprint: The fingerprint of everything that can change it.
            previous: The job's product of an earlier run.
            make: Returns the previous product if it has the fingerprint, else a new one.
            adopt: Makes another job's product the job's own, with copies of its media; None if it was edited there.
        """
        if previous is not None and previous.provenance.fingerprint == fingerprint:
            return self._registered(asset, make())
        key = self.keys.shared_lease(asset, fingerprint)
        lease = Lease(self.archive.store, key, self.keys.request.job_id, self.times)
        waits = False
        while True:
            copy = self._copied(kind, asset, fingerprint, adopt)
            if copy is not None:
                return self._registered(asset, copy)
            if lease.acquire():
                with lease:  # another job may have finished since
                    product = self._copied(kind, asset, fingerprint, adopt) or make()
                    return self._registered(asset, product)
            if not waits:
                logger.info("%s: waiting for job %s, which makes the same product", asset, lease.holder)
                waits = True
            time.sleep(_POLL_S)

    def references(self) -> Iterator[str]:
        """Yield the keys of the objects that lead to this job's products; they are deleted with the job."""
        for asset, kind in SHARED.items():
            product = self.archive.find(kind, self.keys.manifest(asset))
            if product is not None:
                yield self.keys.shared(asset, product.provenance.fingerprint)

    def _copied(self, kind: type[T], asset: str, fingerprint: str, adopt: Callable[[T], T | None]) -> T | None:
        """Return the job's own copy of a product that another job has; None if none has it."""
        own = self.keys.shared(asset, fingerprint)
        for reference in list(self.archive.store.list(f"{PurePosixPath(own).parent}/")):
            job_id = PurePosixPath(reference.key).stem
            if reference.key == own:
                continue
            other = JobKeys(request=replace(self.keys.request, job_id=job_id))
            product = self.archive.find(kind, other.manifest(asset))
            if product is None or product.provenance.fingerprint != fingerprint:
                self.archive.store.delete([reference.key])  # the job was deleted, or has another source now
                continue
            try:
                copy = adopt(product)
            except (ObjectMissingError, ObjectCorruptError) as error:  # it is being deleted or regenerated
                logger.warning("the %s of job %s cannot be copied: %s", asset, job_id, error)
                continue
            if copy is None:
                continue
            logger.info("%s: copied from job %s", asset, job_id)
            return copy
        return None

    def _registered(self, asset: str, product: T) -> T:
        """Save a product, and then let other jobs find it."""
        self.archive.save(self.keys.manifest(asset), product)
        self.archive.store.put(self.keys.shared(asset, product.provenance.fingerprint), b"{}", "application/json")
        return product
