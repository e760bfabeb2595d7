"""Recovery of retries that Dagster announced and did not create."""

from __future__ import annotations

import time

import dagster as dg
import pytest
from support.callback_receiver import CallbackReceiver
from support.outbox_world import World

WILL_RETRY = {"dagster/will_retry": "true"}


def failed(world: World, receiver: CallbackReceiver, **retry_tags: str) -> dg.DagsterRun:
    """Return a run that has just failed."""
    run = world.add_run(world.tags("talk-1", receiver.url()))
    world.instance.report_run_failed(run)
    world.instance.add_run_tags(run.run_id, retry_tags)
    return run


def failures(world: World, run: dg.DagsterRun) -> int:
    return len(world.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE))


def test_reports_a_failure_again_each_minute_that_its_retry_is_overdue(world: World, receiver: CallbackReceiver):
    """Events have the real time, so the clock of deliveries is set by it."""
    run = failed(world, receiver, **WILL_RETRY)
    for count in range(3):
        world.now_s = time.time()
        world.ticks(2)
        assert failures(world, run) == 1 + count, "the retry may still start"
        world.now_s = time.time() + 61
        world.tick()
        assert failures(world, run) == 2 + count
    assert receiver.received == [], "the failure is not final"


@pytest.mark.parametrize(
    "tags", [{"dagster/will_retry": "false"}, WILL_RETRY | {"dagster/auto_retry_run_id": "another"}]
)
def test_reports_no_failure_again_without_an_overdue_retry(
    world: World, receiver: CallbackReceiver, tags: dict[str, str]
):
    run = failed(world, receiver, **tags)
    world.now_s += 1000
    world.ticks(2)
    assert failures(world, run) == 1


def test_reports_a_failure_again_that_dagster_has_not_decided_on(world: World, receiver: CallbackReceiver, monkeypatch):
    """The process may have died between the failure and its tag; reporting it again writes the tag."""
    run = failed(world, receiver)
    world.now_s = time.time() + 61
    world.tick()
    assert failures(world, run) == 1, "without run retries, no failure is reported again"
    assert receiver.stages == ["failed"]
    monkeypatch.setattr(dg.DagsterInstance, "run_retries_enabled", True)
    monkeypatch.setattr(dg.DagsterInstance, "add_run_tags", lambda *_: None)
    other = world.add_run(world.tags("talk-2", receiver.url(), message="m2"))
    world.instance.report_run_failed(other)
    world.now_s = time.time() + 61
    world.tick()
    assert failures(world, other) == 2
    assert receiver.stages == ["failed"]


def test_tries_a_retry_again_that_could_not_be_created(world: World, receiver: CallbackReceiver, monkeypatch):
    """For example while the code server is down: Dagster's daemon sets ``will_retry`` to false."""
    monkeypatch.setattr(dg.DagsterInstance, "run_retries_enabled", True)
    run = failed(world, receiver, **{"dagster/will_retry": "false"})
    world.instance.report_engine_event("Failed to retry run", run)
    world.now_s = time.time()
    world.tick()
    world.now_s = time.time() + 21
    world.tick()
    assert failures(world, run) == 2
    assert world.instance.get_run_by_id(run.run_id).tags["dagster/retry_strategy"] == "ALL_STEPS"
    assert receiver.received == []
    world.instance.add_run_tags(run.run_id, {"dagster/will_retry": "false"})
    world.now_s = time.time() + 3700
    world.ticks(2)
    assert receiver.stages == ["failed"]
