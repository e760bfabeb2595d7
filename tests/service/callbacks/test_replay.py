"""A replay: the callbacks of a job are delivered again, as they were."""

from __future__ import annotations

import pytest
from support.callback_receiver import Answer, CallbackReceiver
from support.outbox_world import STAGES, Trouble, World, ids

from dub_assets.service.callbacks.replay import deliver_again


def replay(world: World, job_id: str = "talk-1") -> int:
    return deliver_again(world.instance, world.archive, job_id)


def test_delivers_every_callback_of_a_job_again_with_the_same_ids_and_bytes(world: World, receiver: CallbackReceiver):
    first = world.talk("talk-1", receiver.url(), message="m1")
    second = world.talk("talk-1", receiver.url(), message="m2")
    other = world.talk("talk-2", receiver.url(), message="m3")
    world.ticks(3)
    before = [
        (request.headers["webhook-id"], request.body) for request in receiver.received if b"talk-1" in request.body
    ]
    receiver.received.clear()
    assert replay(world) == 14
    assert world.callbacks_tag(other.run_id) == "delivered"
    world.ticks(3)
    assert [(request.headers["webhook-id"], request.body) for request in receiver.received] == before
    assert receiver.stages == STAGES * 2
    assert {world.callbacks_tag(run.run_id) for run in (first, second)} == {"delivered"}


def test_delivers_lost_callbacks(world: World, receiver: CallbackReceiver):
    receiver.plan.append(Answer(status=410))
    run = world.talk("talk-1", receiver.url())
    world.ticks(2)
    assert world.callbacks_tag(run.run_id) == "lost"
    receiver.received.clear()
    assert replay(world) == 7
    world.ticks(2)
    assert receiver.stages == STAGES
    assert world.callbacks_tag(run.run_id) == "delivered"


def test_attempts_old_callbacks_as_long_as_new_ones(world: World, receiver: CallbackReceiver):
    world.talk("talk-1", receiver.url())
    world.ticks(2)
    world.now_s += 100 * 3600
    receiver.received.clear()
    receiver.plan.append(Answer(status=500))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dub_assets.service.callbacks.replay.time.time", lambda: world.now_s)
        assert replay(world) == 7
    for _ in range(3):
        world.tick()
        world.now_s += 60
    assert receiver.stages == STAGES


def test_leaves_callbacks_alone_that_are_being_delivered(world: World, receiver: CallbackReceiver):
    receiver.plan.append(Answer(status=500))
    run = world.talk("talk-1", receiver.url())
    world.tick()
    assert replay(world) == 0
    assert world.callbacks_tag(run.run_id) == "pending"


def test_a_failed_job_is_replayed_too(world: World, receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Trouble, "reason", "the disk is full")
    world.talk("talk-1", receiver.url())
    world.ticks(2)
    assert replay(world) == 2
    world.ticks(2)
    assert receiver.stages == ["downloaded", "failed"] * 2
    assert len(set(ids(receiver))) == 2


def test_a_job_without_callbacks_has_none_to_replay(world: World):
    world.add_run({"dub/job_id": "talk-1"})
    assert replay(world) == replay(world, "unknown") == 0
