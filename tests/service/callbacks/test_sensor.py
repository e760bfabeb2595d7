"""The sensor of callbacks: real runs in a real instance, a real store, a real consumer; fake engines."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from support.callback_receiver import Answer, CallbackReceiver, Reset, Silence
from support.fakes import FakeEngines
from support.outbox_world import STAGES, Trouble, World, ids
from support.waiting import wait_until

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.resources import tags
from dub_assets.resources.engines import EnginesResource

STAMPS = (tags.CALLBACKS, tags.CALLBACKS_RUN)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "talk.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=25", "-f", "lavfi", "-i", "sine=440:sample_rate=48000"]
    command = [str(find_ffmpeg()), "-v", "error", *sources, "-t", "3", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"DUB_ASSETS_HOME": str(tmp_path / "home"), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}


@pytest.fixture
def world(environment: dict[str, str], clip: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    engines = FakeEngines(
        regions=[Interval(start_ms=200, end_ms=900)],
        words=[RecognisedWord(text="Good.", start_ms=200, end_ms=900, probability=0.9)],
    )
    monkeypatch.setattr(EnginesResource, "engines", lambda self, overrides=None: engines)
    with dg.DagsterInstance.ephemeral() as instance:
        world = World(environment, instance)
        world.archive.put_file("projects/shop/inputs/talk.mp4", clip)
        yield world


@pytest.fixture
def receiver() -> Iterator[CallbackReceiver]:
    with CallbackReceiver() as receiver:
        yield receiver


@dg.op
def broken():
    raise dg.Failure(description="the disk is full", allow_retries=False)


@dg.job
def broken_job():
    broken()


def test_without_runs_of_the_queue_it_says_so(world: World):
    assert world.tick() == "no run has callbacks to send"


def test_a_dub_is_told_of_in_seven_callbacks_in_the_contracts_order(world: World, receiver: CallbackReceiver):
    run = world.dub("talk-1", receiver.url())
    assert run.success
    world.ticks(2)
    assert receiver.stages == STAGES
    assert [one.fault for one in receiver.received] == [None] * 7
    assert {one.path for one in receiver.received} == {"/callbacks/talk-1"}
    assert len(set(ids(receiver))) == 7
    assert world.stamp(run.run_id) == "delivered"
    assert world.tick() == "no run has callbacks to send"
    assert len(receiver.received) == 7


def test_a_dub_is_told_of_while_it_goes_on(world: World, receiver: CallbackReceiver):
    @dg.op(name="translation")
    def translation(context):
        context.log_event(dg.AssetObservation("source_video"))
        context.log_event(dg.AssetMaterialization("transcript"))
        world.tick()

    @dg.job(name="dub_job")
    def half_a_dub():
        translation()

    world.run_job(half_a_dub, world.tags("talk-1", receiver.url()))
    assert [one.json["metadata"]["stage"] for one in receiver.received] == ["mt_prepare", "downloaded", "stt_completed"]


def test_a_step_that_is_retried_is_told_of_once(world: World, receiver: CallbackReceiver):
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


def test_a_failure_is_told_once_with_the_steps_own_words(world: World, receiver: CallbackReceiver):
    world.archive.store.put("projects/shop/inputs/talk.mp4", b"not a video", "video/mp4")
    run = world.dub("talk-1", receiver.url())
    world.ticks(3)
    assert receiver.stages == ["downloaded", "failed"]
    told = receiver.received[-1].json
    assert (told["stage_id"], told["project_id"], told["metadata"]["target_lang"]) == ("asr", "shop", "pt")
    assert "talk.mp4" in told["error"]
    assert world.stamp(run.run_id) == "delivered"


def test_a_refused_message_is_told_of_as_its_task(world: World, receiver: CallbackReceiver):
    config = {"ops": {"refused_message": {"config": {"reason": "no bgm", "task": "segment_mix", "segments": [3]}}}}
    job = world.definitions.resolve_job_def("refused_message_job")
    world.run_job(job, world.tags("talk-1", receiver.url(), task="refused"), run_config=config)
    world.ticks(2)
    (told,) = [one.json for one in receiver.received]
    assert (told["stage_id"], told["error"]) == ("segment_mix", "no bgm")
    assert told["metadata"]["segments"] == [{"index": 3}]


@pytest.mark.parametrize("second_end", [True, False])
def test_a_cancelled_run_is_told_of_as_failed_once_though_it_ends_twice(world, receiver, second_end):
    run = world.add_run(world.tags("talk-1", receiver.url()))
    world.instance.report_run_canceling(run)
    world.instance.report_run_canceled(run)
    world.tick()
    if second_end:
        world.instance.report_run_failed(world.instance.get_run_by_id(run.run_id), "forcibly marked as failed")
    world.ticks(2)
    assert [one.json["error"] for one in receiver.received] == ["the run was cancelled"]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (None, "the run's process was killed or lost before it was done"),
        (
            "Run timed out due to taking longer than 180 seconds to start.",
            "the run was ended: Run timed out due to taking longer than 180 seconds to start.",
        ),
    ],
)
def test_a_run_that_dies_without_a_word_is_told_of_as_failed_once(world, receiver, message, told):
    run = world.add_run(world.tags("talk-1", receiver.url()))
    world.instance.report_run_failed(run, message)
    world.ticks(3)
    assert [one.json["error"] for one in receiver.received] == [told]


def test_a_run_that_took_too_long_is_told_of_as_failed_once(world: World, receiver: CallbackReceiver):
    run = world.add_run(world.tags("talk-1", receiver.url()))
    world.instance.report_run_canceling(run, message="Canceling due to exceeding maximum runtime of 60 seconds.")
    world.instance.report_run_canceled(run)
    world.instance.report_run_failed(run, "Exceeded maximum runtime of 60 seconds.")
    world.ticks(3)
    (error,) = [one.json["error"] for one in receiver.received]
    assert error.startswith("the run took too long")


def test_a_run_that_dagster_repeats_is_not_told_of_as_failed(world: World, receiver: CallbackReceiver):
    run = world.add_run(world.tags("talk-1", receiver.url()))
    world.instance.report_run_failed(run)
    world.instance.add_run_tags(run.run_id, {"dagster/will_retry": "true"})
    world.ticks(2)
    assert receiver.received == []
    world.now_s += 3700
    world.tick()
    assert receiver.stages == ["failed"], "the repetition that was promised never came"


def test_while_dagster_has_not_said_whether_it_repeats_a_run_nothing_is_told(world, receiver, monkeypatch):
    monkeypatch.setattr(dg.DagsterInstance, "run_retries_enabled", True)
    run = world.add_run(world.tags("talk-1", receiver.url()))
    monkeypatch.setattr(dg.DagsterInstance, "add_run_tags", _forget(world.instance.add_run_tags))
    world.instance.report_run_failed(run)
    world.tick()
    assert receiver.received == []
    monkeypatch.undo()
    world.tick()
    assert receiver.stages == ["failed"]


def _forget(add_run_tags):
    def add(self, run_id, new_tags):
        if "dagster/will_retry" not in new_tags:
            add_run_tags(run_id, new_tags)

    return add


def test_the_run_that_repeats_another_goes_on_where_that_one_stopped(world, receiver, monkeypatch):
    monkeypatch.setattr(Trouble, "reason", "the disk is full")
    first = world.talk("talk-1", receiver.url())
    promised = {"dagster/will_retry": "true", "dagster/auto_retry_run_id": "the next one"}
    world.instance.add_run_tags(first.run_id, promised)
    world.tick()
    assert receiver.stages == ["downloaded"]
    second = world.talk("talk-1", receiver.url(), **repeats(first))
    world.ticks(3)
    assert receiver.stages == ["downloaded", "failed"]
    assert [world.stamp(run.run_id) for run in (first, second)] == ["delivered"] * 2
    assert len(set(ids(receiver))) == 2


def test_a_run_that_a_person_repeats_is_told_of_though_it_inherits_the_stamp(world, receiver, monkeypatch):
    monkeypatch.setattr(Trouble, "reason", "the disk is full")
    first = world.talk("talk-1", receiver.url())
    world.ticks(2)
    assert receiver.stages == ["downloaded", "failed"]
    monkeypatch.setattr(Trouble, "reason", None)
    inherited = {name: world.instance.get_run_by_id(first.run_id).tags[name] for name in STAMPS}
    second = world.talk("talk-1", receiver.url(), **repeats(first), **inherited)
    assert world.stamp(second.run_id) == "delivered"
    world.ticks(2)
    assert receiver.stages == ["downloaded", "failed", *STAGES[1:]]
    assert len(set(ids(receiver))) == 8


def repeats(first: dg.ExecuteInProcessResult) -> dict[str, str]:
    """The tags by which Dagster marks a run that repeats another."""
    return {"dagster/root_run_id": first.run_id, "dagster/parent_run_id": first.run_id}


def test_what_is_refused_is_sent_again_with_the_same_bytes_and_id_and_nothing_overtakes_it(world, receiver):
    receiver.plan.extend([Answer(status=500), Reset(), Answer(status=404)])
    run = world.talk("talk-1", receiver.url())
    for _ in range(3):
        world.tick()
        world.now_s += 60
    assert receiver.stages == []
    assert len({(one.headers["webhook-id"], one.body) for one in receiver.received}) == 1
    world.ticks(2)
    assert receiver.stages == STAGES
    assert world.stamp(run.run_id) == "delivered"


def test_the_pause_that_an_endpoint_asks_for_is_kept(world: World, receiver: CallbackReceiver):
    receiver.plan.append(Answer(status=503, headers={"Retry-After": "120"}))
    world.talk("talk-1", receiver.url())
    world.tick()
    world.now_s += 119
    world.tick()
    assert len(receiver.received) == 1
    world.now_s += 2
    world.tick()
    assert receiver.stages == STAGES


def test_a_later_run_of_a_job_waits_for_the_callbacks_of_the_one_before(world, receiver):
    receiver.plan.append(Answer(status=500))
    world.talk("talk-1", receiver.url("/first"), message="m1")
    world.talk("talk-1", receiver.url("/second"), message="m2")
    world.tick()
    assert [one.path for one in receiver.received] == ["/first"]
    world.now_s += 60
    world.ticks(2)
    assert [one.path for one in receiver.received] == ["/first"] * 8 + ["/second"] * 7


def test_a_silent_endpoint_holds_up_neither_the_sensor_nor_another_endpoint(world, receiver):
    world.patience_s = 0.5
    with CallbackReceiver(Silence()) as silent:
        world.talk("talk-1", silent.url(), message="m1")
        world.talk("talk-2", receiver.url(), message="m2")
        world.tick()
        wait_until(lambda: receiver.stages == STAGES, "the other endpoint's callbacks")
        wait_until(lambda: silent.received, "the attempt at the silent endpoint")
        world.talk("talk-3", receiver.url(), message="m3")
        world.tick()
        wait_until(lambda: receiver.stages == STAGES * 2, "the other endpoint's callbacks")
        assert len(silent.received) == 1, "an attempt under way is not made a second time"
    world.services.dispatcher.deliver([], wait_s=0)
    for worker in world.services.dispatcher._workers:
        worker.join()


def test_an_endpoint_that_is_gone_gets_no_more_and_the_loss_is_seen_in_the_runs_log(world, receiver):
    receiver.plan.extend([Answer(status=204), Answer(status=410)])
    run = world.talk("talk-1", receiver.url())
    world.ticks(3, pause_s=60)
    assert len(receiver.received) == 2
    assert world.stamp(run.run_id) == "lost"
    (line,) = [message for message in world.log_of(run.run_id) if message.startswith("Callbacks that never arrived")]
    assert "stt_completed" in line
    assert "410" in line


def test_a_callback_that_is_too_old_is_given_up_and_the_next_one_is_sent(world, receiver):
    receiver.plan.append(Answer(status=500))
    run = world.talk("talk-1", receiver.url())
    world.now_s += 80 * 3600
    world.ticks(2)
    assert receiver.stages == STAGES[1:]
    assert world.stamp(run.run_id) == "lost"


def test_an_address_that_may_not_be_called_is_a_loss(world: World):
    run = world.talk("talk-1", "http://169.254.169.254/latest")
    world.ticks(2)
    assert world.stamp(run.run_id) == "lost"


def test_the_last_callback_says_what_was_so_when_the_run_ended(world: World, receiver: CallbackReceiver):
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


def test_a_run_that_cannot_be_told_of_silences_no_other(world: World, receiver: CallbackReceiver):
    bad = world.talk("talk-1", receiver.url(), message="m1")
    world.archive.store.put("projects/shop/outputs/metadata/talk-1.json", b"{", "application/json")
    good = world.talk("talk-2", receiver.url(), message="m2")
    world.ticks(2)
    assert world.stamp(good.run_id) == "delivered"
    assert world.stamp(bad.run_id) == "pending"


def test_a_run_that_does_not_say_whom_to_tell_is_marked(world: World):
    run = world.run_job(broken_job, {tags.CALLBACKS: "pending"})
    world.tick()
    assert world.stamp(run.run_id) == "lost"


_DISPATCHER = """
import os, signal, sys
from pathlib import Path
from dub_assets.service.callbacks.sender import HttpCallbackSender
from dub_assets.service.callbacks.dispatcher import CallbackDispatcher, DeliveryQueue
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
    outbox.save = lambda dispatch: (save(dispatch), die())
channel = DeliveryQueue(job_id="talk-1", endpoint="e", pending=((url, outbox.load(origin)),))
CallbackDispatcher(sender, outbox, rules=RetryRules()).deliver([channel], wait_s=60)
"""


@pytest.mark.parametrize(
    ("moment", "received"),
    [("before the attempt", 7), ("after the attempt", 9), ("after it was written down", 7)],
)
def test_what_kill_9_interrupts_is_told_again_with_the_same_bytes_and_nothing_is_skipped(
    world, receiver, tmp_path, moment, received, monkeypatch
):
    run = world.talk("talk-1", receiver.url())
    monkeypatch.setattr(world.services.dispatcher, "deliver", lambda *_, **__: None)
    world.tick()
    folder = str(tmp_path / "home" / "objects")
    command = [sys.executable, "-c", _DISPATCHER, folder, run.run_id, receiver.url("/callbacks/talk-1"), moment]
    for _ in range(2):
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    world.restart()
    world.ticks(2)
    assert list(dict.fromkeys(receiver.stages)) == STAGES
    assert len({(one.headers["webhook-id"], one.body) for one in receiver.received}) == 7
    assert len(receiver.received) == received
    assert world.stamp(run.run_id) == "delivered"
