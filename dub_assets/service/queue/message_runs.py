"""The runs of a message: one, or one for each language. Their requests are stored before they are requested."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.consents import ConsentRecords
from dub_assets.core.codec import encode
from dub_assets.core.keys import job_record_key, request_key
from dub_assets.core.object_key import content_type_of
from dub_assets.core.request import DubRequest
from dub_assets.service.queue.message_models import DubRequests, RunRequest
from dub_assets.service.queue.tasks import refused_request, run_request


def run_keys(message_id: str, count: int) -> list[str]:
    """Return the run keys of a message with ``count`` runs: its id, then ``{id}.1`` and so on.

    They are the same at each delivery, so Dagster makes each run once.
    """
    return [message_id, *(f"{message_id}.{number}" for number in range(1, count))]


def prepare_runs(message_id: str, request: RunRequest | DubRequests, archive: JobArchive) -> list[dg.RunRequest]:
    """Store what a message asks for, and return its runs.

    Raises MessageRefusedError if another project has used the id of one of the jobs before.
    """
    requests: tuple[RunRequest, ...] = request.dubs if isinstance(request, DubRequests) else (request,)
    for part in requests:
        _check_owner(part, request, archive)
    requests = tuple(_with_consents_recorded(part, archive) for part in requests)
    keyed = list(zip(run_keys(message_id, len(requests)), requests, strict=True))
    runs = [run_request(message_id, key, part, archive, runs=len(requests)) for key, part in keyed]
    for key, part in keyed:
        archive.save(request_key(key), part)
        if isinstance(part, DubRequest):
            record = job_record_key(part.job_id)
            if not archive.store.create(record, encode(part), content_type_of(record)):
                _check_owner(part, request, archive)  # another deployment may have created it meanwhile
            archive.save(record, part)
    return runs


def _with_consents_recorded(request: RunRequest, archive: JobArchive) -> RunRequest:
    """Record the consents of a request among those of its project, and return it without them.

    A consent that was revoked stays revoked when its message is delivered again.
    """
    if not isinstance(request, DubRequest) or not request.consents:
        return request
    records = ConsentRecords(archive.store, request.project_id)
    for consent in request.consents:
        records.add(consent)
    return replace(request, consents=())


def language_of(job_id: str, archive: JobArchive) -> str | None:
    """Return the target language of a job, None if there is no such job."""
    record = archive.find(DubRequest, job_record_key(job_id))
    return record.target_language if record else None


def _check_owner(part: RunRequest, request: RunRequest | DubRequests, archive: JobArchive) -> None:
    """Raise MessageRefusedError for the whole request if the job of a part belongs to another project."""
    record = archive.find(DubRequest, job_record_key(part.job_id))
    if record is not None and part.project_id not in {None, record.project_id}:
        reason = f"job_id {part.job_id!r} is used by another project: name the project of that job, or another id"
        raise refused_request(request, reason)
