"""Pools on a real instance, with the settings of ``dagster.yaml``: runs wait for each other there, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
import yaml
from support.dagster_jobs import JOB, KEYS, Jobs
from support.waiting import PATIENCE_S, wait_until

from dub_assets.core.keys import job_record_key
from dub_assets.resources.partitions import jobs_partitions

pytestmark = pytest.mark.media

CONFIGURATION = yaml.safe_load(Path("dagster.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    home = tmp_path / "dagster"
    home.mkdir()
    settings = {name: CONFIGURATION[name] for name in ("concurrency", "run_queue", "run_monitoring", "telemetry")}
    home.joinpath("dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        yield instance


def waiting(instance: dg.DagsterInstance) -> list[str]:
    """Return the runs whose step waits for a slot of the pool."""
    info = instance.event_log_storage.get_concurrency_info("gpu")
    return [step.run_id for step in info.pending_steps if step.assigned_timestamp is None]


def start(job: str, jobs: Jobs, folder: Path) -> subprocess.Popen[bytes]:
    """Start a run of a job in a process of its own, with stems in the pool ``gpu``."""
    places = {"DUB_ASSETS_HOME": jobs.settings.paths.home, "DUB_ASSETS_CACHE": jobs.settings.paths.cache}
    variables = {name: str(path) for name, path in places.items()} | {"STAGE_POOLS": "stems=gpu"}
    paths = {"PYTHONPATH": os.pathsep.join(["tests", "."])}
    command = [sys.executable, "-m", "support.pooled_run", job, str(folder)]
    return subprocess.Popen(command, env=os.environ | variables | paths)


def test_two_jobs_share_a_pool_and_an_edit_waits_for_neither(jobs: Jobs, instance: dg.DagsterInstance, tmp_path: Path):
    assert jobs.run().success
    jobs.instance = instance
    instance.event_log_storage.set_concurrency_slots("gpu", 1)
    names = ("first", "second")
    instance.add_dynamic_partitions(jobs_partitions.name, [JOB, *names])
    for name in names:
        request = replace(KEYS.request, job_id=name, segment_prefix=f"projects/shop/interim/{name}/segments")
        request = replace(request, result_key=f"projects/shop/{name}.mp4", metadata_key=f"projects/shop/{name}.json")
        jobs.archive.save(job_record_key(name), replace(request, project_id=name))
    runs = [start(name, jobs, tmp_path) for name in names]
    try:
        wait_until(lambda: len(list(tmp_path.glob("entered.*"))) == 1, "a job holds the pool")
        wait_until(lambda: len(waiting(instance)) == 1, "the other waits for it")
        edit = jobs.run(name="edit_segments_job", config={"segment_mixes": {"segments": [1], "bgm_gain": 0.2}})
        assert edit.success, "a job that waits for the pool does not hold another"
        assert len(list(tmp_path.glob("entered.*"))) == 1
        tmp_path.joinpath("open").touch()
        assert [run.wait(PATIENCE_S) for run in runs] == [0, 0]
    finally:
        for run in runs:
            run.kill()
            run.wait()
    assert len(list(tmp_path.glob("entered.*"))) == 2
    assert instance.event_log_storage.get_concurrency_info("gpu").active_slot_count == 0


def test_the_pools_of_the_shipped_configuration_are_dagsters(instance: dg.DagsterInstance):
    config = instance.get_concurrency_config()
    assert config.pool_config.pool_granularity.value == "op"
    assert config.pool_config.default_pool_limit is None
    assert config.run_queue_config.max_concurrent_runs == 4
    assert instance.run_coordinator.dequeue_interval_seconds == 1
    assert instance.get_settings("run_monitoring")["free_slots_after_run_end_seconds"] == 30
