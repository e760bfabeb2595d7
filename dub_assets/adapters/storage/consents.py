"""The records of consents of a project.

A record never changes: a revocation, and each job that uses a consent, is an object of its own. A job writes that it
uses a consent before it looks whether the consent is revoked, and a revocation is written before its users are read.
So the job sees the revocation, or the revocation names the job.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from dub_assets.core.codec import decode, encode
from dub_assets.core.consent import Consent, ConsentState, checked_consent, parse_day, today
from dub_assets.core.errors import InputError, ObjectMissingError
from dub_assets.core.keys import consents_folder
from dub_assets.core.ports import ObjectStore

_JSON = "application/json"
_ID_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRecord:
    """A recorded consent; ``revoked_at`` is an ISO time, None if it is not revoked."""

    consent_id: str
    consent: Consent
    revoked_at: str | None

    def state(self, day: date) -> ConsentState:
        """Return whether the consent is valid on a day."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if parse_day("valid_until", self.consent.valid_until) < day else "valid"


@dataclass(frozen=True, slots=True)
class ConsentRecords:
    """The consents of a project in an object store."""

    store: ObjectStore
    project_id: str

    def add(self, consent: Consent) -> str:
        """Record a consent and return its id. The same consent has the same id, and stays revoked if it was.

        Raises InputError if it is incomplete.
        """
        content = encode(checked_consent(consent))
        consent_id = hmac.new(self._salt(), content, hashlib.sha256).hexdigest()[:_ID_DIGITS]
        self.store.create(self._key("records", consent_id), content, _JSON)
        return consent_id

    def records(self) -> Iterator[ConsentRecord]:
        """Yield all consents in the order of their ids. Raises ObjectCorruptError."""
        for item in self.store.list(f"{consents_folder(self.project_id)}/records/", recursive=False):
            yield self._record(item.key.rpartition("/")[2].removesuffix(".json"))

    def find(self, consent_id: str) -> ConsentRecord:
        """Return the consent whose id begins with ``consent_id``. Raises InputError if there is none, or several."""
        found = [record for record in self.records() if record.consent_id.startswith(consent_id)]
        if len(found) == 1:
            return found[0]
        fault = "is the beginning of several ids" if found else "is no consent of this project"
        raise InputError(f"{consent_id!r} {fault}: `dub-assets consent list` shows all")

    def revoke(self, consent_id: str) -> None:
        """Revoke a consent. A revocation keeps its first time."""
        content = json.dumps({"revoked_at": datetime.now(UTC).isoformat(timespec="seconds")}).encode()
        self.store.create(self._key("revoked", consent_id), content, _JSON)

    def note_use(self, consent_id: str, job_id: str) -> None:
        """Record that a job uses a consent."""
        self.store.create(self._key(f"uses/{consent_id}", job_id), b"{}", _JSON)

    def users(self, consent_id: str) -> list[str]:
        """Return the ids of the jobs that have used a consent."""
        items = self.store.list(f"{consents_folder(self.project_id)}/uses/{consent_id}/")
        return [item.key.rpartition("/")[2].removesuffix(".json") for item in items]

    def is_revoked(self, consent_id: str) -> bool:
        """Return whether a consent is revoked."""
        return self._revoked_at(consent_id) is not None

    def _record(self, consent_id: str) -> ConsentRecord:
        consent = decode(Consent, self.store.get(self._key("records", consent_id)))
        return ConsentRecord(consent_id=consent_id, consent=consent, revoked_at=self._revoked_at(consent_id))

    def _revoked_at(self, consent_id: str) -> str | None:
        try:
            at: str = json.loads(self.store.get(self._key("revoked", consent_id)))["revoked_at"]
        except ObjectMissingError:
            return None
        return at

    def _salt(self) -> bytes:
        """Return the project's random key, without which nobody can guess a name from an id."""
        key = f"{consents_folder(self.project_id)}/salt.json"
        self.store.create(key, json.dumps({"salt": secrets.token_hex(32)}).encode(), _JSON)
        return bytes.fromhex(json.loads(self.store.get(key))["salt"])

    def _key(self, kind: str, name: str) -> str:
        return f"{consents_folder(self.project_id)}/{kind}/{name}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobConsents:
    """``ports.Consents`` of a job; ``day`` returns the day by UTC."""

    records: ConsentRecords
    job_id: str
    day: Callable[[], date] = today

    def has_any(self) -> bool:
        """Return whether a valid consent is for this job."""
        return any(not record.consent.jobs or self.job_id in record.consent.jobs for record in self._valid())

    def granted(self, speakers: Collection[str | None]) -> dict[str | None, tuple[str, Consent]]:
        """Return id and consent for each speaker who has given one that is valid now."""
        valid, alone = list(self._valid()), len(speakers) == 1
        granted: dict[str | None, tuple[str, Consent]] = {}
        for speaker in speakers:
            for record in valid:
                if record.consent.covers(self.job_id, speaker, alone=alone) and self._may_use(record.consent_id):
                    granted[speaker] = (record.consent_id, record.consent)
                    break
        return granted

    def _valid(self) -> Iterator[ConsentRecord]:
        day = self.day()
        return (record for record in self.records.records() if record.state(day) == "valid")

    def _may_use(self, consent_id: str) -> bool:
        """Record the use, then return whether the consent is still not revoked."""
        self.records.note_use(consent_id, self.job_id)
        return not self.records.is_revoked(consent_id)
