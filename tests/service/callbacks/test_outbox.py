"""What is told of a run, from its event log alone: real logs of small runs, read from their beginning to any point."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from support.callback_schema import consumer_fault
from support.outbox_world import STAGES, Trouble, World, dub_job

from dub_assets.core.keys import request_key
from dub_assets.resources import tags
from dub_assets.service.callbacks.callback_builders import callback_builder_of
from dub_assets.service.callbacks.outbox import end_name, new_posts
from dub_assets.service.callbacks.retry_group import chains_of, end_is_to_be_told
from dub_assets.service.callbacks.run_log import RunLog
from dub_assets.service.callbacks.segment_callback import segment_mix_completed, segment_mix_started
from dub_assets.service.callbacks.values import Subject
from dub_assets.service.segment_request import SegmentMixOrder, SegmentMixRequest
from dub_assets.stages.segment_mixes.values import Gains

URL = "https://consumer.example/{job_id}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield World({"DUB_ASSETS_HOME": str(tmp_path), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}, instance)


def log_of(world: World, result: dg.ExecuteInProcessResult) -> RunLog:
    return RunLog.of(world.instance.get_run_by_id(result.run_id), world.instance)


def stages_of(world: World, log: RunLog, *, sealed=(), ends: bool = True) -> list[str]:
    posts = new_posts(log, callback_builder_of(log.run, world.archive), sealed=sealed, ends=ends)
    assert [consumer_fault(post.body) for post in posts] == [None] * len(posts)
    return [json.loads(post.body)["metadata"]["stage"] for post in posts]


def test_what_is_told_at_any_moment_is_the_beginning_of_what_is_told_in_the_end(world: World):
    log = log_of(world, world.talk("talk-1", URL))
    told = [stages_of(world, RunLog.until_end(log.run, log.events[:length])) for length in range(len(log.events) + 1)]
    assert told[0] == []
    assert told[-1] == STAGES
    assert all(stages == STAGES[: len(stages)] for stages in told)


def test_what_is_sealed_is_not_told_again(world: World):
    log = log_of(world, world.talk("talk-1", URL))
    assert stages_of(world, log, sealed=set(STAGES[:4])) == STAGES[4:]
    assert stages_of(world, log, sealed={*STAGES, end_name(log.run.run_id)}) == []


def test_the_time_of_a_callback_is_that_of_its_event(world: World):
    log = log_of(world, world.talk("talk-1", URL))
    posts = new_posts(log, callback_builder_of(log.run, world.archive), sealed=(), ends=True)
    times = [post.created_s for post in posts]
    assert times == sorted(times)
    assert times[-1] == log.end.timestamp


def test_an_end_that_another_run_takes_over_is_not_told(world: World):
    log = log_of(world, world.talk("talk-1", URL))
    assert stages_of(world, log, ends=False) == STAGES[:-1]


def test_what_others_write_behind_the_end_of_a_run_is_not_read(world: World):
    result = world.talk("talk-1", URL)
    world.instance.report_run_failed(world.instance.get_run_by_id(result.run_id), "killed")
    log = log_of(world, result)
    assert log.succeeded
    assert stages_of(world, log) == STAGES


def test_a_success_whose_document_is_gone_is_told_of_as_a_failure(world: World):
    log = log_of(world, world.talk("talk-1", URL))
    world.archive.store.delete(["projects/shop/outputs/metadata/talk-1.json"])
    assert stages_of(world, log) == [*STAGES[:-1], "failed"]


def test_a_run_whose_request_is_lost_is_told_of_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Trouble, "reason", "there is no request")
    result = world.talk("talk-1", URL)
    world.archive.store.delete([request_key("m1")])
    assert stages_of(world, log_of(world, result)) == ["downloaded", "failed"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (dg.Failure("the disk is full", allow_retries=False), "the disk is full"),
        (ValueError("no\nline"), "broken failed: ValueError: no line"),
    ],
)
def test_a_failure_speaks_with_the_words_of_its_step(world: World, error: Exception, told: str):
    @dg.op
    def broken():
        raise error

    @dg.job
    def dub_job():
        broken()

    log = log_of(world, world.run_job(dub_job, world.tags("talk-1", URL)))
    (post,) = new_posts(log, callback_builder_of(log.run, world.archive), sealed=(), ends=True)
    assert json.loads(post.body)["error"] == told


def mix_job(fails: bool) -> dg.JobDefinition:
    subject = Subject(job_id="talk-1", project_id="shop")

    @dg.op
    def segment_mix(context):
        for body in (segment_mix_started(subject, count=0).body, segment_mix_completed(subject, ()).body):
            observed = {"callback": dg.MetadataValue.json(body)}
            context.log_event(dg.AssetObservation("segment_mixes", partition="talk-1", metadata=observed))
        if fails:
            raise dg.Failure(description="the store is full", allow_retries=False)

    @dg.job
    def segment_mix_job():
        segment_mix()

    return segment_mix_job


def test_a_segment_task_says_that_it_is_done_only_once_its_run_is(world: World):
    log = log_of(world, world.run_job(mix_job(fails=False), world.tags("talk-1", URL, task="segment_mix")))
    assert stages_of(world, log) == ["segment_mix_started", "segment_mix_completed"]
    assert stages_of(world, RunLog.until_end(log.run, log.events[:-1])) == ["segment_mix_started"]


def test_a_segment_task_that_fails_after_it_was_done_says_which_segments_failed(world: World):
    order = SegmentMixOrder(
        index=3, sent_index="3", bgm_key=None, tts_key=None, mix_key=None, gains=Gains(background=0.3, speech=1.0)
    )
    request = SegmentMixRequest(
        job_id="talk-1",
        project_id="shop",
        callback_url=URL,
        segments=(order,),
        intermediate_prefix="projects/shop/i",
        output_prefix=None,
        rebuild_video=False,
    )
    world.archive.save(request_key("m1"), request)
    log = log_of(world, world.run_job(mix_job(fails=True), world.tags("talk-1", URL, task="segment_mix")))
    assert stages_of(world, log) == ["segment_mix_started", "failed"]
    failure = new_posts(log, callback_builder_of(log.run, world.archive), sealed=(), ends=True)[-1]
    assert json.loads(failure.body)["metadata"]["segments"] == [{"index": 3}]


@pytest.mark.parametrize(
    ("run_tags", "age_s", "retries_enabled", "to_be_told"),
    [
        ({}, 0, False, True),
        ({}, 0, True, False),
        ({"dagster/will_retry": "false"}, 0, True, True),
        ({"dagster/will_retry": "true"}, 0, True, False),
        ({"dagster/will_retry": "true"}, 7200, True, True),
        ({"dagster/will_retry": "true", "dagster/auto_retry_run_id": "x"}, 7200, True, False),
    ],
)
def test_a_failure_is_told_unless_dagster_repeats_the_run(
    world, monkeypatch, run_tags, age_s, retries_enabled, to_be_told
):
    monkeypatch.setattr(Trouble, "reason", "the disk is full")
    log = log_of(world, world.talk("talk-1", URL, **run_tags))
    now_s = log.end.timestamp + age_s
    assert end_is_to_be_told(log, now_s=now_s, retries_enabled=retries_enabled) == to_be_told


def test_runs_that_repeat_a_run_are_one_chain_with_it(world: World):
    first = world.talk("talk-1", URL)
    other = world.talk("talk-2", URL)
    again = world.run_job(dub_job, {**world.tags("talk-1", URL), "dagster/root_run_id": first.run_id})
    runs = [world.instance.get_run_by_id(result.run_id) for result in (first, other, again)]
    chains = chains_of(runs)
    assert [chain.origin for chain in chains] == [first.run_id, other.run_id]
    assert chains[0].runs == (runs[0], runs[2])


def test_a_chain_without_an_address_says_so(world: World):
    (chain,) = chains_of([world.add_run({tags.JOB_ID: "talk-1", tags.TASK: "full_pipeline"})])
    assert not chain.is_addressed
