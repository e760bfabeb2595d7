"""Leases: one of several processes that share a store does a piece of work, and the others wait for its result."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self
from uuid import uuid4

from dub_assets.core.codec import decode, encode
from dub_assets.core.errors import DubError, ObjectCorruptError, ObjectMissingError
from dub_assets.core.ports import ObjectStore

logger = logging.getLogger(__name__)

_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTimes:
    """Seconds between two renewals, without a renewal until a lease is abandoned, and until a takeover is certain."""

    renewal_s: float = 10.0
    abandoned_s: float = 60.0
    settling_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRecord:
    """The object of a lease. ``token`` identifies the acquisition; ``renewals`` changes as long as the holder lives."""

    holder: str
    token: str
    renewals: int = 0


class Lease:
    """The right of ``holder``, a job, to do a piece of work, stored at ``key``. Releases it on leaving its context.

    A thread renews the lease. A lease that does not change for a minute, by the clock of the process that waits for it,
    was left by a killed process and is taken over; so is a lease of the same holder, because a job has one run at a
    time. A process that is suspended for longer loses its lease without noticing. So a lease saves work, but does not
    protect data: what two holders write must be equal or have different keys.
    """

    def __init__(self, store: ObjectStore, key: str, holder: str, times: LeaseTimes | None = None) -> None:
        self._store = store
        self._key = key
        self._times = times or LeaseTimes()
        self._record = LeaseRecord(holder=holder, token=uuid4().hex)
        self._seen: LeaseRecord | None = None
        self._seen_s = 0.0
        self._released = threading.Event()
        self._renewer: threading.Thread | None = None

    @property
    def holder(self) -> str | None:
        """The holder that the last call of ``acquire`` found."""
        return self._seen.holder if self._seen else None

    def acquire(self) -> bool:
        """Acquire the lease if it is free or abandoned; return whether it is acquired. To wait, call it repeatedly."""
        current = self._read()
        if current != self._seen:
            self._seen, self._seen_s = current, time.monotonic()
        if current is None:
            acquired = self._store.create(self._key, encode(self._record), _JSON) or self._read() == self._record
        elif current.holder == self._record.holder or self._is_abandoned():
            self._store.put(self._key, encode(self._record), _JSON)
            time.sleep(self._times.settling_s)  # of several processes that take it over, the last one to write has it
            acquired = self._read() == self._record
        else:
            acquired = False
        if acquired:
            self._renewer = threading.Thread(target=self._renew, name=f"lease of {self._key}", daemon=True)
            self._renewer.start()
        return acquired

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Release the lease, unless another process has taken it over."""
        self._released.set()
        if self._renewer is not None:
            self._renewer.join()
        with suppress(DubError):  # then it is abandoned a minute later
            if self._is_held():
                self._store.delete([self._key])

    def _renew(self) -> None:
        while not self._released.wait(self._times.renewal_s):
            try:
                if not self._is_held():
                    logger.warning("the lease %s was taken over", self._key)
                    return
                self._record = replace(self._record, renewals=self._record.renewals + 1)
                self._store.put(self._key, encode(self._record), _JSON)
            except DubError as error:
                logger.warning("the lease %s could not be renewed: %s", self._key, error)

    def _is_held(self) -> bool:
        current = self._read()
        return current is not None and current.token == self._record.token

    def _is_abandoned(self) -> bool:
        return time.monotonic() - self._seen_s >= self._times.abandoned_s

    def _read(self) -> LeaseRecord | None:
        """Return the stored record; a record that cannot be read is abandoned."""
        try:
            return decode(LeaseRecord, self._store.get(self._key))
        except ObjectMissingError:
            return None
        except ObjectCorruptError:
            return LeaseRecord(holder="", token="")
