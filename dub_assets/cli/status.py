"""``dub-assets status``: a job's progress, the findings of its checks, and its results."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.archive import open_archive
from dub_assets.cli.callbacks import callback_state, callback_summary
from dub_assets.cli.cancel import known_job
from dub_assets.cli.folders import delivery_records
from dub_assets.cli.runs import LastRun, local_time, run_of, stage_states
from dub_assets.cli.segments import segment_rows
from dub_assets.cli.tables import new_table, print_table
from dub_assets.cli.terminal import write_json, write_line
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.service.callbacks.outbox import Outbox
from dub_assets.service.callbacks.run_log import RunLog
from dub_assets.service.dagster_home import local_instance
from dub_assets.service.job_runs import runs_of
from dub_assets.service.run_recovery import awaits_retry
from dub_assets.settings import Settings, settings_from
from dub_assets.stages.quality.values import Quality

_STATES = {
    dg.DagsterRunStatus.NOT_STARTED: "waiting",
    dg.DagsterRunStatus.QUEUED: "waiting",
    dg.DagsterRunStatus.STARTING: "starting",
    dg.DagsterRunStatus.STARTED: "running",
    dg.DagsterRunStatus.CANCELING: "being cancelled",
    dg.DagsterRunStatus.SUCCESS: "done",
    dg.DagsterRunStatus.FAILURE: "failed",
    dg.DagsterRunStatus.CANCELED: "cancelled",
}

STAGES = (
    "stems",
    "transcript",
    "translation",
    "tts_segments",
    "segment_mixes",
    "final_video",
    "quality",
    "metadata",
    "report",
)


def show_status(name: str, *, as_json: bool) -> None:
    """Print the state of a job. Raises InputError if there is no such job."""
    settings = settings_from(os.environ)
    archive = open_archive(settings)
    with local_instance(settings) as instance:
        job_id = known_job(name, instance, archive)
        records = runs_of(instance, job_id)
        status = _status(job_id, records, instance, archive, settings)
    if as_json:
        write_json(status)
    else:
        _print(status, [run_of(record) for record in records])


def _status(
    job_id: str,
    records: Sequence[dg.RunRecord],
    instance: dg.DagsterInstance,
    archive: JobArchive,
    settings: Settings,
) -> dict[str, Any]:
    """Return the state as ``status --json`` prints it. A job of external segments has runs and no record."""
    request = archive.find(DubRequest, job_record_key(job_id))
    keys = JobKeys(request=request) if request else None
    last = records[0].dagster_run if records else None
    failure = RunLog.of(last, instance).failure if last and last.is_finished and not last.is_success else None
    stages = _stages(keys, archive, stage_states(instance, last.run_id) if last else {}) if keys else {}
    runs = [record.dagster_run for record in reversed(records)]
    return {
        "job_id": job_id,
        "project_id": request.project_id if request else None,
        "source_language": request.source_language if request else None,
        "target_language": request.target_language if request else None,
        "state": _state(runs, instance),
        "last_run": run_of(records[0]).as_json() if records else None,
        "error": failure.error if failure else None,
        "error_code": failure.error_code if failure else None,
        "progress": round(100 * list(stages.values()).count("done") / len(STAGES)),
        "stages": stages,
        "runs": [run_of(record).as_json() for record in records],
        "callbacks": callback_state(runs, Outbox(archive)),
        "findings": _findings(keys, archive) if keys else None,
        "results": _results(keys, archive, settings) if keys else None,
    }


def _state(runs: Sequence[dg.DagsterRun], instance: dg.DagsterInstance) -> str:
    """Return the state of a job: that of its open run, else of its last one."""
    is_open = [
        run for run in runs if not run.is_finished or awaits_retry(run, retries_enabled=instance.run_retries_enabled)
    ]
    shown = next(iter(is_open), runs[-1] if runs else None)
    return _STATES[shown.status] if shown else "no run here"


def _stages(keys: JobKeys, archive: JobArchive, states: dict[str, str]) -> dict[str, str]:
    """Return the state of each stage: that in the last run, else ``done`` if it has a product, else ``waiting``."""

    def stored(stage: str) -> str:
        return "done" if archive.store.head(keys.manifest(stage)) is not None else "waiting"

    return {stage: states.get(stage) or stored(stage) for stage in STAGES}


def _findings(keys: JobKeys, archive: JobArchive) -> dict[str, Any]:
    """Return the checks that did not pass, and the segments with issues."""
    quality = archive.find(Quality, keys.manifest("quality"))
    checks = [check for check in quality.checks if not check.passed] if quality else []
    has_segments = archive.store.head(keys.manifest("transcript")) is not None
    rows = segment_rows(keys, archive) if has_segments else []
    return {
        "checks": [{"name": check.name, "blocking": check.blocking, "reason": check.reason} for check in checks],
        "segments": {row["segment"]: row["issues"] for row in rows if row["issues"]},
    }


def _results(keys: JobKeys, archive: JobArchive, settings: Settings) -> dict[str, Any]:
    """Return the keys of the results in the store, and the folders of this machine that have them."""
    wanted = {"video": keys.request.result_key, "metadata": keys.request.metadata_key, "report": keys.report}
    deliveries = delivery_records(archive, settings).of(keys.request.job_id)
    return {
        "store": archive.store.description,
        "keys": {kind: key for kind, key in wanted.items() if archive.store.head(key) is not None},
        "folders": [
            {"folder": delivery.folder, "files": [file.name for file in delivery.files]}
            for delivery in deliveries
            if Path(delivery.folder).is_dir()
        ],
    }


def _print(status: dict[str, Any], runs: Sequence[LastRun]) -> None:
    is_dub = status["findings"] is not None
    kind = f"{status['source_language']} to {status['target_language']}" if is_dub else "edits of external segments"
    write_line(f"job {status['job_id']}: {kind}, {status['state']}")
    if runs:
        write_line(f"last run: {runs[0].name}, {runs[0].status}, {local_time(runs[0].created_s)}")
    if status["error"]:
        write_line(f"error: {status['error']} ({status['error_code']})")
    if is_dub:
        write_line(f"progress: {status['progress']} %")
        table = new_table(("stage", "state"), whole=["stage", "state"])
        for stage, state in status["stages"].items():
            table.add_row(stage, state)
        print_table(table)
    for run in runs[1:]:
        write_line(f"earlier run: {run.name}, {run.status}, {local_time(run.created_s)}")
    if any(status["callbacks"].values()):
        write_line(f"callbacks: {callback_summary(status['callbacks'])}")
    for line in _findings_and_results(status) if is_dub else ():
        write_line(line)


def _findings_and_results(status: dict[str, Any]) -> list[str]:
    findings, results = status["findings"], status["results"]
    checks = [f"check {check['name']}: {check['reason']}" for check in findings["checks"]]
    segments = [f"segment {name}: {', '.join(issues)}" for name, issues in findings["segments"].items()]
    keys = [f"{kind}: {key}" for kind, key in results["keys"].items()]
    folders = [f"folder: {delivery['folder']}" for delivery in results["folders"]]
    stored = [f"in {results['store']}:", *keys] if keys else []
    return [*checks, *segments, *stored, *folders]
