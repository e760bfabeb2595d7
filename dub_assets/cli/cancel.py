"""``dub-assets cancel``: ends the open runs of a job."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.archive import find_job, open_archive
from dub_assets.cli.interruptions import current as current_interruptions
from dub_assets.cli.runs import status_word
from dub_assets.cli.terminal import write_json, write_line
from dub_assets.core.errors import DubError
from dub_assets.service.cancellation import Cancellations, JobRuns
from dub_assets.service.dagster_home import local_instance
from dub_assets.service.job_runs import runs_of
from dub_assets.settings import settings_from

_WAIT_S = 60.0
"""Longer than the interrupted process of a run may take before it is killed."""

_POLL_S = 0.5


class NotEndedError(DubError):
    """A cancelled run has not ended yet."""


def cancel_job(name: str, *, as_json: bool) -> None:
    """Cancel a job, wait until its runs have ended, and print them.

    Raises InputError if there is no such job, NotEndedError if runs take longer than a minute to end.
    """
    settings = settings_from(os.environ)
    archive = open_archive(settings)
    with local_instance(settings) as instance:
        cancellations = Cancellations(instance, archive)
        job_id = known_job(name, instance, archive)
        runs = cancellations.find(job_id)
        if runs.open:
            if interruptions := current_interruptions():
                interruptions.advise("the cancellation is stored, and `callbacks_sensor` goes on with it")
            cancellations.begin(job_id, runs)
            _wait(cancellations, job_id)
        ended = [instance.get_run_by_id(run.run_id) or run for run in runs.open]
    _print(job_id, runs, ended, as_json=as_json)
    if any(not run.is_finished for run in ended):
        raise NotEndedError("some runs have not ended yet: `callbacks_sensor` goes on; see `dub-assets status`")


def known_job(name: str, instance: dg.DagsterInstance, archive: JobArchive) -> str:
    """Return the id of a job that has runs or a record. Raises InputError if there is none."""
    return name if runs_of(instance, name, limit=1) else find_job(archive, name).job_id


def _wait(cancellations: Cancellations, job_id: str) -> None:
    until = time.monotonic() + _WAIT_S
    while time.monotonic() < until and cancellations.find(job_id).open:
        time.sleep(_POLL_S)
        cancellations.pursue(job_id)


def _print(job_id: str, runs: JobRuns, ended: Sequence[dg.DagsterRun], *, as_json: bool) -> None:
    if as_json:
        listed = [{"run_id": run.run_id, "name": run.job_name, "status": status_word(run.status)} for run in ended]
        write_json({"job_id": job_id, "runs": listed})
        return
    for run in ended:
        write_line(f"job {job_id}: {run.job_name} is {status_word(run.status)} (run {run.run_id})")
    if not ended and runs.runs:
        last = runs.runs[0]
        write_line(f"job {job_id}: nothing to cancel, its last run {last.job_name} ended: {status_word(last.status)}")
    elif not ended:
        write_line(f"job {job_id}: nothing to cancel, it has no runs here")
