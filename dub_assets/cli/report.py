"""``dub-assets report``: the page of a finished job, made where it is not up to date, and brought to a folder."""

from __future__ import annotations

import os
from pathlib import Path

from dub_assets.cli.display import display_for
from dub_assets.cli.results import copy_file, require_folder
from dub_assets.cli.running import LocalRun, run_here
from dub_assets.cli.terminal import write_line
from dub_assets.domain.errors import InputError
from dub_assets.domain.keys import JobKeys
from dub_assets.domain.report import Report
from dub_assets.domain.request import checked_id
from dub_assets.resources.storage import StorageResource
from dub_assets.resources.studio import job_request
from dub_assets.settings import settings_from


def report_job(job_id: str, out: Path, *, quiet: bool) -> None:
    """Make the page, copy it to ``out`` and print its path.

    Raises ObjectMissingError where there is no such job, InputError where it has no video yet.
    """
    settings = settings_from(os.environ)
    archive = StorageResource.of(settings).archive
    keys = JobKeys(request=job_request(archive, checked_id("the job", job_id), {}))
    if archive.store.head(keys.manifest("final_video")) is None:
        raise InputError(f"job {job_id!r} has no video yet: run it to its end first")
    require_folder(out)
    with display_for(quiet=quiet) as display:
        run_here(LocalRun(job_id=job_id, job="dub_job", assets=["report"]), settings, display)
    made = archive.load(Report, keys.manifest("report"))
    target = out / f"{job_id}.html"
    copy_file(archive.workspace.open(made.page), target)
    write_line(str(target))
