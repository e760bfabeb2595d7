"""Replay: delivers again the callbacks of a job, for a consumer that lost them."""

import time

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.resources.tags import CALLBACKS, CALLBACKS_RUN, JOB_ID
from dub_assets.service.callbacks.outbox import Outbox
from dub_assets.service.callbacks.retry_groups import retry_groups_of


def deliver_again(instance: dg.DagsterInstance, archive: JobArchive, job_id: str) -> int:
    """Have the service deliver the stored callbacks of a job again, with the same bytes and ids, run by run.

    Callbacks that are being delivered are left alone: their runs are still ``pending``. The service attempts each
    callback for as long as a new one.

    Returns:
        The number of callbacks that are delivered again; 0 if the job has none, or none are stored any more.

    Raises:
        StorageUnavailableError: The outbox cannot be reached. A later call continues.
    """
    outbox, count = Outbox(archive), 0
    ended = dg.RunsFilter(tags={JOB_ID: job_id, CALLBACKS: ["delivered", "lost"]})
    runs = [record.dagster_run for record in instance.get_run_records(ended, ascending=True)]
    for group in retry_groups_of(runs):
        entry = outbox.load(group.origin)
        if not group.has_recipient or not entry.sealed:
            continue
        outbox.save(entry.unsent(now_s=time.time()))
        for run in group.runs:
            instance.add_run_tags(run.run_id, {CALLBACKS: "pending", CALLBACKS_RUN: run.run_id})
        count += len(entry.sealed)
    return count
