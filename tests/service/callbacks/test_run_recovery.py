"""Repetitions that Dagster promised and forgot: its daemon is reminded of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from support.callback_receiver import CallbackReceiver
from support.outbox_world import World

PROMISED = {"dagster/will_retry": "true"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield World({"DUB_ASSETS_HOME": str(tmp_path / "home"), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}, instance)


def failed(world: World, receiver: CallbackReceiver, **promise: str) -> dg.DagsterRun:
    """A run that has just failed."""
    run = world.add_run(world.tags("talk-1", receiver.url()))
    world.instance.report_run_failed(run)
    world.instance.add_run_tags(run.run_id, promise)
    return run


def failures(world: World, run: dg.DagsterRun) -> int:
    return len(world.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE))


def test_an_overdue_repetition_is_reminded_of_once_in_a_while(world: World):
    """The clock of deliveries is set by the real one, by which events are stored."""
    with CallbackReceiver() as receiver:
        run = failed(world, receiver, **PROMISED)
        for reminders in range(3):
            world.now_s = time.time()
            world.ticks(2)
            assert failures(world, run) == 1 + reminders, "it may come yet"
            world.now_s = time.time() + 61
            world.tick()
            assert failures(world, run) == 2 + reminders
        assert receiver.received == [], "it is not told of as failed for that"


@pytest.mark.parametrize("tags", [{"dagster/will_retry": "false"}, PROMISED | {"dagster/auto_retry_run_id": "another"}])
def test_what_was_not_promised_or_has_come_is_not_reminded_of(world: World, tags: dict[str, str]):
    with CallbackReceiver() as receiver:
        run = failed(world, receiver, **tags)
        world.now_s += 1000
        world.ticks(2)
        assert failures(world, run) == 1


def test_a_failure_of_which_dagster_has_said_nothing_is_told_again_where_it_repeats_runs(world: World, monkeypatch):
    """Whoever failed may have died before it wrote the promise down; with the reminder it is."""
    with CallbackReceiver() as receiver:
        run = failed(world, receiver)
        world.now_s = time.time() + 61
        world.tick()
        assert failures(world, run) == 1, "where runs are not repeated, nobody is reminded"
        assert receiver.stages == ["failed"]
        monkeypatch.setattr(dg.DagsterInstance, "run_retries_enabled", True)
        monkeypatch.setattr(dg.DagsterInstance, "add_run_tags", lambda *_: None)
        other = world.add_run(world.tags("talk-2", receiver.url(), message="m2"))
        world.instance.report_run_failed(other)
        world.now_s = time.time() + 61
        world.tick()
        assert failures(world, other) == 2
        assert receiver.stages == ["failed"]


def test_a_repetition_that_failed_is_tried_again_and_the_job_is_not_told_of_as_failed(world: World, monkeypatch):
    """As while the code server is down: Dagster's daemon takes its promise back."""
    monkeypatch.setattr(dg.DagsterInstance, "run_retries_enabled", True)
    with CallbackReceiver() as receiver:
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
