"""A tick of ``callbacks_sensor`` that polls: callbacks of what happens during the tick are sent in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from support.callback_receiver import Answer
from support.outbox_world import STAGES, World

from dub_assets.resources import tags
from dub_assets.service.callbacks.retry_groups import PendingRuns

WATCH_S = 8


class Clock:
    """A clock that advances in pauses only; in each pause the next function of ``during_pauses`` is called."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.during_pauses: deque[Callable[[], object]] = deque()

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        if self.during_pauses:
            self.during_pauses.popleft()()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("dub_assets.service.callbacks.sensor.time", clock)
    return clock


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    environment = {
        "DUB_ASSETS_HOME": str(tmp_path / "home"),
        "DUB_ASSETS_CACHE": str(tmp_path / "cache"),
        "JOB_QUEUE_URL": "http://127.0.0.1:1/000000000000/jobs",
        "JOB_QUEUE_WAIT": str(WATCH_S),
    }
    with dg.DagsterInstance.ephemeral() as instance:
        yield World(environment, instance)


def pending_of(world: World) -> PendingRuns:
    pending = PendingRuns(world.instance)
    pending.all()
    return pending


def changed(pending: PendingRuns) -> list[str]:
    return [group.latest_run.run_id for group in pending.changed()]


def test_delivers_the_callbacks_of_a_run_that_starts_and_ends_during_a_tick(world, receiver, clock):
    clock.during_pauses.append(lambda: world.talk("talk-1", receiver.url()))
    world.tick()
    assert receiver.stages == STAGES
    assert WATCH_S < clock.now_s < 10, "the tick ends before Dagster's next one"


def test_tags_a_run_in_the_tick_that_delivers_its_callbacks(world, receiver, clock):
    run = world.talk("talk-1", receiver.url())
    world.tick()
    assert world.callbacks_tag(run.run_id) == "delivered"


def test_a_retry_does_not_wait_for_a_full_pass(world, receiver, clock):
    receiver.plan.append(Answer(status=500))
    world.talk("talk-1", receiver.url())
    received: list[int] = []

    def pass_a_second() -> None:
        world.now_s += 1
        received.append(len(receiver.received))

    clock.during_pauses.extend([pass_a_second] * 4)
    world.tick()
    assert received[0] == 1
    assert received[-1] == 8, "within 2 s: the first pause is 1 s to 1.25 s, a full pass comes after 5 s"
    assert receiver.stages == STAGES


def test_a_tick_without_a_queue_is_one_pass(tmp_path, receiver, clock):
    with dg.DagsterInstance.ephemeral() as instance:
        world = World({"DUB_ASSETS_HOME": str(tmp_path), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}, instance)
        world.talk("talk-1", receiver.url())
        world.tick()
    assert receiver.stages == STAGES
    assert clock.now_s == 0


def test_a_run_has_changed_if_it_is_new_or_its_log_status_or_tags_have(world: World):
    pending = pending_of(world)
    run = world.add_run(world.tags("talk-1", "http://one/"))
    assert changed(pending) == [], "it has not started"
    world.instance.report_run_canceling(run)
    assert changed(pending) == [run.run_id]
    assert changed(pending) == []
    started = dg.DagsterEvent(dg.DagsterEventType.STEP_START.value, run.job_name, step_key="stems")
    world.instance.report_dagster_event(started, run.run_id)
    assert changed(pending) == [run.run_id]
    world.instance.report_engine_event("an event that no callback reports", run)
    assert changed(pending) == []
    world.instance.report_run_canceled(run)
    assert changed(pending) == [run.run_id]
    world.instance.add_run_tags(run.run_id, {"dagster/will_retry": "false"})
    assert changed(pending) == [run.run_id]
    world.instance.add_run_tags(run.run_id, {tags.CALLBACKS: "delivered"})
    assert changed(pending) == [], "it has no callbacks to send"


def test_returns_the_complete_queue_of_a_changed_run_and_no_other(world: World):
    first = world.talk("talk-1", "http://one/", message="m1")
    world.talk("talk-2", "http://one/", message="m2")
    pending = pending_of(world)
    second = world.talk("talk-1", "http://one/", message="m3")
    assert changed(pending) == [first.run_id, second.run_id]


def test_a_run_without_a_recipient_has_not_changed(world: World):
    pending = pending_of(world)
    world.run_job(dg.GraphDefinition(name="nothing").to_job(), {tags.CALLBACKS: "pending"})
    assert changed(pending) == []


def test_a_tick_does_nothing_while_another_is_at_work(world, receiver, clock):
    world.talk("talk-1", receiver.url())
    with world.services.tick_lock:
        assert world.tick() == "an earlier tick is still at work"
    assert receiver.received == []
    world.tick()
    assert receiver.stages == STAGES
