"""A run that restores a revision, in this process."""

from __future__ import annotations

import os
from pathlib import Path

from dub_assets.cli.display import display_for
from dub_assets.cli.folders import folders_to_update
from dub_assets.cli.results import deliver, result_files
from dub_assets.cli.running import LocalRun, run_here, show_wait
from dub_assets.cli.summary import print_notes
from dub_assets.resources.revisions import Revisions
from dub_assets.resources.tags import EDITED_BY
from dub_assets.service.edits.restore import RESTORE_JOB, RESTORE_OP
from dub_assets.settings import settings_from
from dub_assets.stages.final_video.values import FinalVideo


def restore(revisions: Revisions, number: int, *, by: str, quiet: bool) -> list[Path]:
    """Restore a revision and update the copies of the results if the video is another one; return their paths."""
    settings, keys, archive = settings_from(os.environ), revisions.keys, revisions.archive
    revisions.load(number)
    with archive.locked(keys.request.job_id, show_wait):
        before = archive.read(FinalVideo, keys.manifest("final_video"))
        run = restore_run(keys.request.job_id, number, by=by)
        with display_for(quiet=quiet) as display:
            run_here(run, settings, display)
        after = archive.read(FinalVideo, keys.manifest("final_video"))
        if before == after or after is None:
            return []
        folders, notes = folders_to_update(keys.request, archive, settings, None)
        delivered = deliver(result_files(keys, archive), folders)
    print_notes([*notes, *delivered.notes])
    return list(delivered.paths)


def restore_run(job_id: str, number: int, *, by: str) -> LocalRun:
    """Return the run that restores a revision."""
    return LocalRun(job_id=job_id, job=RESTORE_JOB, config={RESTORE_OP: {"revision": number}}, tags={EDITED_BY: by})
