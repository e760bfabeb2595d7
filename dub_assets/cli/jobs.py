"""``dub-assets jobs``: the stored jobs, the latest run first."""

from __future__ import annotations

import json
import os
from typing import Any

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.archive import open_archive, recorded_jobs
from dub_assets.cli.runs import LastRun, last_runs, local_time
from dub_assets.cli.tables import new_table, print_table
from dub_assets.cli.terminal import write_json, write_line
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.service.dagster_home import local_instance
from dub_assets.settings import settings_from
from dub_assets.stages.metadata.values import Metadata


def show_jobs(last: int, *, as_json: bool) -> None:
    """Print the ``last`` jobs with their languages, last run, and counts of segments and flagged segments."""
    settings = settings_from(os.environ)
    archive = open_archive(settings)
    with local_instance(settings) as instance:
        runs = last_runs(instance)
    recorded = set(recorded_jobs(archive))
    listed = [job for job in runs if job in recorded] + sorted(recorded - runs.keys())
    rows = [_row(job_id, runs.get(job_id), archive) for job_id in listed[:last]]
    if as_json:
        write_json({"jobs": rows, "total": len(listed)})
        return
    _print(rows, runs)
    if len(listed) > last:
        write_line(f"and {len(listed) - last} more: --last {len(listed)} shows all")


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


def _print(rows: list[dict[str, Any]], runs: dict[str, LastRun]) -> None:
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
