"""The deletion of old jobs: a real instance and a real store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from support.fakes import FakeProgress
from support.outbox_world import World, dub_request

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
    keys = [
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
