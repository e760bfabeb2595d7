"""``dub-assets jobs``: the stored jobs, the latest run first."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.archive import open_archive, recorded_jobs
from dub_assets.cli.runs import STATES, LastRun, last_runs, local_time
from dub_assets.cli.tables import new_table, print_table
from dub_assets.cli.terminal import write_json, write_line
from dub_assets.core.errors import InputError
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.service.dagster_home import local_instance
from dub_assets.settings import settings_from
from dub_assets.stages.metadata.values import Metadata

_THREADS = 8

Listed = tuple[str, LastRun | None]
"""A job and its last run here."""


def show_jobs(last: int, skip: int, state: str | None, *, as_json: bool) -> None:
    """Print ``last`` jobs after the first ``skip``, with their languages, last run, and counts of segments.

    Raises InputError if there is no such state.
    """
    if state is not None and state not in STATES:
        raise InputError(f"{state!r} is no state of a job: {', '.join(STATES)}")
    settings = settings_from(os.environ)
    archive = open_archive(settings)
    with local_instance(settings) as instance:
        here = set(instance.get_dynamic_partitions(jobs_partitions.name or "jobs"))
        runs = ((job_id, run) for job_id, run in last_runs(instance, state) if job_id in here)
        listed: list[Listed] = list(islice(runs, skip + last + 1))
    total = None if state else len(here)
    if state is None and len(listed) <= skip + last:  # all have been read
        listed += _without_runs(listed, here, archive)
        total = len(listed)
    shown = listed[skip : skip + last]
    with ThreadPoolExecutor(_THREADS) as pool:
        rows = list(pool.map(lambda job: _row(job[0], job[1], archive), shown))
    if as_json:
        write_json({"jobs": rows, "total": total})
        return
    _print(rows, dict(shown))
    if len(listed) > skip + last:
        more = "more" if total is None else f"{total - skip - last} more"
        write_line(f"and {more}: --skip {skip + last} shows the next")


def _without_runs(listed: Sequence[Listed], here: Collection[str], archive: JobArchive) -> list[Listed]:
    """Return the jobs that have not run here: partitions, and jobs of other machines in the same store."""
    known = {job_id for job_id, _ in listed}
    return [(job_id, None) for job_id in sorted({*here, *recorded_jobs(archive)} - known)]


def _row(job_id: str, run: LastRun | None, archive: JobArchive) -> dict[str, Any]:
    """Return a job as ``jobs --json`` prints it; unknown values are null."""
    request = archive.find(DubRequest, job_record_key(job_id))
    metadata = archive.find(Metadata, JobKeys(request=request).manifest("metadata")) if request else None
    return {
        "job_id": job_id,
        "project_id": request.project_id if request else None,
        "source_language": request.source_language if request else None,
        "target_language": request.target_language if request else None,
        "last_run": run.as_json() if run else None,
        "segments": metadata.segments_count if metadata else None,
        "flagged": _flagged_count(archive, metadata) if metadata else None,
    }


def _flagged_count(archive: JobArchive, metadata: Metadata) -> int:
    """Return the number of segments with issues; manifests of older versions lack it, but the document has it."""
    if metadata.flagged_count is not None:
        return metadata.flagged_count
    document = json.loads(archive.store.get(metadata.document.key))
    return sum(bool(segment["issues"]) for segment in document["segments"])


def _print(rows: Sequence[dict[str, Any]], runs: Mapping[str, LastRun | None]) -> None:
    columns = ("job", "languages", "last run", "status", "segments", "flagged", "when")
    table = new_table(columns, whole=["job", "last run", "when"])
    for row in rows:
        run = runs.get(row["job_id"])
        readable = row["target_language"] is not None
        table.add_row(
            row["job_id"],
            f"{row['source_language']} to {row['target_language']}" if readable else "record unreadable",
            (run.name if run else "none here") if readable else "",
            run.status if run else "",
            "" if row["segments"] is None else str(row["segments"]),
            "" if row["flagged"] is None else str(row["flagged"]),
            local_time(run.created_s) if run else "",
        )
    print_table(table)
