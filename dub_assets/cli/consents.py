"""``dub-assets consent``: records of who consents to a clone of their voice."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.consents import ConsentRecord, ConsentRecords
from dub_assets.cli.archive import open_archive
from dub_assets.cli.tables import new_table, print_table
from dub_assets.cli.terminal import write_json, write_line
from dub_assets.core.consent import Consent, checked_consent, parse_day, today
from dub_assets.core.errors import InputError
from dub_assets.core.files import sha256_of
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.request import DubRequest, checked_id
from dub_assets.settings import settings_from
from dub_assets.stages.tts_segments.casting import checked_speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConsent:
    """The arguments of ``consent add``."""

    jobs: Sequence[str]
    every_job: bool
    person: str
    until: str
    document: str | None
    document_file: Path | None
    purpose: str | None
    speakers: Sequence[str]
    named: bool

    def consent(self) -> Consent:
        """Return the consent. Raises InputError for what is missing or unusable."""
        if bool(self.jobs) == self.every_job:
            raise InputError("name the jobs that the consent is for, or give --every-job")
        for option, text in (("--person", self.person), ("--until", self.until)):
            if not text.strip():
                raise InputError(f"{option} is missing: a consent needs who, until when, and by which document")
        if self.document is None and self.document_file is None:
            raise InputError("give --document or --document-file: in which document did the person agree?")
        if parse_day("--until", self.until) < today():
            raise InputError(f"--until {self.until} has passed: the consent would allow nothing")
        return checked_consent(
            Consent(
                person=self.person.strip(),
                valid_until=self.until,
                document=self.document,
                document_sha256=_hash_of(self.document_file) if self.document_file else None,
                purpose=self.purpose,
                jobs=tuple(dict.fromkeys(checked_id("job", job) for job in self.jobs)),
                speakers=tuple(dict.fromkeys(map(checked_speaker, self.speakers))),
                named=self.named,
            )
        )


def add_consent(new: NewConsent, project: str, *, as_json: bool) -> None:
    """Record a consent and print its id. Raises InputError if it was revoked before."""
    records, _ = _opened(project)
    consent = new.consent()
    consent_id = records.add(consent)
    if records.is_revoked(consent_id):
        raise InputError(f"consent {consent_id} was revoked: a new one needs another document or another day")
    if as_json:
        write_json({"id": consent_id, "project": project, **asdict(consent)})
        return
    write_line(f"recorded consent {consent_id}, valid until {consent.valid_until}")


def show_consents(project: str, *, as_json: bool) -> None:
    """Print the consents of a project."""
    records, archive = _opened(project)
    rows = [_row(record, records, archive) for record in records.records()]
    if as_json:
        write_json({"project": project, "consents": rows})
        return
    if not rows:
        write_line(f"project {project} has no consents")
        return
    table = new_table(("id", "person", "speakers", "for", "until", "state", "used by"), whole=["id", "used by"])
    for row in rows:
        table.add_row(
            row["id"],
            row["person"],
            ", ".join(row["speakers"]) or "the only one",
            ", ".join(row["jobs"]) or "every job",
            row["valid_until"],
            row["state"],
            ", ".join(job["job_id"] for job in row["used_by"]) or "none",
        )
    print_table(table)


def revoke_consent(name: str, project: str, *, as_json: bool) -> None:
    """Revoke a consent and print what was made with the voice. Raises InputError if there is no such consent."""
    records, archive = _opened(project)
    consent_id = records.find(name).consent_id
    records.revoke(consent_id)
    row = _row(records.find(consent_id), records, archive)
    if as_json:
        write_json(row)
        return
    write_line(f"revoked consent {consent_id}: no run uses the voice from now on")
    for job in row["used_by"]:
        made = f"{job['result_key']} has the voice, and is kept" if job["result_key"] else "no finished video"
        write_line(f"job {job['job_id']}: {made}")


def _opened(project: str) -> tuple[ConsentRecords, JobArchive]:
    archive = open_archive(settings_from(os.environ))
    return ConsentRecords(archive.store, checked_id("project", project)), archive


def _row(record: ConsentRecord, records: ConsentRecords, archive: JobArchive) -> dict[str, Any]:
    return {
        "id": record.consent_id,
        **asdict(record.consent),
        "state": record.state(today()),
        "revoked_at": record.revoked_at,
        "used_by": [_use(job_id, archive) for job_id in records.users(record.consent_id)],
    }


def _use(job_id: str, archive: JobArchive) -> dict[str, str | None]:
    """Return a job that used a consent, and the key of its video if it was made."""
    request = archive.find(DubRequest, job_record_key(job_id))
    has_video = request is not None and archive.store.head(JobKeys(request=request).manifest("final_video")) is not None
    return {"job_id": job_id, "result_key": request.result_key if request and has_video else None}


def _hash_of(document: Path) -> str:
    try:
        return sha256_of(document)
    except OSError as error:
        raise InputError(f"cannot read {document} ({error.strerror}): check the path") from error
