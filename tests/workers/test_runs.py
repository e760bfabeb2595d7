"""Runs on warm workers: nothing is lost, whatever is killed, cancelled or told to leave. Real processes throughout."""

from __future__ import annotations

import os

import dagster as dg
import pytest
from world import STAGES, World

pytestmark = pytest.mark.workers


@pytest.fixture(autouse=True)
def unheld(world: World):
    yield
    world.crew.let_go()


def test_a_worker_works_on_one_run_after_another(world: World):
    jobs = [world.send(f"calm-{number}") for number in range(3)]
    assert [world.await_told(job) for job in jobs] == [STAGES] * 3
    processes = {world.crew.process_of(run) for job in jobs for run in world.crew.runs(job)}
    assert len(processes) <= len(world.crew.workers)


@pytest.mark.parametrize("whom", ["pid", "parent"])
def test_a_killed_worker_s_run_is_repeated(world: World, whom: str):
    world.crew.hold()
    job = world.send(f"killed-{whom}")
    world.crew.kill_held(world.crew.held(), whom)
    assert world.await_told(job) == STAGES
    assert world.crew.statuses(job) == ["FAILURE", "SUCCESS"]


def test_a_worker_that_is_told_to_end_hands_its_run_back(world: World):
    world.crew.hold()
    job = world.send("handed-back")
    held = world.crew.held()
    (name,) = [name for name in world.crew.workers if world.crew.pid(name) == held.parent]
    assert world.crew.end(name) == 0
    world.crew.let_go()
    assert world.await_told(job) == STAGES
    assert world.crew.statuses(job) == ["FAILURE", "SUCCESS"]


def test_a_cancelled_run_ends_as_cancelled_and_its_worker_goes_on_with_the_models_it_keeps(world: World):
    world.crew.hold()
    job = world.send("cancelled")
    held = world.crew.held()
    (run,) = world.crew.runs(job)
    with world.crew.instance as instance:
        assert instance.run_launcher.terminate(run.run_id)
    assert world.await_told(job) == [*STAGES[:3], "failed"]
    assert world.crew.statuses(job) == ["CANCELED"]
    world.crew.let_go()
    assert held.keeps
    os.kill(held.pid, 0)
    with world.crew.instance as instance:
        ends = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_CANCELED)
    assert len(ends) == 1
