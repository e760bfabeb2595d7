"""A turn of the sensor of callbacks that watches: what happens during it is told before it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from support.callback_receiver import Answer, CallbackReceiver
from support.outbox_world import STAGES, World

from dub_assets.resources import tags
from dub_assets.service.callbacks.retry_groups import PendingRuns

WATCH_S = 8


class Clock:
    """Time that passes in pauses alone; ``meanwhile`` is what happens in each, one thing a pause."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.meanwhile: deque[Callable[[], object]] = deque()

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        if self.meanwhile:
            self.meanwhile.popleft()()


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


@pytest.fixture
def receiver() -> Iterator[CallbackReceiver]:
    with CallbackReceiver() as receiver:
        yield receiver


def pending_of(world: World) -> PendingRuns:
    pending = PendingRuns(world.instance)
    pending.all()
    return pending


def changed(pending: PendingRuns) -> list[str]:
    return [group.latest_run.run_id for group in pending.changed()]


def test_a_run_that_begins_and_ends_during_a_turn_is_told_of_in_it(world, receiver, clock):
    clock.meanwhile.append(lambda: world.talk("talk-1", receiver.url()))
    world.tick()
    assert receiver.stages == STAGES
    assert WATCH_S < clock.now_s < 10, "over before Dagster's next turn"


def test_what_has_been_told_is_stamped_in_the_same_turn(world, receiver, clock):
    run = world.talk("talk-1", receiver.url())
    world.tick()
    assert world.stamp(run.run_id) == "delivered"


def test_what_is_due_again_is_tried_in_the_same_turn(world, receiver, clock):
    receiver.plan.append(Answer(status=500))
    world.talk("talk-1", receiver.url())

    def later() -> None:
        world.now_s += 60

    clock.meanwhile.append(later)
    world.tick()
    assert len(receiver.received) == 8
    assert receiver.stages == STAGES


def test_without_a_queue_a_turn_is_one_look(tmp_path, receiver, clock):
    with dg.DagsterInstance.ephemeral() as instance:
        world = World({"DUB_ASSETS_HOME": str(tmp_path), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}, instance)
        world.talk("talk-1", receiver.url())
        world.tick()
    assert receiver.stages == STAGES
    assert clock.now_s == 0


def test_a_run_has_changed_when_it_is_new_and_when_its_log_its_status_or_its_tags_have(world: World):
    pending = pending_of(world)
    run = world.add_run(world.tags("talk-1", "http://one/"))
    assert changed(pending) == [], "it has not begun"
    world.instance.report_run_canceling(run)
    assert changed(pending) == [run.run_id]
    assert changed(pending) == []
    begun = dg.DagsterEvent(dg.DagsterEventType.STEP_START.value, run.job_name, step_key="stems")
    world.instance.report_dagster_event(begun, run.run_id)
    assert changed(pending) == [run.run_id]
    world.instance.report_engine_event("nothing that is told", run)
    assert changed(pending) == []
    world.instance.report_run_canceled(run)
    assert changed(pending) == [run.run_id]
    world.instance.add_run_tags(run.run_id, {"dagster/will_retry": "false"})
    assert changed(pending) == [run.run_id]
    world.instance.add_run_tags(run.run_id, {tags.CALLBACKS: "delivered"})
    assert changed(pending) == [], "it owes nothing any more"


def test_a_channel_comes_whole_and_no_other_with_it(world: World):
    first = world.talk("talk-1", "http://one/", message="m1")
    world.talk("talk-2", "http://one/", message="m2")
    pending = pending_of(world)
    second = world.talk("talk-1", "http://one/", message="m3")
    assert changed(pending) == [first.run_id, second.run_id]


def test_a_run_that_does_not_say_whom_to_tell_is_no_news(world: World):
    pending = pending_of(world)
    world.run_job(dg.GraphDefinition(name="nothing").to_job(), {tags.CALLBACKS: "pending"})
    assert changed(pending) == []


def test_a_tick_that_starts_while_another_is_at_work_leaves_everything_to_it(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance, CallbackReceiver() as receiver:
        home = {"DUB_ASSETS_HOME": str(tmp_path / "home"), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}
        world = World(home, instance)
        world.talk("talk-1", receiver.url())
        with world.services.tick_lock:
            assert world.tick() == "an earlier tick is still at work"
        assert receiver.received == []
        world.tick()
        assert receiver.stages == STAGES
