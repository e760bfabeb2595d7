"""``dub-assets report``: rebuilds the report of a job if it is out of date, and copies it to a folder."""

from __future__ import annotations

import os
from pathlib import Path

from dub_assets.cli.archive import find_job
from dub_assets.cli.display import display_for
from dub_assets.cli.folders import folders_to_update
from dub_assets.cli.results import deliver, report_file
from dub_assets.cli.running import LocalRun, run_here, show_wait
from dub_assets.cli.summary import print_notes, print_paths
from dub_assets.core.errors import InputError
from dub_assets.core.keys import JobKeys
from dub_assets.resources.storage import StorageResource
from dub_assets.settings import settings_from


def report_job(job_id: str, out: Path | None, *, quiet: bool) -> None:
    """Make the report, copy it to ``out``, else to the folders with the job's results, and print its path.

    Raises InputError if the job does not exist or has no video yet.
    """
    settings = settings_from(os.environ)
    archive = StorageResource.of(settings).archive
    request = find_job(archive, job_id)
    keys = JobKeys(request=request)
    if archive.store.head(keys.manifest("final_video")) is None:
        raise InputError(f"job {request.job_id!r} has no video yet: run it to its end first")
    folders, notes = folders_to_update(request, archive, settings, out)
    with archive.locked(request.job_id, show_wait), display_for(quiet=quiet) as display:
        run_here(LocalRun(job_id=request.job_id, job="dub_job", assets=["report"]), settings, display)
    delivered = deliver(list(report_file(keys, archive)), folders)
    print_notes([*notes, *delivered.notes])
    print_paths(delivered.paths)
