"""``callbacks_sensor``: real runs in a real instance, a real store and a real consumer; fake engines."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from support.callback_receiver import Answer, CallbackReceiver, Reset, Silence
from support.dubbed import dubbing
from support.outbox_world import STAGES, Trouble, World, ids
from support.waiting import wait_until

from dub_assets.resources import tags
from dub_assets.service.callbacks.outbox import OutboxEntry

INHERITED_TAGS = (tags.CALLBACKS, tags.CALLBACKS_RUN)


@pytest.fixture
def dub_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with dubbing(tmp_path, monkeypatch) as world:
        yield world


@dg.op
def broken():
    raise dg.Failure(description="the disk is full", allow_retries=False)


@dg.job
def broken_job():
    broken()


def test_says_that_no_run_has_callbacks(world: World):
    assert world.tick() == "no runs have callbacks to send"


def test_delivers_the_seven_callbacks_of_a_dub_in_order(dub_world: World, receiver: CallbackReceiver):
    world = dub_world
    run = world.dub("talk-1", receiver.url())
    assert run.success
    world.ticks(2)
    assert receiver.stages == STAGES
    assert [request.fault for request in receiver.received] == [None] * 7
    assert {request.path for request in receiver.received} == {"/callbacks/talk-1"}
    assert len(set(ids(receiver))) == 7
    assert world.callbacks_tag(run.run_id) == "delivered"
    assert world.tick() == "no runs have callbacks to send"
    assert len(receiver.received) == 7


def test_delivers_callbacks_while_the_run_goes_on(world: World, receiver: CallbackReceiver):
    @dg.op(name="translation")
    def translation(context):
        context.log_event(dg.AssetObservation("source_video"))
        context.log_event(dg.AssetMaterialization("transcript"))
        world.tick()

    @dg.job(name="dub_job")
    def half_a_dub():
        translation()

    world.run_job(half_a_dub, world.tags("talk-1", receiver.url()))
    assert [request.json["metadata"]["stage"] for request in receiver.received] == [
        "mt_prepare",
        "downloaded",
        "stt_completed",
    ]


def test_reports_a_retried_step_once(world: World, receiver: CallbackReceiver):
    attempts = []

    @dg.op(name="translation", retry_policy=dg.RetryPolicy(max_retries=2))
    def translation(context):
        context.log_event(dg.AssetObservation("source_video"))
        attempts.append(1)
        if len(attempts) < 3:
            raise RuntimeError("not yet")

    @dg.job(name="dub_job")
    def retried():
        translation()

    world.run_job(retried, world.tags("talk-1", receiver.url()))
    world.tick()
    assert len(attempts) == 3
    assert receiver.stages[:2] == ["mt_prepare", "downloaded"]
    assert [receiver.stages.count(stage) for stage in ("mt_prepare", "downloaded")] == [1, 1]


def test_reports_a_failure_once_with_the_reason_of_the_step(dub_world: World, receiver: CallbackReceiver):
    world = dub_world
    world.archive.store.put("projects/shop/inputs/talk.mp4", b"not a video", "video/mp4")
    run = world.dub("talk-1", receiver.url())
    world.ticks(3)
    assert receiver.stages == ["downloaded", "failed"]
    failure = receiver.received[-1].json
    assert (failure["stage_id"], failure["project_id"], failure["metadata"]["target_lang"]) == ("asr", "shop", "pt")
    assert "talk.mp4" in failure["error"]
    assert failure["error_code"] == "unsupported_media"
    assert world.callbacks_tag(run.run_id) == "delivered"


def test_reports_the_run_of_a_refused_message_as_its_task(world: World, receiver: CallbackReceiver):
    config = {"ops": {"refused_message": {"config": {"reason": "no bgm", "task": "segment_mix", "segments": [3]}}}}
    job = world.definitions.resolve_job_def("refused_message_job")
    world.run_job(job, world.tags("talk-1", receiver.url(), task="refused"), run_config=config)
    world.ticks(2)
    (failure,) = [request.json for request in receiver.received]
    assert (failure["stage_id"], failure["error"]) == ("segment_mix", "no bgm")
    assert failure["error_code"] == "invalid_message"
    assert failure["metadata"]["segments"] == [{"index": 3}]


@pytest.mark.parametrize("second_end", [True, False])
def test_reports_a_cancelled_run_as_failed_once(world, receiver, second_end):
    run = world.add_run(world.tags("talk-1", receiver.url()))
    world.instance.report_run_canceling(run)
    world.instance.report_run_canceled(run)
    world.tick()
    if second_end:
        world.instance.report_run_failed(world.instance.get_run_by_id(run.run_id), "forcibly marked as failed")
    world.ticks(2)
    assert [request.json["error"] for request in receiver.received] == ["cancelled"]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (None, "the run's process was killed or lost before it was done"),
        (
            "Run timed out due to taking longer than 180 seconds to start.",
            "the run was ended: Run timed out due to taking longer than 180 seconds to start.",
        ),
    ],
)
def test_reports_a_lost_run_as_failed_once(world, receiver, message, error):
    run = world.add_run(world.tags("talk-1", receiver.url()))
    world.instance.report_run_failed(run, message)
    world.ticks(3)
    assert [request.json["error"] for request in receiver.received] == [error]


def test_reports_a_run_that_took_too_long_as_failed_once(world: World, receiver: CallbackReceiver):
    run = world.add_run(world.tags("talk-1", receiver.url()))
    world.instance.report_run_canceling(run, message="Canceling due to exceeding maximum runtime of 60 seconds.")
    world.instance.report_run_canceled(run)
    world.instance.report_run_failed(run, "Exceeded maximum runtime of 60 seconds.")
    world.ticks(3)
    (error,) = [request.json["error"] for request in receiver.received]
    assert error.startswith("the run took too long")


def test_does_not_report_a_failure_that_dagster_retries(world: World, receiver: CallbackReceiver):
    run = world.add_run(world.tags("talk-1", receiver.url()))
    world.instance.report_run_failed(run)
    world.instance.add_run_tags(run.run_id, {"dagster/will_retry": "true"})
    world.ticks(2)
    assert receiver.received == []
    world.now_s += 3700
    world.tick()
    assert receiver.stages == ["failed"], "the announced retry never started"


def test_does_not_report_a_failure_before_dagster_has_decided_on_a_retry(world, receiver, monkeypatch):
    monkeypatch.setattr(dg.DagsterInstance, "run_retries_enabled", True)
    run = world.add_run(world.tags("talk-1", receiver.url()))
    monkeypatch.setattr(dg.DagsterInstance, "add_run_tags", _without_will_retry(world.instance.add_run_tags))
    world.instance.report_run_failed(run)
    world.tick()
    assert receiver.received == []
    monkeypatch.undo()
    world.tick()
    assert receiver.stages == ["failed"]


def _without_will_retry(add_run_tags):
    def add(self, run_id, new_tags):
        if "dagster/will_retry" not in new_tags:
            add_run_tags(run_id, new_tags)

    return add


def test_a_retry_continues_the_callbacks_of_the_first_run(world, receiver, monkeypatch):
    monkeypatch.setattr(Trouble, "reason", "the disk is full")
    first = world.talk("talk-1", receiver.url())
    retried = {"dagster/will_retry": "true", "dagster/auto_retry_run_id": "the next one"}
    world.instance.add_run_tags(first.run_id, retried)
    world.tick()
    assert receiver.stages == ["downloaded"]
    second = world.talk("talk-1", receiver.url(), **retry_tags(first))
    world.ticks(3)
    assert receiver.stages == ["downloaded", "failed"]
    assert [world.callbacks_tag(run.run_id) for run in (first, second)] == ["delivered"] * 2
    assert len(set(ids(receiver))) == 2


def test_reports_a_run_that_a_person_re_executes(world, receiver, monkeypatch):
    monkeypatch.setattr(Trouble, "reason", "the disk is full")
    first = world.talk("talk-1", receiver.url())
    world.ticks(2)
    assert receiver.stages == ["downloaded", "failed"]
    monkeypatch.setattr(Trouble, "reason", None)
    inherited = {name: world.instance.get_run_by_id(first.run_id).tags[name] for name in INHERITED_TAGS}
    second = world.talk("talk-1", receiver.url(), **retry_tags(first), **inherited)
    assert world.callbacks_tag(second.run_id) == "delivered"
    world.ticks(2)
    assert receiver.stages == ["downloaded", "failed", *STAGES[1:]]
    assert len(set(ids(receiver))) == 8


def retry_tags(first: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Return the tags of a run that retries another."""
    return {"dagster/root_run_id": first.run_id, "dagster/parent_run_id": first.run_id}


def test_retries_a_callback_with_the_same_bytes_and_id_before_it_sends_the_next(world, receiver):
    receiver.plan.extend([Answer(status=500), Reset(), Answer(status=404)])
    run = world.talk("talk-1", receiver.url())
    for _ in range(3):
        world.tick()
        world.now_s += 60
    assert receiver.stages == []
    assert len({(request.headers["webhook-id"], request.body) for request in receiver.received}) == 1
    world.ticks(2)
    assert receiver.stages == STAGES
    assert world.callbacks_tag(run.run_id) == "delivered"


def test_waits_as_long_as_retry_after_asks(world: World, receiver: CallbackReceiver):
    receiver.plan.append(Answer(status=503, headers={"Retry-After": "120"}))
    world.talk("talk-1", receiver.url())
    world.tick()
    world.now_s += 119
    world.tick()
    assert len(receiver.received) == 1
    world.now_s += 2
    world.tick()
    assert receiver.stages == STAGES


def test_the_callbacks_of_a_later_run_wait_for_those_of_the_earlier(world, receiver):
    receiver.plan.append(Answer(status=500))
    world.talk("talk-1", receiver.url("/first"), message="m1")
    world.talk("talk-1", receiver.url("/second"), message="m2")
    world.tick()
    assert [request.path for request in receiver.received] == ["/first"]
    world.now_s += 60
    world.ticks(2)
    assert [request.path for request in receiver.received] == ["/first"] * 8 + ["/second"] * 7


def test_a_silent_endpoint_delays_neither_the_sensor_nor_another_endpoint(world, receiver):
    world.wait_s = 0.5
    with CallbackReceiver(Silence()) as silent:
        world.talk("talk-1", silent.url(), message="m1")
        world.talk("talk-2", receiver.url(), message="m2")
        world.tick()
        wait_until(lambda: receiver.stages == STAGES, "the other endpoint's callbacks")
        wait_until(lambda: silent.received, "the attempt at the silent endpoint")
        world.talk("talk-3", receiver.url(), message="m3")
        world.tick()
        wait_until(lambda: receiver.stages == STAGES * 2, "the other endpoint's callbacks")
        assert len(silent.received) == 1, "an attempt under way is not repeated"
    assert world.service.dispatcher.join(300)


def test_410_ends_the_delivery_and_the_runs_log_names_the_losses(world, receiver):
    receiver.plan.extend([Answer(status=204), Answer(status=410)])
    run = world.talk("talk-1", receiver.url())
    world.ticks(3, pause_s=60)
    assert len(receiver.received) == 2
    assert world.callbacks_tag(run.run_id) == "lost"
    (line,) = [message for message in world.log_of(run.run_id) if message.startswith("Callbacks that never arrived")]
    assert "stt_completed" in line
    assert "410" in line


def test_gives_up_a_callback_that_is_too_old_and_sends_the_next(world, receiver):
    receiver.plan.append(Answer(status=500))
    run = world.talk("talk-1", receiver.url())
    world.now_s += 80 * 3600
    world.ticks(2)
    assert receiver.stages == STAGES[1:]
    assert world.callbacks_tag(run.run_id) == "lost"


def test_a_url_that_is_not_allowed_loses_the_callbacks(world: World):
    run = world.talk("talk-1", "http://169.254.169.254/latest")
    world.ticks(2)
    assert world.callbacks_tag(run.run_id) == "lost"


def test_a_retry_of_the_last_callback_ignores_later_changes_of_the_document(world: World, receiver: CallbackReceiver):
    receiver.plan.append(Answer(status=500))
    world.talk("talk-1", receiver.url())
    world.tick()
    document = world.archive.store.get("projects/shop/outputs/metadata/talk-1.json")
    world.archive.store.put(
        "projects/shop/outputs/metadata/talk-1.json", document.replace(b'"en"', b'"fr"'), "application/json"
    )
    world.now_s += 60
    world.ticks(2)
    assert receiver.received[-1].json["metadata"]["source_lang"] == "en"
    assert receiver.stages == STAGES


def test_a_run_whose_callbacks_cannot_be_built_blocks_no_other(world: World, receiver: CallbackReceiver):
    bad = world.talk("talk-1", receiver.url(), message="m1")
    world.archive.store.put("projects/shop/outputs/metadata/talk-1.json", b"{", "application/json")
    good = world.talk("talk-2", receiver.url(), message="m2")
    world.ticks(2)
    assert world.callbacks_tag(good.run_id) == "delivered"
    assert world.callbacks_tag(bad.run_id) == "pending"


def test_a_run_without_a_recipient_is_tagged_as_lost(world: World):
    run = world.run_job(broken_job, {tags.CALLBACKS: "pending"})
    world.tick()
    assert world.callbacks_tag(run.run_id) == "lost"


_DISPATCHER = """
import os, signal, sys
from pathlib import Path
from types import SimpleNamespace
from dub_assets.service.callbacks.sender import HttpCallbackSender
from dub_assets.service.callbacks.dispatcher import CallbackDispatcher, delivery_queues
from dub_assets.core.retries import RetryRules
from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.service.callbacks.outbox import Outbox
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace

folder, origin, url, moment = sys.argv[1:]
store = LocalObjectStore(Path(folder), shared=Path(folder, "shared"))
outbox = Outbox(JobArchive(store, LocalWorkspace(Path(folder, "shared"), store)))
sender = HttpCallbackSender(allowed_hosts=frozenset({"127.0.0.1"}), localhost_host=None)
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
save = outbox.save
if moment == "before the attempt":
    sender.send = die
elif moment == "after the attempt":
    outbox.save = die
else:
    outbox.save = lambda entry: (save(entry), die())
stored = lambda: outbox.load(origin)
source = SimpleNamespace(url=url, queue_key=("talk-1", "e"), outbox=outbox, stored=stored, settle=print)
dispatcher = CallbackDispatcher(sender, rules=RetryRules())
dispatcher.deliver(delivery_queues([source]))
dispatcher.join(60)
"""


@pytest.mark.parametrize(
    ("moment", "attempts"),
    [("before the attempt", 7), ("after the attempt", 9), ("after it was stored", 7)],
)
def test_repeats_an_attempt_that_kill_9_interrupts_and_skips_none(
    world, receiver, tmp_path, moment, attempts, monkeypatch
):
    run = world.talk("talk-1", receiver.url())
    monkeypatch.setattr(OutboxEntry, "next_due", lambda *_: None)
    world.tick()
    monkeypatch.undo()
    folder = str(tmp_path / "home" / "objects")
    command = [sys.executable, "-c", _DISPATCHER, folder, run.run_id, receiver.url("/callbacks/talk-1"), moment]
    for _ in range(2):
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    world.restart()
    world.ticks(2)
    assert list(dict.fromkeys(receiver.stages)) == STAGES
    assert len({(request.headers["webhook-id"], request.body) for request in receiver.received}) == 7
    assert len(receiver.received) == attempts
    assert world.callbacks_tag(run.run_id) == "delivered"
