"""The queue's sensor against a real server of the SQS protocol, a real store and a Dagster instance."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import dagster as dg
import pytest
import yaml
from support.deployment import RUN_KEY, full
from support.fakes_queue import FakeQueue
from support.finished_job import PROVENANCE, REQUEST
from support.queue_wire import Wire, held_by

from dub_assets.adapters.storage.s3 import S3ObjectStore
from dub_assets.core.codec import encode
from dub_assets.core.errors import (
    ConfigurationError,
    MessageRefusedError,
    QueueUnavailableError,
    StorageUnavailableError,
)
from dub_assets.core.keys import PENDING_REFUSALS, JobKeys, claim_key, job_record_key, request_key
from dub_assets.core.request import DubRequest
from dub_assets.resources import job_context as job_resources
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.service.pending_messages import Claim, HeldMessage, HeldMessages, RefusedMessage, RefusedMessages
from dub_assets.service.queue import tasks
from dub_assets.service.queue.consumer import receive_in_parallel
from dub_assets.service.queue.resources import QueueResource
from dub_assets.stages.translation.values import Translation

REGION = "ap-northeast-2"


def test_skips_without_a_queue(wire: Wire):
    assert "JOB_QUEUE_URL is not set" in wire.deploy(JOB_QUEUE_URL="").evaluate().skip_message


def test_requests_a_run_with_record_request_partition_and_tags(wire: Wire):
    message_id = wire.send(full("talk-1"))
    deployment = wire.deploy()
    (asked,) = deployment.tick().run_requests
    assert (asked.run_key, asked.job_name, asked.partition_key) == (message_id, "dub_job", "talk-1")
    told = {name: value for name, value in asked.tags.items() if name.startswith("dub/")}
    assert told == {
        "dub/job_id": "talk-1",
        "dub/project_id": "shop",
        "dub/task": "full_pipeline",
        "dub/message_id": message_id,
        "dub/request_key": f"jobs/requests/{message_id}.json",
        "dub/callback_url": "https://consumer.example/jobs/talk-1",
        "dub/callbacks": "pending",
    }
    archive = deployment.job_resources.storage.archive
    request = archive.load(DubRequest, request_key(message_id))
    assert request == archive.load(DubRequest, job_record_key("talk-1"))
    assert request.input_key == "projects/shop/inputs/talk.mp4"
    assert deployment.instance.get_dynamic_partitions(jobs_partitions.name) == ["talk-1"]


def test_deletes_a_message_once_its_run_is_stored(wire: Wire):
    wire.send(full())
    deployment = wire.deploy()
    answer = deployment.evaluate()
    assert wire.left() == 1
    deployment.store_runs(answer.run_requests)
    deployment.keep(answer)
    assert wire.left() == 1
    deployment.tick()
    assert wire.left() == 0
    assert held_by(deployment) == ()


def test_requests_a_run_again_that_was_not_stored(wire: Wire):
    wire.send(full())
    deployment = wire.deploy()
    deployment.keep(deployment.evaluate())
    again = deployment.tick()
    assert len(again.run_requests) == 1
    deployment.tick()
    assert (len(deployment.runs()), wire.left()) == (1, 0)


def test_a_created_run_that_is_not_queued_does_not_count_as_stored(wire: Wire):
    wire.send(full())
    deployment = wire.deploy()
    answer = deployment.evaluate()
    deployment.store_runs(answer.run_requests, status=dg.DagsterRunStatus.NOT_STARTED)
    deployment.keep(answer)
    deployment.tick()
    assert [run.status for run in deployment.runs()] == [dg.DagsterRunStatus.QUEUED]
    deployment.tick()
    assert (len(deployment.runs()), wire.left()) == (1, 0)


def test_deletes_a_redelivered_message_without_a_second_run(wire: Wire):
    message_id = wire.send(full())
    deployment = wire.deploy()
    deployment.tick()
    wire.redeliver(deployment)
    deployment.cursor = None
    answer = deployment.tick()
    assert not answer.run_requests
    assert "1 messages deleted" in answer.skip_message
    assert len(deployment.runs(message_id)) == 1
    assert wire.left() == 0


def test_a_second_message_for_a_job_has_its_own_run_and_request(wire: Wire):
    first = wire.send(full(target_lang="pt"))
    second = wire.send(full(target_lang="en"))
    deployment = wire.deploy()
    assert {request.run_key for request in deployment.tick().run_requests} == {first, second}
    archive = deployment.job_resources.storage.archive
    languages = [archive.load(DubRequest, request_key(name)).target_language for name in (first, second)]
    assert languages == ["pt", "en"]


def test_one_run_a_job_at_a_time():
    configuration = Path(__file__).parents[3].joinpath("dagster.yaml")
    limits = yaml.safe_load(configuration.read_text(encoding="utf-8"))["concurrency"]["runs"]["tag_concurrency_limits"]
    unique = {limit["key"]: limit["limit"] for limit in limits if isinstance(limit.get("value"), dict)}
    assert unique == {"dub/job_id": 1, "dagster/partition": 1}


def test_reads_a_message_in_an_envelope_of_sns(wire: Wire):
    wire.send(json.dumps({"Message": full("talk-2")}))
    (asked,) = wire.deploy().tick().run_requests
    assert asked.partition_key == "talk-2"


def test_a_job_id_with_three_dots_is_a_partition(wire: Wire):
    wire.send(full("a...b"))
    deployment = wire.deploy()
    assert deployment.tick().run_requests[0].partition_key == "a...b"
    assert deployment.instance.get_dynamic_partitions(jobs_partitions.name) == ["a...b"]


def test_records_and_dead_letters_a_refused_message_with_its_reason(wire: Wire):
    body = json.dumps({"job_id": "talk-1", "callback_url": "https://consumer.example/{job_id}", "task": "segment_mix"})
    message_id = wire.send(body)
    deployment = wire.deploy()
    answer = deployment.tick()
    assert not answer.run_requests
    assert not answer.dynamic_partitions_requests
    assert answer.skip_message == "1 messages refused: segments is missing"
    (refused,) = deployment.refusals()
    assert (refused.message_id, refused.job_id, refused.task) == (message_id, "talk-1", "segment_mix")
    assert refused.error_code == "invalid_message"
    assert (refused.reason, refused.callback_url) == ("segments is missing", "https://consumer.example/talk-1")
    assert wire.dead() == [("segments is missing", body)]
    assert (wire.left(), deployment.runs()) == (0, [])


@pytest.mark.parametrize("body", ["not json", "[]", '{"task": "dance"}', '{"job_id": "../x"}', "{}"])
def test_records_a_refused_message_without_callback_url_as_done(wire: Wire, body: str):
    wire.send(body)
    deployment = wire.deploy()
    deployment.tick()
    assert [refused.callback_url for refused in deployment.refusals()] == [None]
    assert list(deployment.store.list(PENDING_REFUSALS)) == []
    assert [dead for _, dead in wire.dead()] == [body]


def test_stores_many_refusals_in_one_object(wire: Wire):
    for start in range(0, 30, 10):
        entries = [{"Id": str(number), "MessageBody": f"not json {start + number}"} for number in range(10)]
        wire.sqs.send_message_batch(QueueUrl=wire.url, Entries=entries)
    deployment = wire.deploy(JOB_MAX_MESSAGES="1", AWS_S3_BUCKET="")
    ticks = 0
    while wire.left():
        deployment.tick()
        ticks += 1
    assert len({refused.body for refused in deployment.refusals()}) == 30
    assert len(list(deployment.store.list("jobs/"))) <= ticks < 30


def test_receives_refused_messages_in_parallel_and_requests_at_most_the_free_runs(wire: Wire):
    for number in range(20):
        wire.send(f"not json {number}")
    good = [wire.send(full(f"good-{number}")) for number in range(3)]
    deployment = wire.deploy(JOB_MAX_PENDING_RUNS="2", JOB_DLQ_URL="")
    calls: list[int] = []
    queue = deployment.queue_resource.queue
    receive = queue.receive

    def counted(most: int, *, wait_s: int | None = None):
        calls.append(most)
        return receive(most, wait_s=wait_s)

    queue.receive = counted
    asked = [run.run_key for run in deployment.tick().run_requests]
    assert len(asked) == 2
    assert len(calls) < 20
    assert wire.left() == 3
    for _ in range(3):
        deployment.finish_runs()
        asked += [run.run_key for run in deployment.tick().run_requests or ()]
    assert sorted(asked) == sorted(good)
    assert wire.left() == 0


def test_keeps_the_messages_of_parallel_calls_if_one_call_fails(caplog: pytest.LogCaptureFixture):
    queue = FakeQueue()
    receive, answers = queue.receive, iter([True, False, True])
    for number in range(2):
        queue.send(str(number))

    def flaky(most: int, *, wait_s: int | None = None):
        if not next(answers):
            raise QueueUnavailableError("the queue did not answer")
        return receive(1, wait_s=wait_s)

    queue.receive = flaky
    log = partial(logging.getLogger, "dub_assets.test")
    messages = receive_in_parallel(queue, 10, calls=3, log=log)
    assert sorted(message.body for message in messages) == ["0", "1"]
    assert "the queue did not answer; 2 messages" in caplog.text
    answers = iter([False, False])
    with pytest.raises(QueueUnavailableError):
        receive_in_parallel(queue, 10, calls=2, log=log)


def test_deletes_a_refused_message_once_it_is_recorded(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    def read_only(store: S3ObjectStore, key: str, content: bytes, content_type: str) -> None:
        raise ConfigurationError("the bucket is read-only")

    wire.send("not json")
    deployment = wire.deploy()
    with monkeypatch.context() as broken:
        broken.setattr(S3ObjectStore, "put", read_only)
        with pytest.raises(ConfigurationError, match="read-only"):
            deployment.evaluate()
    assert (wire.left(), wire.dead()) == (1, [])


def test_a_redelivered_refused_message_has_one_record(wire: Wire):
    message_id = wire.send("not json")
    deployment = wire.deploy(JOB_DLQ_URL=wire.dead_url + "-gone", JOB_VISIBILITY_TIMEOUT="1")
    for _ in range(3):
        while not wire.waiting():
            time.sleep(0.1)
        answer = deployment.tick()
    assert "refused messages stay in the queue" in answer.skip_message
    assert wire.left() == 1
    assert {refused.message_id for refused in deployment.refusals()} == {message_id}
    assert len(deployment.refusals()) <= 2


def test_dead_letters_a_refused_message_of_an_earlier_version_once(wire: Wire):
    body = json.dumps({"task": "dance"})
    wire.send(body)
    deployment = wire.deploy()
    (received,) = deployment.queue_resource.queue.receive(1)
    record = RefusedMessage.of(received, MessageRefusedError("the task is unknown"))
    deployment.job_resources.storage.archive.save(request_key(received.message_id), record)
    config = {"ops": {"refused_message": {"config": {"reason": record.reason}}}}
    tags = {RUN_KEY: received.message_id, "dub/task": "refused", "dub/request_key": request_key(received.message_id)}
    over = dg.DagsterRunStatus.FAILURE
    run = dg.DagsterRun(job_name="refused_message_job", tags=tags, run_config=config, status=over)
    deployment.instance.add_run(run)
    held = HeldMessages(messages=(HeldMessage(message_id=received.message_id, receipt=received.receipt),))
    deployment.cursor = encode(held).decode()
    deployment.tick()
    assert wire.dead() == [("the task is unknown", body)]
    assert wire.left() == 0
    result = deployment.definitions.resolve_job_def(run.job_name).execute_in_process(
        run_config=config, raise_on_error=False
    )
    (event,) = result.get_step_failure_events()
    assert event.event_specific_data.user_failure_data.description == "the task is unknown"


def test_deletes_a_refused_message_without_a_dead_letter_queue(wire: Wire):
    wire.send("not json")
    deployment = wire.deploy(JOB_DLQ_URL="")
    deployment.tick()
    deployment.tick()
    assert wire.left() == 0


def test_refused_messages_do_not_delay_valid_ones(wire: Wire):
    bodies = ["not json", full("a"), '{"task": "dance"}', full("b"), full("c", input_key="/etc/passwd"), full("d")]
    for body in bodies:
        wire.send(body)
    asked = wire.deploy().tick().run_requests
    assert sorted(request.partition_key for request in asked) == ["a", "b", "d"]


def test_a_dead_letter_queue_that_fails_delays_nothing(wire: Wire):
    wire.send("not json")
    deployment = wire.deploy(JOB_DLQ_URL=wire.dead_url + "-gone")
    deployment.tick()
    wire.send(full("b"))
    (asked,) = deployment.tick().run_requests
    assert asked.partition_key == "b"
    assert wire.left() == 2


def test_leaves_messages_in_the_queue_while_runs_wait(wire: Wire):
    for number in range(5):
        wire.send(full(f"talk-{number}"))
    deployment = wire.deploy(JOB_MAX_PENDING_RUNS="2")
    assert len(deployment.tick().run_requests) == 2
    answer = deployment.tick()
    assert answer.skip_message.startswith("2 runs wait for a slot")
    assert wire.left() == 3
    waiting = wire.sqs.get_queue_attributes(QueueUrl=wire.url, AttributeNames=["ApproximateNumberOfMessages"])
    assert waiting["Attributes"]["ApproximateNumberOfMessages"] == "3"
    deployment.finish_runs()
    assert len(deployment.tick().run_requests) == 2


def test_created_runs_that_are_not_queued_do_not_count_as_waiting(wire: Wire):
    sent = {wire.send(full(f"talk-{number}")) for number in range(3)}
    deployment = wire.deploy(JOB_MAX_PENDING_RUNS="2")
    answer = deployment.evaluate()
    deployment.store_runs(answer.run_requests, status=dg.DagsterRunStatus.NOT_STARTED)
    deployment.keep(answer)
    for _ in range(4):
        deployment.tick()
        deployment.finish_runs()
    assert ({run.tags[RUN_KEY] for run in deployment.runs()}, wire.left()) == (sent, 0)


def test_drains_a_backlog_in_batches(wire: Wire):
    for start in range(0, 200, 10):
        entries = [{"Id": str(number), "MessageBody": full(f"talk-{start + number}")} for number in range(10)]
        wire.sqs.send_message_batch(QueueUrl=wire.url, Entries=entries)
    deployment = wire.deploy(JOB_MAX_PENDING_RUNS="1000", JOB_MAX_MESSAGES="60", AWS_S3_BUCKET="")
    while wire.left():
        assert len(deployment.tick().run_requests or ()) <= 60
    assert len({run.tags[RUN_KEY] for run in deployment.runs()}) == 200


def test_receives_nothing_while_the_store_is_down(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    wire.send(full())
    deployment = wire.deploy()

    def silent(store: S3ObjectStore, key: str):
        raise StorageUnavailableError("the bucket did not answer")

    with monkeypatch.context() as broken:
        broken.setattr(S3ObjectStore, "head", silent)
        assert "the bucket did not answer" in deployment.tick().skip_message
    assert len(deployment.tick().run_requests) == 1


def test_a_store_error_for_one_message_does_not_affect_the_others(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    lost = wire.send(full("a"))
    wire.send(full("b"))
    deployment = wire.deploy()
    put = S3ObjectStore.put

    def failing(store: S3ObjectStore, key: str, content: bytes, content_type: str) -> None:
        if key == request_key(lost):
            raise StorageUnavailableError("the bucket did not answer")
        put(store, key, content, content_type)

    with monkeypatch.context() as broken:
        broken.setattr(S3ObjectStore, "put", failing)
        (asked,) = deployment.tick().run_requests
    assert asked.partition_key == "b"
    deployment.tick()
    assert wire.left() == 1
    assert deployment.job_resources.storage.archive.load(Claim, claim_key(lost)).attempts == 0


def test_the_tick_fails_if_errors_are_its_only_result(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    wire.send(full())
    deployment = wire.deploy()

    def read_only(store: S3ObjectStore, key: str, content: bytes, content_type: str) -> None:
        raise ConfigurationError("the bucket is read-only")

    monkeypatch.setattr(S3ObjectStore, "put", read_only)
    with pytest.raises(ConfigurationError, match="read-only"):
        deployment.evaluate()


def test_waits_for_a_message_until_the_next_tick_is_due(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    """The daemon turns every five seconds: after a wait of 20 s the queue would be left alone for nearly as long."""
    queue = FakeQueue(visibility_timeout_s=60, wait_s=20)
    began_s = queue.now_s
    monkeypatch.setattr(QueueResource, "queue", queue)
    monkeypatch.setattr("dub_assets.service.queue.consumer.time.monotonic", lambda: queue.now_s)
    deployment = wire.deploy(JOB_QUEUE_WAIT="20")
    assert not deployment.tick().run_requests
    assert queue.now_s - began_s == 24
    queue.send(full())
    (unseen,) = queue.receive(1)
    queue.hide([unseen.receipt], 22)
    assert len(deployment.tick().run_requests) == 1
    assert queue.now_s - began_s == 24 + 22


def test_refuses_a_message_after_too_many_failed_attempts(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    dead = FakeQueue()
    queue = FakeQueue(visibility_timeout_s=60, wait_s=0, dead_letters=dead)
    poison = queue.send(full("poison", project_id="cursed"))
    original = tasks.run_request

    def cursed(message_id: str, key: str, request: object, archive: object, *, runs: int) -> dg.RunRequest:
        if isinstance(request, DubRequest) and request.project_id == "cursed":
            raise ZeroDivisionError
        return original(message_id, key, request, archive, runs=runs)

    monkeypatch.setattr(QueueResource, "queue", queue)
    monkeypatch.setattr("dub_assets.service.queue.message_runs.run_request", cursed)
    deployment = wire.deploy(JOB_MAX_RECEIVES="3")
    for attempt in range(1, 4):
        queue.send(full(f"good-{attempt}"))
        assert [request.partition_key for request in deployment.tick().run_requests] == [f"good-{attempt}"]
        assert deployment.job_resources.storage.archive.load(Claim, claim_key(poison)).attempts == attempt
        queue.now_s += 61
    assert not deployment.tick().run_requests
    (refused,) = deployment.refusals()
    assert "3 attempts to start a run for the message failed" in refused.reason
    assert refused.error_code == "internal"
    assert refused.callback_url == "https://consumer.example/jobs/poison"
    assert [message.body for message in dead.receive(10)] == [full("poison", project_id="cursed")]


def test_dead_letters_a_message_that_kills_the_process_without_parsing_it(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    message_id = wire.send("lethal")
    deployment = wire.deploy(JOB_MAX_RECEIVES="2")
    (received,) = deployment.queue_resource.queue.receive(1)
    deployment.queue_resource.queue.release([received.receipt])
    claim = Claim(deployment=deployment.instance.run_storage.get_run_storage_id(), at_ms=0, attempts=4)
    deployment.job_resources.storage.archive.save(claim_key(message_id), claim)
    answer = deployment.tick()
    assert "dead-lettered without parsing" in answer.skip_message
    assert wire.dead() == [("4 attempts to handle the message failed", "lethal")]


def test_leaves_a_message_that_another_deployment_has_claimed(wire: Wire):
    wire.send(full())
    first, second = wire.deploy(), wire.deploy()
    first.tick()
    wire.redeliver(first)
    answer = second.tick()
    assert not answer.run_requests
    assert "left to another deployment" in answer.skip_message


def test_takes_over_a_message_whose_claim_has_expired(wire: Wire):
    message_id = wire.send(full())
    first, second = wire.deploy(), wire.deploy()
    first.keep(first.evaluate())
    wire.redeliver(first)
    archive = second.job_resources.storage.archive
    claim = archive.load(Claim, claim_key(message_id))
    archive.save(claim_key(message_id), Claim(deployment=claim.deployment, at_ms=claim.at_ms - 120_000, attempts=1))
    assert [request.run_key for request in second.tick().run_requests] == [message_id]


def test_several_deployments_share_a_queue(wire: Wire):
    sent = {wire.send(full(f"talk-{number}")) for number in range(30)}
    deployments = [wire.deploy(JOB_MAX_MESSAGES="4") for _ in range(3)]
    while wire.left():
        for deployment in deployments:
            deployment.tick()
            deployment.finish_runs()
    keys = [run.tags[RUN_KEY] for deployment in deployments for run in deployment.runs()]
    assert sorted(keys) == sorted(sent)
    assert all(deployment.runs() for deployment in deployments)


def test_a_fifo_queue_keeps_the_order_of_a_group(new_wire):
    wire = new_wire(fifo=True)
    sent = [wire.send(full(f"talk-{number}"), group="shop") for number in range(5)]
    deployment = wire.deploy(JOB_MAX_MESSAGES="2")
    asked = []
    while wire.left():
        asked += [request.run_key for request in deployment.tick().run_requests or ()]
    assert asked == sent


def test_a_cursor_that_cannot_be_read_is_dropped(wire: Wire):
    wire.send(full())
    deployment = wire.deploy()
    deployment.cursor = "yesterday's format"
    assert len(deployment.tick().run_requests) == 1


def test_runs_on_external_segments_get_the_key_of_their_request(wire: Wire):
    told = {"job_id": "talk-1", "callback_url": "https://consumer.example/", "segment": {"segment_index": 3}}
    speech = told | {"task": "segment_tts", "segment": {"segment_index": 3, "text": "Hello."}}
    mix = told | {"task": "tts_bgm_mix", "segments": [{"index": "3"}]}
    wire.send(json.dumps(speech))
    wire.send(json.dumps(mix))
    deployment = wire.deploy()
    for asked in deployment.tick().run_requests:
        op = asked.job_name.removesuffix("_job")
        assert asked.partition_key is None
        assert asked.run_config == {"ops": {op: {"config": {"request_key": f"jobs/requests/{asked.run_key}.json"}}}}
        assert dg.validate_run_config(deployment.definitions.resolve_job_def(asked.job_name), asked.run_config)


def test_requests_an_asset_run_for_own_segments_and_an_op_if_one_is_external(wire: Wire):
    deployment = wire.deploy()
    archive, keys = deployment.job_resources.storage.archive, JobKeys(request=REQUEST)
    archive.save(job_record_key(REQUEST.job_id), REQUEST)
    translation = Translation(source_language="en", target_language="pt", lines=(), provenance=PROVENANCE)
    archive.save(keys.manifest("translation"), translation)
    fields = {"task": "segment_mix", "job_id": REQUEST.job_id, "callback_url": "https://consumer.example/"}
    own = {"index": 3, "bgm_gain": 0.2}
    wire.send(json.dumps(fields | {"segments": [own], "rebuild_video": True}))
    (asked,) = deployment.tick().run_requests
    assert (asked.job_name, asked.partition_key) == ("edit_segments_job", REQUEST.job_id)
    assert [key.path[-1] for key in asked.asset_selection] == ["segment_mixes", "final_video", "quality", "metadata"]
    assert asked.run_config["ops"] == {
        "segment_mixes": {"config": {"gains": {"0003": {"bgm_gain": 0.2, "tts_gain": 1.0}}}}
    }
    assert dg.validate_run_config(deployment.definitions.resolve_job_def(asked.job_name), asked.run_config)
    assert (asked.tags["dub/task"], asked.tags["dub/edit"]) == ("segment_mix", "true")
    external = {"index": 4, "tts_key": "projects/p1/inputs/recording.wav"}
    wire.send(json.dumps(fields | {"segments": [own, external]}))
    (asked,) = deployment.tick().run_requests
    assert (asked.job_name, asked.partition_key) == ("segment_mix_job", None)


def test_a_dub_reads_its_messages_request_and_an_edit_the_record(wire: Wire):
    deployment = wire.deploy()
    first = wire.send(full(target_lang="pt"))
    deployment.tick()
    wire.send(full(target_lang="en"))
    deployment.tick()
    archive = deployment.job_resources.storage.archive
    (run,) = deployment.runs(first)
    assert job_resources.job_request(archive, "talk-1", run.tags).target_language == "pt"
    assert job_resources.job_request(archive, "talk-1", {}).target_language == "en"
    segment = dict(run.tags) | {"dub/task": "segment_mix"}
    assert job_resources.job_request(archive, "talk-1", segment).target_language == "en"


def test_a_job_id_belongs_to_the_project_that_used_it_first(wire: Wire):
    deployment = wire.deploy()
    wire.send(full("talk-1"))
    deployment.tick()
    archive = deployment.job_resources.storage.archive
    before = {item.key: archive.store.get(item.key) for item in archive.store.list("")}
    stranger = {"job_id": "talk-1", "project_id": "other", "callback_url": "https://other.example/{job_id}"}
    clips = "projects/other/interim/talk-1/segments"
    bodies = [
        stranger | {"input_key": "projects/other/inputs/talk.mp4"},
        stranger | {"task": "segment_mix", "intermediate_prefix": clips, "segments": [{"index": 3}, {"index": 4}]},
        stranger | {"task": "segment_tts", "segment": {"segment_index": 3, "text": "Bom dia."}},
        {name: value for name, value in stranger.items() if name != "project_id"}
        | {"task": "segment_mix", "intermediate_prefix": clips, "segments": [{"index": 3}]},
    ]
    messages = [wire.send(json.dumps(body)) for body in bodies]
    assert deployment.tick().run_requests == []
    records = [
        refused
        for item in archive.store.list(PENDING_REFUSALS)
        for refused in archive.load(RefusedMessages, item.key).messages
    ]
    assert {record.message_id for record in records} == set(messages)
    for record in records:
        assert record.reason.startswith("job_id 'talk-1' is used by another project")
        assert "shop" not in record.reason
        assert (record.project_id, record.callback_url) == ("other", "https://other.example/talk-1")
    assert sorted(record.segments for record in records) == [(), (3,), (3,), (3, 4)]
    after = {item.key: archive.store.get(item.key) for item in archive.store.list("")}
    assert {key: after[key] for key in before} == before
    claims = {claim_key(message) for message in messages}
    assert all(key.startswith(PENDING_REFUSALS) or key in claims for key in after.keys() - before.keys())
    assert deployment.instance.get_dynamic_partitions(jobs_partitions.name) == ["talk-1"]


def test_of_two_projects_that_use_a_job_id_at_the_same_time_one_is_refused(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    """Another deployment creates the job's record after this one has found none."""
    deployment, archive = wire.deploy(), wire.deploy().job_resources.storage.archive
    original = tasks.run_request

    def slow(message_id: str, key: str, request: object, *args: object, **more: object) -> dg.RunRequest:
        first = replace(request, project_id="first")
        archive.save(job_record_key("talk-1"), first)
        return original(message_id, key, request, *args, **more)

    monkeypatch.setattr("dub_assets.service.queue.message_runs.run_request", slow)
    wire.send(full("talk-1"))
    assert deployment.tick().run_requests == []
    (refused,) = deployment.refusals()
    assert "used by another project" in refused.reason
    assert archive.load(DubRequest, job_record_key("talk-1")).project_id == "first"


def test_a_job_may_be_sent_again_by_its_own_project_and_edited_without_a_project(wire: Wire):
    deployment = wire.deploy()
    for body in (
        full("talk-1"),
        full("talk-1"),
        json.dumps(
            {"task": "segment_mix", "job_id": "talk-1", "callback_url": "https://a", "segments": [{"index": 3}]}
        ),
    ):
        wire.send(body)
        assert len(deployment.tick().run_requests) == 1


def three_languages(**fields: object) -> str:
    return full("talk-1", target_langs=["pt", "es", "klingon"], **fields)


def test_a_message_with_several_languages_requests_a_run_each(wire: Wire):
    message_id = wire.send(three_languages())
    deployment = wire.deploy()
    runs = deployment.tick().run_requests
    assert [run.run_key for run in runs] == [message_id, f"{message_id}.1", f"{message_id}.2"]
    assert [run.partition_key for run in runs] == ["talk-1", "talk-1.es", "talk-1.klingon"]
    archive = deployment.job_resources.storage.archive
    for run, language in zip(runs, ["pt", "es", "klingon"], strict=True):
        assert run.tags["dub/job_id"] == run.partition_key
        assert run.tags["dub/message_id"] == message_id
        assert run.tags["dub/callback_url"] == f"https://consumer.example/jobs/{run.partition_key}"
        request = archive.load(DubRequest, run.tags["dub/request_key"])
        assert (request.job_id, request.target_language) == (run.partition_key, language)
        assert request == archive.load(DubRequest, job_record_key(request.job_id))
    assert set(deployment.instance.get_dynamic_partitions(jobs_partitions.name)) == {run.partition_key for run in runs}
    deployment.tick()
    assert wire.left() == 0


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_message_with_several_languages_stays_until_all_its_runs_are_stored(wire: Wire, lost: int):
    wire.send(three_languages())
    deployment = wire.deploy()
    answer = deployment.evaluate()
    deployment.store_runs([run for number, run in enumerate(answer.run_requests) if number != lost])
    deployment.keep(answer)
    assert len(deployment.instance.get_runs()) == 2
    asked = deployment.tick()
    assert wire.left() == 1
    asked = asked if asked.run_requests else deployment.tick()
    assert len(asked.run_requests) == 3
    assert len(deployment.instance.get_runs()) == 3
    deployment.tick()
    assert wire.left() == 0
    assert len(deployment.instance.get_runs()) == 3


def test_a_redelivered_message_with_several_languages_makes_no_second_run(wire: Wire):
    wire.send(three_languages())
    deployment = wire.deploy()
    deployment.tick()
    wire.redeliver(deployment)
    deployment.cursor = None
    assert deployment.tick().run_requests == []
    assert wire.left() == 0
    assert len(deployment.instance.get_runs()) == 3


def test_a_further_language_keeps_the_jobs_that_exist(wire: Wire):
    deployment = wire.deploy()
    for body in (
        full("talk-1", target_lang="pt"),
        full("talk-1", target_langs=["es", "pt"]),
        full("talk-1", target_langs=["fr"]),
    ):
        wire.send(body)
        deployment.tick()
        deployment.tick()
    archive = deployment.job_resources.storage.archive
    jobs = {job: archive.load(DubRequest, job_record_key(job)) for job in ("talk-1", "talk-1.es", "talk-1.fr")}
    assert [job.target_language for job in jobs.values()] == ["pt", "es", "fr"]
    assert [run.tags["dub/job_id"] for run in deployment.instance.get_runs()] == [
        "talk-1.fr", "talk-1", "talk-1.es", "talk-1"
    ]  # fmt: skip


def test_a_message_is_refused_if_another_project_has_the_job_of_one_language(wire: Wire):
    deployment = wire.deploy()
    wire.send(full("talk-1.es", project_id="other"))
    deployment.tick()
    wire.send(three_languages())
    assert deployment.tick().run_requests == []
    (refused,) = deployment.refusals()
    assert (refused.job_id, refused.task) == ("talk-1", "full_pipeline")
    assert refused.reason.startswith("job_id 'talk-1.es' is used by another project")
    assert deployment.instance.get_dynamic_partitions(jobs_partitions.name) == ["talk-1.es"]


def test_the_runs_of_a_message_count_against_the_free_slots(wire: Wire):
    for number in range(3):
        wire.send(full(f"talk-{number}", target_langs=["pt", "es", "fr"]))
    deployment = wire.deploy(JOB_MAX_PENDING_RUNS="4")
    assert len(deployment.tick().run_requests) == 6
