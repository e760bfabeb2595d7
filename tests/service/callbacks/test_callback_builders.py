"""Callbacks built from the event logs of real, small runs, read up to any point."""

from __future__ import annotations

import json

import dagster as dg
import pytest
from support.callback_schema import consumer_fault
from support.outbox_world import STAGES, Trouble, World, dub_job

from dub_assets.adapters.dagster_private import DagsterAssetCheckFailedError
from dub_assets.core.errors import MediaError, StorageUnavailableError, UnsupportedLanguageError
from dub_assets.core.keys import request_key
from dub_assets.resources import tags
from dub_assets.resources.job_context import dagster_failures
from dub_assets.service.callbacks.bodies import (
    STAGE_OF_STEP,
    dub_failed,
    segment_mix_completed,
    segment_mix_started,
)
from dub_assets.service.callbacks.callback_builders import (
    callback_builder_of,
    new_callbacks,
    outcome_name,
)
from dub_assets.service.callbacks.retry_groups import outcome_is_final, retry_groups_of
from dub_assets.service.callbacks.run_log import RunLog
from dub_assets.service.callbacks.values import Failure, Subject
from dub_assets.service.segment_request import SegmentMixOrder, SegmentMixRequest
from dub_assets.stages.segment_mixes.values import Gains

URL = "https://consumer.example/{job_id}"


def log_of(world: World, result: dg.ExecuteInProcessResult) -> RunLog:
    return RunLog.of(world.instance.get_run_by_id(result.run_id), world.instance)


def stages_of(world: World, log: RunLog, *, stored=(), is_final: bool = True) -> list[str]:
    callbacks = new_callbacks(log, callback_builder_of(log.run, world.archive), stored=stored, is_final=is_final)
    assert [consumer_fault(callback.body) for callback in callbacks] == [None] * len(callbacks)
    return [json.loads(callback.body)["metadata"]["stage"] for callback in callbacks]


def test_a_part_of_a_log_gives_the_first_of_its_callbacks(world: World):
    log = log_of(world, world.talk("talk-1", URL))
    stages_by_length = [
        stages_of(world, RunLog.until_end(log.run, log.events[:length])) for length in range(len(log.events) + 1)
    ]
    assert stages_by_length[0] == []
    assert stages_by_length[-1] == STAGES
    assert all(stages == STAGES[: len(stages)] for stages in stages_by_length)


def test_skips_callbacks_that_are_stored(world: World):
    log = log_of(world, world.talk("talk-1", URL))
    assert stages_of(world, log, stored=set(STAGES[:4])) == STAGES[4:]
    assert stages_of(world, log, stored={*STAGES, outcome_name(log.run.run_id)}) == []


def test_a_callback_has_the_time_of_its_event(world: World):
    log = log_of(world, world.talk("talk-1", URL))
    callbacks = new_callbacks(log, callback_builder_of(log.run, world.archive), stored=(), is_final=True)
    times = [callback.created_s for callback in callbacks]
    assert times == sorted(times)
    assert times[-1] == log.end.timestamp


def test_does_not_report_an_outcome_that_is_not_final(world: World):
    log = log_of(world, world.talk("talk-1", URL))
    assert stages_of(world, log, is_final=False) == STAGES[:-1]


def test_ignores_events_after_the_end_of_a_run(world: World):
    result = world.talk("talk-1", URL)
    world.instance.report_run_failed(world.instance.get_run_by_id(result.run_id), "killed")
    log = log_of(world, result)
    assert log.succeeded
    assert stages_of(world, log) == STAGES


def test_reports_a_success_without_its_document_as_failed(world: World):
    log = log_of(world, world.talk("talk-1", URL))
    world.archive.store.delete(["projects/shop/outputs/metadata/talk-1.json"])
    assert stages_of(world, log) == [*STAGES[:-1], "failed"]


def test_reports_a_failed_run_whose_request_is_missing(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Trouble, "reason", "there is no request")
    result = world.talk("talk-1", URL)
    world.archive.store.delete([request_key("m1")])
    assert stages_of(world, log_of(world, result)) == ["downloaded", "failed"]


@pytest.mark.parametrize(
    ("error", "reason", "code"),
    [
        (MediaError("no sound: give another file"), "no sound: give another file", "unsupported_media"),
        (UnsupportedLanguageError("no voice"), "no voice", "unsupported_language"),
        (StorageUnavailableError("no answer"), "stems failed: StorageUnavailableError: no answer", "storage"),
        (dg.Failure("odd", allow_retries=False), "odd", "internal"),
        (ValueError("no\nline"), "stems failed: ValueError: no line", "internal"),
        (
            DagsterAssetCheckFailedError("1 blocking asset check failed"),
            "stems failed: dagster._core.errors.DagsterAssetCheckFailedError: 1 blocking asset check failed",
            "quality_check",
        ),
    ],
)
def test_a_failure_has_the_reason_of_its_step_and_its_code(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str, code: str
):
    monkeypatch.setattr("dub_assets.resources.job_context.STEP_RETRIES", 0)

    @dg.op
    def stems():
        with dagster_failures():
            raise error

    @dg.job
    def dub_job():
        stems()

    log = log_of(world, world.run_job(dub_job, world.tags("talk-1", URL)))
    (callback,) = new_callbacks(log, callback_builder_of(log.run, world.archive), stored=(), is_final=True)
    body = json.loads(callback.body)
    assert (body["error"], body["error_code"]) == (reason, code)


@pytest.mark.parametrize(
    ("ended", "error", "code"),
    [
        (lambda instance, run: instance.report_run_canceled(run), "cancelled", "cancelled"),
        (
            lambda instance, run: instance.report_run_failed(run),
            "the run's process was killed or lost before it was done",
            "infrastructure",
        ),
        (
            lambda instance, run: instance.report_run_failed(run, "no worker"),
            "the run was ended: no worker",
            "infrastructure",
        ),
    ],
)
def test_a_run_that_was_ended_from_outside_has_a_code(world: World, ended, error: str, code: str):
    run = world.add_run(world.tags("talk-1", URL))
    ended(world.instance, run)
    log = RunLog.of(world.instance.get_run_by_id(run.run_id), world.instance)
    (callback,) = new_callbacks(log, callback_builder_of(log.run, world.archive), stored=(), is_final=True)
    body = json.loads(callback.body)
    assert (body["error"], body["error_code"]) == (error, code)


def mix_job(fails: bool) -> dg.JobDefinition:
    subject = Subject(job_id="talk-1", project_id="shop")

    @dg.op
    def segment_mix(context):
        for body in (segment_mix_started(subject, count=0).body, segment_mix_completed(subject, ()).body):
            metadata = {"callback": dg.MetadataValue.json(body)}
            context.log_event(dg.AssetObservation("segment_mixes", partition="talk-1", metadata=metadata))
        if fails:
            raise dg.Failure(description="the store is full", allow_retries=False)

    @dg.job
    def segment_mix_job():
        segment_mix()

    return segment_mix_job


def test_a_segment_task_is_completed_once_its_run_has_succeeded(world: World):
    log = log_of(world, world.run_job(mix_job(fails=False), world.tags("talk-1", URL, task="segment_mix")))
    assert stages_of(world, log) == ["segment_mix_started", "segment_mix_completed"]
    assert stages_of(world, RunLog.until_end(log.run, log.events[:-1])) == ["segment_mix_started"]


def test_a_segment_task_that_fails_at_its_end_names_its_segments(world: World):
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
    failure = new_callbacks(log, callback_builder_of(log.run, world.archive), stored=(), is_final=True)[-1]
    assert json.loads(failure.body)["metadata"]["segments"] == [{"index": 3}]


@pytest.mark.parametrize(
    ("run_tags", "age_s", "retries_enabled", "is_final"),
    [
        ({}, 0, False, True),
        ({}, 0, True, False),
        ({"dagster/will_retry": "false"}, 0, True, True),
        ({"dagster/will_retry": "true"}, 0, True, False),
        ({"dagster/will_retry": "true"}, 7200, True, True),
        ({"dagster/will_retry": "true", "dagster/auto_retry_run_id": "x"}, 7200, True, False),
    ],
)
def test_a_failure_is_final_unless_dagster_retries_the_run(
    world, monkeypatch, run_tags, age_s, retries_enabled, is_final
):
    monkeypatch.setattr(Trouble, "reason", "the disk is full")
    log = log_of(world, world.talk("talk-1", URL, **run_tags))
    now_s = log.end.timestamp + age_s
    monkeypatch.setattr(dg.DagsterInstance, "run_retries_enabled", retries_enabled)
    assert outcome_is_final(log, world.instance, now_s=now_s) == is_final


def test_a_run_and_its_retries_are_one_group(world: World):
    first = world.talk("talk-1", URL)
    other = world.talk("talk-2", URL)
    retry = world.run_job(dub_job, {**world.tags("talk-1", URL), "dagster/root_run_id": first.run_id})
    runs = [world.instance.get_run_by_id(result.run_id) for result in (first, other, retry)]
    groups = retry_groups_of(runs)
    assert [group.origin for group in groups] == [first.run_id, other.run_id]
    assert groups[0].runs == (runs[0], runs[2])


def test_a_group_without_a_callback_url_has_no_recipient(world: World):
    (group,) = retry_groups_of([world.add_run({tags.JOB_ID: "talk-1", tags.TASK: "full_pipeline"})])
    assert not group.has_recipient


def test_every_step_of_a_dub_has_a_stage_that_fails_with_it(world: World):
    steps = world.definitions.resolve_job_def("dub_job").graph.node_dict
    assert set(steps) <= set(STAGE_OF_STEP)


def test_a_step_without_a_stage_is_an_error():
    with pytest.raises(KeyError, match="unknown_step"):
        dub_failed(Subject(job_id="talk-1"), Failure(error="x", error_code="internal"), step="unknown_step")
