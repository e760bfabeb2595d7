"""``dub-assets status``: a job's progress, the findings of its checks, and its results."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.archive import find_job, open_archive
from dub_assets.cli.folders import delivery_records
from dub_assets.cli.runs import LastRun, failure, last_run, local_time, stage_states
from dub_assets.cli.segments import segment_rows
from dub_assets.cli.tables import new_table, print_table
from dub_assets.cli.terminal import write_json, write_line
from dub_assets.core.keys import JobKeys
from dub_assets.core.request import DubRequest
from dub_assets.service.dagster_home import local_instance
from dub_assets.settings import Settings, settings_from
from dub_assets.stages.quality.values import Quality

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
    request = find_job(archive, name)
    with local_instance(settings) as instance:
        run = last_run(instance, request.job_id)
        status = _status(request, run, instance, archive, settings)
    if as_json:
        write_json(status)
    else:
        _print(status, run)


def _status(
    request: DubRequest, run: LastRun | None, instance: dg.DagsterInstance, archive: JobArchive, settings: Settings
) -> dict[str, Any]:
    """Return the state as ``status --json`` prints it."""
    keys = JobKeys(request=request)
    stages = _stages(keys, archive, stage_states(instance, run.run_id) if run else {})
    return {
        "job_id": request.job_id,
        "project_id": request.project_id,
        "source_language": request.source_language,
        "target_language": request.target_language,
        "last_run": run.as_json() if run else None,
        "error": failure(instance, run.run_id) if run and run.status == "failure" else None,
        "progress": round(100 * list(stages.values()).count("done") / len(stages)),
        "stages": stages,
        "findings": _findings(keys, archive),
        "results": _results(keys, archive, settings),
    }


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


def _print(status: dict[str, Any], run: LastRun | None) -> None:
    lines = [f"job {status['job_id']}: {status['source_language']} to {status['target_language']}"]
    lines.append(f"last run: {run.name}, {run.status}, {local_time(run.created_s)}" if run else "last run: none here")
    if status["error"]:
        lines.append(f"error: {status['error']}")
    lines.append(f"progress: {status['progress']} %")
    for line in lines:
        write_line(line)
    table = new_table(("stage", "state"), whole=["stage", "state"])
    for stage, state in status["stages"].items():
        table.add_row(stage, state)
    print_table(table)
    for line in _findings_and_results(status):
        write_line(line)


def _findings_and_results(status: dict[str, Any]) -> list[str]:
    findings, results = status["findings"], status["results"]
    checks = [f"check {check['name']}: {check['reason']}" for check in findings["checks"]]
    segments = [f"segment {name}: {', '.join(issues)}" for name, issues in findings["segments"].items()]
    keys = [f"{kind}: {key}" for kind, key in results["keys"].items()]
    folders = [f"folder: {delivery['folder']}" for delivery in results["folders"]]
    stored = [f"in {results['store']}:", *keys] if keys else []
    return [*checks, *segments, *stored, *folders]
