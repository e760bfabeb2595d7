"""``dub-assets jobs``: the jobs that are kept, the last one that ran first."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

import dagster as dg
from rich.console import Console
from rich.table import Table

from dub_assets.cli.running import local_instance
from dub_assets.domain.keys import JobKeys, job_record_key
from dub_assets.domain.mix import Metadata
from dub_assets.domain.request import DubRequest
from dub_assets.resources.storage import StorageResource
from dub_assets.resources.tags import JOB_ID
from dub_assets.settings import settings_from
from dub_assets.storage.archive import JobArchive

_PARTITION = "dagster/partition"
_RUNS_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class _LastRun:
    """The last run for a job."""

    name: str
    status: str
    at_s: float


def show_jobs(last: int) -> None:
    """Print the ``last`` jobs: languages, their last run, segments, those that are flagged, and when."""
    settings = settings_from(os.environ)
    archive = StorageResource.of(settings).archive
    with local_instance(settings) as instance:
        runs = _last_runs(instance)
    recorded = _recorded(archive)
    listed = [job for job in runs if job in recorded] + sorted(recorded - runs.keys())
    table = Table("job", "languages", "last run", "status", "segments", "flagged", "when", box=None)
    for job_id in listed[:last]:
        table.add_row(job_id, *_row(job_id, runs.get(job_id), archive))
    console = Console()
    console.print(table)
    if len(listed) > last:
        console.print(f"and {len(listed) - last} more: --last {len(listed)} shows them")


def _last_runs(instance: dg.DagsterInstance) -> dict[str, _LastRun]:
    """The last run of each job, the latest first."""
    runs: dict[str, _LastRun] = {}
    for record in instance.get_run_records(limit=_RUNS_LOOKED_AT):
        run = record.dagster_run
        job_id = run.tags.get(JOB_ID) or run.tags.get(_PARTITION)
        if job_id is not None and job_id not in runs:
            at_s = record.create_timestamp.timestamp()
            runs[job_id] = _LastRun(name=run.job_name, status=run.status.value.lower().replace("_", " "), at_s=at_s)
    return runs


def _recorded(archive: JobArchive) -> set[str]:
    """The jobs that have a record."""
    folder, ending = job_record_key("*").split("*")
    names = (item.key.removeprefix(folder) for item in archive.store.list(folder))
    return {name.removesuffix(ending) for name in names if "/" not in name and name.endswith(ending)}


def _row(job_id: str, run: _LastRun | None, archive: JobArchive) -> tuple[str, ...]:
    request = archive.find(DubRequest, job_record_key(job_id))
    if request is None:
        return ("record unreadable", "", "", "", "", "")
    made = archive.find(Metadata, JobKeys(request=request).manifest("metadata"))
    when = datetime.fromtimestamp(run.at_s).astimezone().strftime("%Y-%m-%d %H:%M") if run else ""
    return (
        f"{request.source_language} to {request.target_language}",
        run.name if run else "none here",
        run.status if run else "",
        str(made.segments_count) if made else "",
        str(made.issues_count) if made else "",
        when,
    )
