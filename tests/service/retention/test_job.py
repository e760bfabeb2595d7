"""The deletion of old jobs: a real instance and a real store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from support.fakes import FakeProgress
from support.finished_job import PROVENANCE, products
from support.outbox_world import World, dub_request

from dub_assets.adapters.dagster_private import delete_runs
from dub_assets.core.keys import JobKeys, callback_body_key, dispatch_key, job_record_key
from dub_assets.definitions import definitions
from dub_assets.resources import tags
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.service.retention.job import retention_schedule
from dub_assets.settings import settings_from

RESULTS = {"projects/shop/outputs/videos/old.mp4", "projects/shop/outputs/metadata/old.json"}
URL = "http://127.0.0.1:1/never"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"DUB_ASSETS_HOME": str(tmp_path), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}


@pytest.fixture
def world(environment: dict[str, str]) -> Iterator[World]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield World(environment, instance)


def add_job(world: World, job_id: str, *, callbacks: str = "delivered") -> dg.ExecuteInProcessResult:
    """Add a job that has run, with every kind of object."""
    world.instance.add_dynamic_partitions(jobs_partitions.name, [job_id])
    run = world.talk(job_id, URL, message=f"m-{job_id}", **{tags.CALLBACKS: callbacks})
    request = dub_request(job_id)
    world.archive.save(job_record_key(job_id), request)
    job_keys = JobKeys(request=request)
    world.archive.save(job_keys.manifest("transcript"), products().transcript)
    keys = [
        job_keys.shared("transcript", PROVENANCE.fingerprint),
        request.result_key,
        request.input_key,
        JobKeys(request=request).stem("mix"),
        JobKeys(request=request).clip(0, "mix"),
        dispatch_key(run.run_id),
        callback_body_key(run.run_id, 0),
    ]
    for key in keys:
        world.archive.store.put(key, b"{}", "application/json")
    return run


def delete_old_jobs(world: World, environment: dict[str, str], **options: str) -> list[str]:
    """Delete old jobs, and return the partitions that are left."""
    defs = definitions(settings_from({**environment, **options}), FakeProgress())
    assert defs.resolve_job_def("retire_jobs_job").execute_in_process(instance=world.instance).success
    return list(world.instance.get_dynamic_partitions(jobs_partitions.name))


def keys_of(world: World, job_id: str) -> set[str]:
    return {item.key for item in world.archive.store.list("") if job_id in item.key}


def test_deletes_the_partitions_of_old_jobs_and_keeps_their_objects(world: World, environment):
    for job_id in ("old", "older", "new"):
        add_job(world, job_id)
    before = keys_of(world, "old")
    assert delete_old_jobs(world, environment, JOB_RETIRE_KEEP="1") == ["new"]
    assert keys_of(world, "old") == before


@pytest.mark.parametrize(
    ("objects", "left"),
    [
        ("interim", {"jobs/old.json", "jobs/requests/m-old.json", *RESULTS}),
        ("everything", set()),
    ],
)
def test_deletes_objects_as_configured_and_keeps_the_input(world, environment, objects, left):
    run = add_job(world, "old")
    add_job(world, "new")
    new = keys_of(world, "new")
    assert delete_old_jobs(world, environment, JOB_RETIRE_KEEP="1", JOB_RETIRE_OBJECTS=objects) == ["new"]
    assert keys_of(world, "old") == left
    assert bool(keys_of(world, run.run_id)) == (objects == "interim")
    assert keys_of(world, "new") == new
    assert keys_of(world, "inputs/talk.mp4")


def test_deletes_the_runs_of_old_jobs_with_their_events(world: World, environment):
    old, new = (add_job(world, job_id) for job_id in ("old", "new"))
    delete_old_jobs(world, environment, JOB_RETIRE_KEEP="1")
    assert world.instance.get_run_by_id(old.run_id) is None
    assert not world.instance.all_logs(old.run_id)
    assert world.instance.all_logs(new.run_id)
    add_job(world, "old")
    assert set(world.instance.get_dynamic_partitions(jobs_partitions.name)) == {"old", "new"}


def test_deletes_old_runs_without_a_partition(world: World, environment, monkeypatch: pytest.MonkeyPatch):
    """Runs of external segments, and those of retention itself."""
    edit = world.talk("edit-1", URL, **{tags.CALLBACKS: "delivered"})
    add_job(world, "new")
    delete_old_jobs(world, environment, JOB_RETIRE_AFTER_DAYS="1")
    assert world.instance.get_run_by_id(edit.run_id) is not None
    later_s = time.time() + 2 * 86_400
    monkeypatch.setattr("dub_assets.service.retention.job.time.time", lambda: later_s)
    delete_old_jobs(world, environment, JOB_RETIRE_AFTER_DAYS="1")
    assert [run.job_name for run in world.instance.get_runs()] == ["retire_jobs_job"]


def test_reads_few_runs_that_it_does_not_delete(world: World, environment, monkeypatch: pytest.MonkeyPatch):
    for number in range(12):
        add_job(world, f"job-{number}")
    monkeypatch.setattr("dub_assets.service.retention.job._PAGE", 2)
    read = []
    records_of = dg.DagsterInstance.get_run_records

    def counted(instance: dg.DagsterInstance, *arguments: object, **options: object):
        records = records_of(instance, *arguments, **options)
        read.extend(records)
        return records

    monkeypatch.setattr(dg.DagsterInstance, "get_run_records", counted)
    left = delete_old_jobs(world, environment, JOB_RETIRE_KEEP="9")
    assert sorted(left) == sorted(f"job-{number}" for number in range(3, 12))
    assert len(read) <= 16


def test_leaves_no_file_of_a_deleted_run(tmp_path: Path):
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:

        def files() -> set[Path]:
            return {path for path in tmp_path.rglob("*") if path.is_file() and path.suffix in {".db", ".out", ".err"}}

        @dg.asset(check_specs=[dg.AssetCheckSpec("passes", asset="text")])
        def text():
            yield dg.Output("Boa noite.")
            yield dg.AssetCheckResult(passed=True)

        instance.get_runs()
        before = files()
        result = dg.materialize([text], instance=instance)
        assert files() > before
        delete_runs(instance, [result.run_id])
        assert files() == before
        (check,) = result.get_asset_check_evaluations()
        assert not instance.event_log_storage.get_asset_check_execution_history(check.asset_check_key, limit=5)


def test_keeps_a_job_with_pending_callbacks(world: World, environment):
    add_job(world, "old", callbacks="pending")
    add_job(world, "new")
    assert set(delete_old_jobs(world, environment, JOB_RETIRE_KEEP="1")) == {"old", "new"}


def test_keeps_a_job_with_an_open_run(world: World, environment):
    add_job(world, "old")
    world.add_run(world.tags("old", URL))
    for job_id in ("new", "newer"):
        add_job(world, job_id)
    assert set(delete_old_jobs(world, environment, JOB_RETIRE_KEEP="1")) == {"old", "newer"}


def test_keeps_a_job_that_has_not_run(world: World, environment):
    world.instance.add_dynamic_partitions(jobs_partitions.name, ["fresh"])
    for job_id in ("old", "new"):
        add_job(world, job_id)
    assert set(delete_old_jobs(world, environment, JOB_RETIRE_KEEP="1")) == {"fresh", "new"}


@pytest.mark.parametrize(("options", "runs"), [({}, False), ({"JOB_RETIRE_AFTER_DAYS": "30"}, True)])
def test_the_schedule_runs_only_if_it_is_configured(environment, options, runs):
    settings = settings_from({**environment, **options})
    with dg.build_schedule_context(resources={"retention": settings.retention}) as context:
        assert isinstance(retention_schedule(context), dg.RunRequest if runs else dg.SkipReason)
