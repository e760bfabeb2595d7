"""Runs on warm workers that are killed, cancelled or shut down; real processes."""

from __future__ import annotations

import os

import dagster as dg
import pytest
from world import STAGES, World

pytestmark = pytest.mark.workers


@pytest.fixture(autouse=True)
def unblocked(world: World):
    yield
    world.service.unblock()


def test_a_worker_executes_one_run_after_another(world: World):
    jobs = [world.send(f"plain-{number}") for number in range(3)]
    assert [world.await_reported(job) for job in jobs] == [STAGES] * 3
    processes = {world.service.process_of(run) for job in jobs for run in world.service.runs(job)}
    assert len(processes) <= len(world.service.workers)


@pytest.mark.parametrize("target", ["pid", "parent"])
def test_retries_the_run_of_a_killed_worker(world: World, target: str):
    world.service.block_next_run()
    job = world.send(f"killed-{target}")
    world.service.kill_blocked(world.service.blocked_run(), target)
    assert world.await_reported(job) == STAGES
    assert world.service.statuses(job) == ["FAILURE", "SUCCESS"]


def test_a_worker_that_shuts_down_returns_its_run(world: World):
    world.service.block_next_run()
    job = world.send("returned")
    blocked = world.service.blocked_run()
    (name,) = [name for name in world.service.workers if world.service.pid(name) == blocked.parent]
    assert world.service.end(name) == 0
    world.service.unblock()
    assert world.await_reported(job) == STAGES
    assert world.service.statuses(job) == ["FAILURE", "SUCCESS"]


def test_a_cancelled_run_ends_as_cancelled_and_its_worker_keeps_its_models(world: World):
    world.service.block_next_run()
    job = world.send("cancelled")
    blocked = world.service.blocked_run()
    (run,) = world.service.runs(job)
    with world.service.instance as instance:
        assert instance.run_launcher.terminate(run.run_id)
    assert world.await_reported(job) == [*STAGES[:3], "failed"]
    assert world.service.statuses(job) == ["CANCELED"]
    world.service.unblock()
    assert blocked.keeps
    os.kill(blocked.pid, 0)
    with world.service.instance as instance:
        ends = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_CANCELED)
    assert len(ends) == 1
