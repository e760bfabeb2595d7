"""The runs of a job: all its dubs and edits."""

from __future__ import annotations

import dagster as dg

from dub_assets.resources.tags import JOB_ID, PARTITION


def job_of(run: dg.DagsterRun) -> str | None:
    """Return the job of a run; None if it is about no job, such as a run of retention."""
    return run.tags.get(JOB_ID) or run.tags.get(PARTITION)


def runs_of(instance: dg.DagsterInstance, job_id: str, *, limit: int | None = None) -> list[dg.RunRecord]:
    """Return the runs of a job, the latest first; at most the ``limit`` latest."""
    found = {
        record.storage_id: record
        for tag in (JOB_ID, PARTITION)
        for record in instance.get_run_records(dg.RunsFilter(tags={tag: job_id}), limit=limit)
    }
    return [found[number] for number in sorted(found, reverse=True)][:limit]
