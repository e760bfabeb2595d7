"""Which runs have changed since the last scan, read from a real instance."""

from __future__ import annotations

import dagster as dg
from support.outbox_world import World

from dub_assets.resources import tags
from dub_assets.service.callbacks.retry_groups import PendingRuns


def pending_of(world: World) -> PendingRuns:
    pending = PendingRuns(world.instance)
    pending.changed()
    return pending


def changed(pending: PendingRuns, *due: tuple[str, str]) -> list[str]:
    return [run.run_id for group in pending.changed(due) for run in group.runs]


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


def test_returns_the_complete_job_of_a_changed_run_and_no_other(world: World):
    first = world.talk("talk-1", "http://one/", message="m1")
    other = world.talk("talk-2", "http://one/", message="m2")
    pending = pending_of(world)
    second = world.talk("talk-1", "http://one/", message="m3")
    assert changed(pending) == [first.run_id, second.run_id]
    assert changed(pending, ("talk-2", "one")) == [other.run_id]
    assert [group.latest_run.run_id for group in pending.all()] == [first.run_id, other.run_id, second.run_id]


def test_a_run_without_a_job_has_not_changed(world: World):
    pending = pending_of(world)
    world.run_job(dg.GraphDefinition(name="nothing").to_job(), {tags.CALLBACKS: "pending"})
    assert changed(pending) == []
