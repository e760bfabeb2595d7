"""The retirement of old jobs: their partitions go, and their objects as configured. docs/operations.md tells more."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.keys import PENDING_REFUSALS, REFUSALS, JobKeys, dispatch_key, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.resources.job_context import JobResources
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.tags import CALLBACKS, JOB_ID, REQUEST_KEY
from dub_assets.service.pending_messages import RefusedMessages
from dub_assets.service.retention.rules import RetirementOptions, jobs_to_retire

_PARTITION = "dagster/partition"
_PENDING = PENDING_REFUSALS.removeprefix(REFUSALS).rstrip("/")
_PAGE = 1000
_AT_ONCE = 500
"""The most partitions that are retired in one run; the rest is for the next."""


@dg.op(description="Deletes the partitions of old jobs, after their objects where that is configured.")
def retire_old_jobs(
    context: dg.OpExecutionContext, job_resources: JobResources, retirement: dg.ResourceParam[RetirementOptions]
) -> None:
    """Nothing is retired that has never run, that a run works on or waits for, or that owes callbacks."""
    instance, name = context.instance, jobs_partitions.name or "jobs"
    runs = _runs_by_job(instance, set(instance.get_dynamic_partitions(name)))
    last_run_s = {job_id: records[0].create_timestamp.timestamp() for job_id, records in runs.items()}
    retired = 0
    _delete_refusals(job_resources.storage.archive, retirement, now_s=time.time())
    for job_id in jobs_to_retire(last_run_s, now_s=time.time(), options=retirement):
        finished = [record.dagster_run for record in runs[job_id] if not _is_open(record.dagster_run)]
        if retired == _AT_ONCE or len(finished) < len(runs[job_id]):
            continue
        keys = _keys_to_delete(job_resources.storage.archive, job_id, finished, retirement.objects)
        job_resources.storage.archive.store.delete(keys)
        instance.delete_dynamic_partition(name, job_id)
        retired += 1
        context.log.info("retired job %s: %d objects deleted", job_id, len(keys))


@dg.job(description="Takes old jobs off the list of partitions (JOB_RETIRE_*).")
def retire_jobs_job() -> None:
    """The run of one retirement."""
    retire_old_jobs()


@dg.schedule(
    job=retire_jobs_job,
    cron_schedule="15 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Retires old jobs once an hour, where JOB_RETIRE_AFTER_DAYS or JOB_RETIRE_KEEP is set.",
)
def retire_jobs(retirement: dg.ResourceParam[RetirementOptions]) -> dg.RunRequest | dg.SkipReason:
    """A run of the retirement, where there is anything to retire at all."""
    if not retirement.retires:
        return dg.SkipReason("neither JOB_RETIRE_AFTER_DAYS nor JOB_RETIRE_KEEP is set: no job is ever retired")
    return dg.RunRequest()


def _delete_refusals(archive: JobArchive, options: RetirementOptions, *, now_s: float) -> None:
    """Delete old records of refused messages and what is kept of their callbacks, unless objects are kept."""
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
    """Every run of these jobs, the latest first."""
    found: dict[str, list[dg.RunRecord]] = {}
    cursor: str | None = None
    while page := instance.get_run_records(limit=_PAGE, cursor=cursor):
        for record in page:
            tags = record.dagster_run.tags
            job_id = tags.get(JOB_ID) or tags.get(_PARTITION)
            if job_id in job_ids:
                found.setdefault(job_id, []).append(record)
        cursor = page[-1].dagster_run.run_id
    return found


def _is_open(run: dg.DagsterRun) -> bool:
    return not run.is_finished or run.tags.get(CALLBACKS) == "pending"


def _keys_to_delete(archive: JobArchive, job_id: str, runs: Sequence[dg.DagsterRun], objects: str) -> list[str]:
    """What goes with a job. The input is its producer's; what others put beside the job's folder stays too."""
    request = archive.find(DubRequest, job_record_key(job_id))
    if objects == "nothing" or request is None:
        return []
    keys = [item.key for item in archive.store.list(f"{JobKeys(request=request).root}/")]
    if objects == "everything":
        keys += [request.result_key, request.metadata_key, JobKeys(request=request).report, job_record_key(job_id)]
        keys += [key for run in runs for key in _keys_of_run(archive, run)]
    return keys


def _keys_of_run(archive: JobArchive, run: dg.DagsterRun) -> Iterator[str]:
    """A run's request, and what is kept of its callbacks."""
    if REQUEST_KEY in run.tags:
        yield run.tags[REQUEST_KEY]
    yield from _keys_of_callbacks(archive, run.run_id)


def _keys_of_callbacks(archive: JobArchive, origin: str) -> Iterator[str]:
    yield dispatch_key(origin)
    yield from (item.key for item in archive.store.list(f"{dispatch_key(origin).removesuffix('.json')}/"))
