"""The callbacks of refused messages. These start no run; their records are the outbox."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from support.callback_receiver import Answer, CallbackReceiver
from support.outbox_world import STAGES, World, ids

from dub_assets.core.keys import PENDING_REFUSALS, pending_refusals_key
from dub_assets.service.pending_messages import RefusedMessage, RefusedMessages
from dub_assets.service.retention.job import delete_old_refusals
from dub_assets.service.retention.rules import RetentionOptions


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield World({"DUB_ASSETS_HOME": str(tmp_path / "home"), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}, instance)


def refused(url: str, *, message: str = "m1", job: str = "talk-1", **fields: object) -> RefusedMessage:
    made = RefusedMessage(
        message_id=message,
        body="{}",
        attributes={},
        group=None,
        reason="segments is missing",
        job_id=job,
        project_id="shop",
        callback_url=url.replace("{job_id}", job),
        task=None,
        segments=(),
        put_away=False,
        refused_at_s=time.time(),
    )
    return replace(made, **fields)


def record(world: World, *messages: RefusedMessage, name: str = "r1", is_outbox: bool = True) -> None:
    refusals = RefusedMessages(messages=messages, is_outbox=is_outbox)
    world.archive.save(pending_refusals_key("2026-11-28", name), refusals)
    world.restart()


def callbacks(world: World) -> list[str]:
    return [item.key for item in world.archive.store.list("jobs/callbacks/")]


def pending(world: World) -> list[str]:
    return [item.key for item in world.archive.store.list(PENDING_REFUSALS)]


@pytest.mark.parametrize(
    ("fields", "stage", "more"),
    [
        ({}, "asr", {}),
        ({"task": "segment_mix", "segments": (3, 4)}, "segment_mix", {"segments": [{"index": 3}, {"index": 4}]}),
        ({"task": "segment_tts", "segments": (3,)}, "segment_tts", {"segment_index": 3}),
        ({"task": "segment_tts"}, "segment_tts", {}),
    ],
)
def test_the_callback_has_the_reason_found_at_intake(world: World, fields, stage: str, more):
    with CallbackReceiver() as receiver:
        record(world, refused(receiver.url(), **fields))
        world.ticks(2)
        (received,) = receiver.received
    assert (received.json["error"], received.json["stage_id"]) == ("segments is missing", stage)
    assert received.json["metadata"] == {"stage": "failed", "job_id": "talk-1", "project_id": "shop"} | more
    assert world.instance.get_runs() == []
    assert pending(world) == []
    assert [item.key for item in world.archive.store.list("jobs/refused/")] == ["jobs/refused/2026-11-28/r1.json"]


def test_the_callback_of_a_message_that_is_refused_twice_is_the_same(world: World):
    with CallbackReceiver() as receiver:
        record(world, refused(receiver.url(), refused_at_s=1.0))
        world.ticks(2)
        record(world, refused(receiver.url()), name="m1", is_outbox=False)
        world.ticks(2)
        assert len({*ids(receiver)}) == len({one.body for one in receiver.received}) == 1
    assert pending(world) == []


def test_records_of_earlier_versions_use_the_outbox(world: World):
    with CallbackReceiver() as receiver:
        for name in ("r1", "m1"):
            record(world, refused(receiver.url()), name=name, is_outbox=False)
            world.ticks(2)
        assert len(receiver.received) == 1
    assert pending(world) == []


def test_a_callback_that_is_acknowledged_at_once_stores_nothing(world: World):
    with CallbackReceiver() as receiver:
        record(world, *(refused(receiver.url(), message=f"m{number}", job=f"bad-{number}") for number in range(5)))
        world.ticks(2)
        assert len(receiver.received) == 5
    assert (pending(world), callbacks(world)) == ([], [])


def test_a_restart_repeats_no_callback_whose_acknowledgement_is_stored(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dub_assets.service.callbacks.pending_refusals._LISTED_EVERY_S", 0.0)
    with CallbackReceiver() as receiver:
        receiver.plan.extend([Answer(status=503)])
        record(world, *(refused(receiver.url(), message=f"m{number}", job=f"bad-{number}") for number in range(3)))
        world.ticks(2)
        assert len(receiver.received) == 3
        world.restart()
        world.ticks(3, pause_s=100)
        assert len(receiver.received) == 4
        assert len({*ids(receiver)}) == 3
    assert pending(world) == []


def test_retries_with_the_same_id_also_after_a_restart(world: World):
    with CallbackReceiver() as receiver:
        receiver.plan.extend([Answer(status=503), Answer(status=503)])
        record(world, refused(receiver.url()))
        world.ticks(2, pause_s=10)
        assert pending(world)
        world.restart()
        world.ticks(3, pause_s=100)
        assert len({*ids(receiver)}) == 1
        assert [one.answered for one in receiver.received] == [503, 503, 204]
        assert len({one.body for one in receiver.received}) == 1
    assert pending(world) == []


def test_callbacks_of_the_jobs_runs_are_sent_first(world: World):
    with CallbackReceiver() as receiver:
        record(world, refused(receiver.url()))
        world.talk("talk-1", receiver.url())
        world.ticks(2)
        assert receiver.stages == [*STAGES, "failed"]


def test_many_refused_messages_do_not_delay_a_run(world: World):
    with CallbackReceiver() as receiver:
        many = [refused(receiver.url(), message=f"m{number}", job=f"bad-{number}") for number in range(100)]
        record(world, *many)
        world.talk("good", receiver.url(), message="good")
        world.tick()
        told = [one.json["metadata"]["job_id"] for one in receiver.received]
        assert told.count("good") == len(STAGES)
        while pending(world):
            world.tick()
        assert len({*ids(receiver)}) == 100 + len(STAGES)


def test_old_refusals_are_deleted_with_their_callbacks(world: World):
    with CallbackReceiver() as receiver:
        record(world, refused(receiver.url()))
        world.ticks(2)
    options = RetentionOptions(after_days=1, objects="everything")
    now_s = time.time()
    for _ in range(2):
        delete_old_refusals(world.archive, options, now_s=now_s)
        now_s += 3 * 365 * 86_400
    assert list(world.archive.store.list("jobs/")) == []
