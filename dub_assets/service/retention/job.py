"""The job and schedule that delete old jobs; they keep the names of earlier versions, ``retire_jobs``."""

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import dagster as dg

from dub_assets.adapters.dagster_private import delete_runs
from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.keys import PENDING_REFUSALS, REFUSALS, JobKeys, claim_key, dispatch_key, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.resources.job_context import JobResources
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.shared_products import SharedProducts
from dub_assets.resources.tags import CALLBACKS, JOB_ID, MESSAGE_ID, PARTITION, REQUEST_KEY
from dub_assets.service.job_runs import job_of, runs_of
from dub_assets.service.pending_messages import RefusedMessages
from dub_assets.service.retention.rules import RetentionOptions, Retirement
from dub_assets.service.workers.process import LOCKS

_PENDING = PENDING_REFUSALS.removeprefix(REFUSALS).rstrip("/")
_PARTITIONS = jobs_partitions.name or "jobs"
_PAGE = 100
_MAX_DELETED = 500
"""The most jobs that one run deletes; runs that are about no job count too."""

_BATCH = 50
"""Jobs whose runs are deleted together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedJob:
    """A job with its runs, the latest first. ``job_id`` is None for a run that is about no job."""

    job_id: str | None
    records: Sequence[dg.RunRecord]

    @property
    def last_run_s(self) -> float:
        """When the last run was requested (Unix time)."""
        return self.records[0].create_timestamp.timestamp()

    @property
    def is_open(self) -> bool:
        """Whether a run has not ended, or has callbacks to deliver."""
        runs = [record.dagster_run for record in self.records]
        return any(not run.is_finished or run.tags.get(CALLBACKS) == "pending" for run in runs)


@dg.op(
    name="retire_old_jobs",
    description="Deletes the partitions and runs of old jobs, and before them their objects if JOB_RETIRE_OBJECTS says "
    "so.",
)
def delete_old_jobs(
    context: dg.OpExecutionContext, job_resources: JobResources, retention: dg.ResourceParam[RetentionOptions]
) -> None:
    """Delete old jobs, except those that have never run, have an open run or have callbacks to deliver."""
    instance, archive = context.instance, job_resources.storage.archive
    delete_old_refusals(archive, retention, now_s=time.time())
    known = _known_jobs(instance)
    retirement = Retirement.of(retention, jobs=len(known), now_s=time.time())
    due = list(islice(_due(by_age(instance), known, retirement), _MAX_DELETED))
    for start in range(0, len(due), _BATCH):
        batch = due[start : start + _BATCH]
        retire(instance, archive, batch, retention.objects)
        context.log.info("retired jobs %s", ", ".join(str(job.job_id) for job in batch))


def _due(jobs: Iterable[AgedJob], known: Collection[str], retirement: Retirement) -> Iterator[AgedJob]:
    """Yield the jobs to delete. ``jobs`` are the oldest first, ``known`` those that count."""
    older = 0
    for job in jobs:
        if not retirement.includes(job.last_run_s, older=older):
            return
        older += job.job_id in known
        if not job.is_open:
            yield job


def _known_jobs(instance: dg.DagsterInstance) -> set[str]:
    """Return the jobs that have a partition and have run."""
    have_run = {job_id for _, job_ids in instance.get_run_tags([JOB_ID, PARTITION]) for job_id in job_ids}
    return have_run.intersection(instance.get_dynamic_partitions(_PARTITIONS))


def by_age(instance: dg.DagsterInstance) -> Iterator[AgedJob]:
    """Yield the jobs in the order of their last runs, the oldest first; runs about no job are yielded singly.

    What is read grows with the jobs that are taken, and not with the number of all runs.
    """
    cursor: str | None = None
    while page := instance.get_run_records(limit=_PAGE, cursor=cursor, ascending=True):
        for record in page:
            job_id = job_of(record.dagster_run)
            records = runs_of(instance, job_id) if job_id else [record]
            if records and records[0].storage_id == record.storage_id:
                yield AgedJob(job_id=job_id, records=records)
        cursor = page[-1].dagster_run.run_id


def retire(instance: dg.DagsterInstance, archive: JobArchive, jobs: Sequence[AgedJob], objects: str) -> None:
    """Delete the jobs' objects as configured, then partitions, then runs: a later pass completes any of it."""
    for job in jobs:
        if job.job_id is not None:
            runs = [record.dagster_run for record in job.records]
            archive.store.delete(_keys_to_delete(archive, job.job_id, runs, objects))
            instance.delete_dynamic_partition(_PARTITIONS, job.job_id)
    run_ids = [record.dagster_run.run_id for job in jobs for record in job.records]
    delete_runs(instance, run_ids)
    for run_id in run_ids:
        (Path(instance.root_directory) / LOCKS / f"{run_id}.lock").unlink(missing_ok=True)


@dg.job(name="retire_jobs_job", description="Deletes the partitions and runs of old jobs (JOB_RETIRE_*).")
def retention_job() -> None:
    """Delete old jobs once."""
    delete_old_jobs()


@dg.schedule(
    name="retire_jobs",
    job=retention_job,
    cron_schedule="15 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Deletes old jobs once an hour, if JOB_RETIRE_AFTER_DAYS or JOB_RETIRE_KEEP is set.",
)
def retention_schedule(retention: dg.ResourceParam[RetentionOptions]) -> dg.RunRequest | dg.SkipReason:
    """Request a run if the options delete any job."""
    if not retention.deletes_jobs:
        return dg.SkipReason("neither JOB_RETIRE_AFTER_DAYS nor JOB_RETIRE_KEEP is set: no job is ever deleted")
    return dg.RunRequest()


def delete_old_refusals(archive: JobArchive, options: RetentionOptions, *, now_s: float) -> None:
    """Delete old records of refused messages with their outbox entries, unless objects are kept."""
    if options.objects == "nothing" or options.after_days is None:
        return
    oldest = datetime.fromtimestamp(now_s - options.after_days * 86_400, UTC).date().isoformat()
    for item in list(archive.store.list(REFUSALS)):
        day = item.key.removeprefix(REFUSALS).partition("/")[0]
        if day == _PENDING or day >= oldest:
            continue
        record = archive.find(RefusedMessages, item.key)
        messages = record.messages if record else ()
        archive.store.delete([key for message in messages for key in _keys_of_callbacks(archive, message.message_id)])
        archive.store.delete([item.key])


def _keys_to_delete(archive: JobArchive, job_id: str, runs: Sequence[dg.DagsterRun], objects: str) -> list[str]:
    """Return the keys of a job's objects to delete. The input, and what others stored beside the job's folder, stay."""
    if objects == "nothing":
        return []
    of_runs = [key for run in runs for key in _keys_of_run(archive, run)] if objects == "everything" else []
    request = archive.find(DubRequest, job_record_key(job_id))
    if request is None:  # the job of external segments
        return of_runs
    job_keys = JobKeys(request=request)
    keys = list(SharedProducts(archive=archive, keys=job_keys).references())
    keys += [item.key for item in archive.store.list(f"{job_keys.root}/")]
    if objects == "everything":
        keys += [request.result_key, request.metadata_key, job_keys.report, job_record_key(job_id)]
    return keys + of_runs


def _keys_of_run(archive: JobArchive, run: dg.DagsterRun) -> Iterator[str]:
    """Return the keys of a run's request and callbacks."""
    if REQUEST_KEY in run.tags:
        yield run.tags[REQUEST_KEY]
    if MESSAGE_ID in run.tags:
        yield claim_key(run.tags[MESSAGE_ID])
    yield from _keys_of_callbacks(archive, run.run_id)


def _keys_of_callbacks(archive: JobArchive, origin: str) -> Iterator[str]:
    yield dispatch_key(origin)
    yield from (item.key for item in archive.store.list(f"{dispatch_key(origin).removesuffix('.json')}/"))
