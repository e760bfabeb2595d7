"""The job and schedule that delete old jobs; they keep the names of earlier versions, ``retire_jobs``."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.keys import PENDING_REFUSALS, REFUSALS, JobKeys, dispatch_key, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.resources.job_context import JobResources
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.shared_products import SharedProducts
from dub_assets.resources.tags import CALLBACKS, JOB_ID, PARTITION, REQUEST_KEY
from dub_assets.service.pending_messages import RefusedMessages
from dub_assets.service.retention.rules import RetentionOptions, jobs_to_delete

_PENDING = PENDING_REFUSALS.removeprefix(REFUSALS).rstrip("/")
_PAGE = 1000
_MAX_DELETED = 500
"""The most partitions that one run deletes."""


@dg.op(
    name="retire_old_jobs",
    description="Deletes the partitions of old jobs, and before them their objects if JOB_RETIRE_OBJECTS says so.",
)
def delete_old_jobs(
    context: dg.OpExecutionContext, job_resources: JobResources, retention: dg.ResourceParam[RetentionOptions]
) -> None:
    """Delete old jobs, except those that have never run, have an open run or have callbacks to deliver."""
    instance, archive, name = context.instance, job_resources.storage.archive, jobs_partitions.name or "jobs"
    runs = _runs_by_job(instance, set(instance.get_dynamic_partitions(name)))
    last_run_s = {job_id: records[0].create_timestamp.timestamp() for job_id, records in runs.items()}
    deleted = 0
    delete_old_refusals(archive, retention, now_s=time.time())
    for job_id in jobs_to_delete(last_run_s, now_s=time.time(), options=retention):
        finished = [record.dagster_run for record in runs[job_id] if not _is_open(record.dagster_run)]
        if deleted == _MAX_DELETED or len(finished) < len(runs[job_id]):
            continue
        keys = _keys_to_delete(archive, job_id, finished, retention.objects)
        archive.store.delete(keys)
        instance.delete_dynamic_partition(name, job_id)
        deleted += 1
        context.log.info("retired job %s: %d objects deleted", job_id, len(keys))


@dg.job(name="retire_jobs_job", description="Deletes the partitions of old jobs (JOB_RETIRE_*).")
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


def _runs_by_job(instance: dg.DagsterInstance, job_ids: set[str]) -> dict[str, list[dg.RunRecord]]:
    """Return the runs of each of these jobs, the latest first."""
    runs: dict[str, list[dg.RunRecord]] = {}
    cursor: str | None = None
    while page := instance.get_run_records(limit=_PAGE, cursor=cursor):
        for record in page:
            tags = record.dagster_run.tags
            job_id = tags.get(JOB_ID) or tags.get(PARTITION)
            if job_id in job_ids:
                runs.setdefault(job_id, []).append(record)
        cursor = page[-1].dagster_run.run_id
    return runs


def _is_open(run: dg.DagsterRun) -> bool:
    return not run.is_finished or run.tags.get(CALLBACKS) == "pending"


def _keys_to_delete(archive: JobArchive, job_id: str, runs: Sequence[dg.DagsterRun], objects: str) -> list[str]:
    """Return the keys of a job's objects to delete. The input, and what others stored beside the job's folder, stay."""
    request = archive.find(DubRequest, job_record_key(job_id))
    if objects == "nothing" or request is None:
        return []
    job_keys = JobKeys(request=request)
    keys = list(SharedProducts(archive=archive, keys=job_keys).references())
    keys += [item.key for item in archive.store.list(f"{job_keys.root}/")]
    if objects == "everything":
        keys += [request.result_key, request.metadata_key, job_keys.report, job_record_key(job_id)]
        keys += [key for run in runs for key in _keys_of_run(archive, run)]
    return keys


def _keys_of_run(archive: JobArchive, run: dg.DagsterRun) -> Iterator[str]:
    """Return the keys of a run's request and callbacks."""
    if REQUEST_KEY in run.tags:
        yield run.tags[REQUEST_KEY]
    yield from _keys_of_callbacks(archive, run.run_id)


def _keys_of_callbacks(archive: JobArchive, origin: str) -> Iterator[str]:
    yield dispatch_key(origin)
    yield from (item.key for item in archive.store.list(f"{dispatch_key(origin).removesuffix('.json')}/"))
