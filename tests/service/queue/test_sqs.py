"""What every queue keeps to, in memory and on a real server of the SQS protocol; then what is SQS's alone."""

from __future__ import annotations

import json
import logging
from functools import partial

import pytest
from support.answers import answering
from support.fakes_queue import FakeQueue
from support.ports import closed_port

from dub_assets.adapters.aws import ClientLimits
from dub_assets.core.errors import ConfigurationError, InputError, QueueUnavailableError
from dub_assets.service.queue.ports import Queue
from dub_assets.service.queue.sqs import SqsQueue
from dub_assets.service.received_message import QueueDepth, ReceivedMessage

REGION = "ap-northeast-2"


@pytest.fixture
def open_queue(aws_endpoint):
    return partial(SqsQueue, region=REGION, endpoint_url=aws_endpoint, visibility_timeout_s=60, wait_s=0)


def pair(request: pytest.FixtureRequest, *, fake: bool, fifo: bool) -> tuple[Queue, Queue]:
    """A queue and the one for its dead letters."""
    if fake:
        dead = FakeQueue(fifo=fifo)
        return FakeQueue(fifo=fifo, visibility_timeout_s=60, wait_s=0, dead_letters=dead), dead
    make, connect = request.getfixturevalue("new_queue"), request.getfixturevalue("open_queue")
    url, dead_url = make(fifo=fifo), make(fifo=fifo)
    return connect(url, dead_letter_url=dead_url), connect(dead_url)


@pytest.fixture(params=["fake", "fake.fifo", "sqs", "sqs.fifo"])
def queues(request) -> tuple[Queue, Queue]:
    return pair(request, fake="fake" in request.param, fifo="fifo" in request.param)


@pytest.fixture
def queue(queues) -> Queue:
    return queues[0]


@pytest.fixture(params=["fake", "sqs"])
def fifo(request) -> Queue:
    return pair(request, fake=request.param == "fake", fifo=True)[0]


def fill(queue: Queue, count: int) -> list[str]:
    return [queue.send(f"body {number}", group=f"project-{number}") for number in range(count)]


def receipts(messages: list[ReceivedMessage]) -> list[str]:
    return [message.receipt for message in messages]


# ------------------------------------------------------------------------------------------------ every queue


def test_receives_a_message_as_it_was_sent(queue):
    body = '{"job_id": "j", "text": "안녕 \\n"}'
    message_id = queue.send(body, group="p1", attributes={"job_id": "j"})
    (message,) = queue.receive(10)
    assert message.message_id == message_id
    assert message.body == body
    assert message.attributes == {"job_id": "j"}
    assert message.receive_count == 1
    assert message.sent_at_ms > 1_600_000_000_000


def test_receives_nothing_from_an_empty_queue(queue):
    assert queue.receive(10, wait_s=0) == []
    assert queue.depth() == QueueDepth(waiting=0, in_flight=0, delayed=0)


def test_a_received_message_is_hidden_and_counted_until_it_is_deleted(queue):
    fill(queue, 3)
    assert queue.depth() == QueueDepth(waiting=3, in_flight=0, delayed=0)
    (message,) = queue.receive(1)
    assert queue.depth() == QueueDepth(waiting=2, in_flight=1, delayed=0)
    assert message.message_id not in {other.message_id for other in queue.receive(10)}
    assert queue.delete([message.receipt]) == []
    assert queue.depth() == QueueDepth(waiting=0, in_flight=2, delayed=0)


def test_receives_hides_and_deletes_more_messages_than_fit_into_one_request(queue):
    ids = fill(queue, 25)
    messages = queue.receive(23)
    assert [message.message_id for message in messages] == ids[:23]
    assert queue.hide(receipts(messages), 120) == []
    assert len(queue.receive(10)) == 2
    assert queue.delete(receipts(messages)) == []
    assert queue.depth() == QueueDepth(waiting=0, in_flight=2, delayed=0)


def test_no_more_messages_are_received_than_asked_for(queue):
    fill(queue, 12)
    assert len(queue.receive(11)) == 11
    assert queue.depth().waiting == 1
    assert queue.receive(0) == []


def test_a_released_message_is_delivered_again_with_a_higher_count(queue):
    fill(queue, 1)
    (first,) = queue.receive(1)
    assert queue.release([first.receipt]) == []
    (second,) = queue.receive(1, wait_s=1)
    assert second.message_id == first.message_id
    assert second.receipt != first.receipt
    assert (first.receive_count, second.receive_count) == (1, 2)


def test_an_expired_message_is_delivered_to_a_waiting_consumer(queue):
    fill(queue, 1)
    (first,) = queue.receive(1)
    queue.hide([first.receipt], 1)
    assert queue.receive(1, wait_s=0) == []
    (second,) = queue.receive(1, wait_s=3)
    assert second.message_id == first.message_id


def test_deleting_hiding_and_releasing_nothing_is_no_error(queue):
    assert queue.delete([]) == queue.hide([], 10) == queue.release([]) == []


def test_returns_unknown_receipts_and_uses_the_others(queue):
    fill(queue, 2)
    first, second = queue.receive(2)
    assert [failure.receipt for failure in queue.hide(["unknown", first.receipt], 90)] == ["unknown"]
    (failure,) = queue.delete(["unknown", first.receipt, second.receipt, first.receipt])
    assert failure.receipt == "unknown"
    assert failure.reason
    assert queue.depth() == QueueDepth(waiting=0, in_flight=0, delayed=0)


def test_moves_a_dead_letter_with_its_reason_and_unchanged_body(queues):
    queue, dead = queues
    fill(queue, 2)
    bad, good = queue.receive(2)
    assert queue.dead_letter(bad, "job_id is missing") == []
    assert queue.depth() == QueueDepth(waiting=0, in_flight=1, delayed=0)
    (letter,) = dead.receive(10)
    assert letter.body == bad.body
    assert letter.attributes == {"reason": "job_id is missing", "source_message_id": bad.message_id}
    queue.release([good.receipt])
    assert [message.message_id for message in queue.receive(10, wait_s=1)] == [good.message_id]


def test_a_dead_letter_keeps_its_attributes(queues):
    queue, dead = queues
    queue.send("{", group="p", attributes={"job_id": "j", "reason": "overdue"})
    queue.dead_letter(queue.receive(1)[0], "not JSON")
    (letter,) = dead.receive(1)
    assert letter.attributes["job_id"] == "j"
    assert letter.attributes["reason"] == "not JSON"


def test_a_fifo_queue_keeps_the_order_of_a_group(fifo):
    for number in range(3):
        fifo.send(f"a{number}", group="a", deduplication_id=f"a{number}")
    fifo.send("b0", group="b", deduplication_id="b0")
    (first,) = fifo.receive(1)
    assert (first.body, first.group, first.deduplication_id) == ("a0", "a", "a0")
    (other,) = fifo.receive(10)
    assert other.body == "b0"
    fifo.delete([first.receipt])
    assert [message.body for message in fifo.receive(10)] == ["a1", "a2"]


def test_a_fifo_queue_accepts_a_deduplication_id_once(fifo):
    for _ in range(2):
        fifo.send("same", group="p", deduplication_id="j1")
        fifo.send("again", group="p")
    assert sorted(message.body for message in fifo.receive(10)) == ["again", "again", "same"]


def test_a_fifo_queue_requires_a_group(fifo):
    with pytest.raises(InputError, match="group"):
        fifo.send("body")


def test_a_second_copy_of_a_dead_letter_is_dropped_by_a_fifo_queue(request):
    for fake in (True, False):
        queue, dead = pair(request, fake=fake, fifo=True)
        queue.send("{", group="p")
        (first,) = queue.receive(1)
        queue.dead_letter(first, "not JSON")
        queue.dead_letter(first, "not JSON")
        assert len(dead.receive(10)) == 1


# -------------------------------------------------------------------------------------------------------- SQS


def test_an_error_in_a_later_request_does_not_lose_received_messages(open_queue, new_queue, monkeypatch, caplog):
    queue = open_queue(new_queue())
    fill(queue, 15)
    receive, calls = queue._receive, []

    def failing_later(count, wait_s):
        calls.append((count, wait_s))
        if len(calls) == 2:
            raise QueueUnavailableError("throttled")
        return receive(count, wait_s)

    monkeypatch.setattr(queue, "_receive", failing_later)
    assert len(queue.receive(15, wait_s=1)) == 10
    assert calls == [(10, 1), (5, 0)]
    assert "throttled; 10 messages" in caplog.text


def test_logs_the_reason_of_a_dead_letter_without_a_queue_for_it(open_queue, new_queue, caplog):
    queue = open_queue(new_queue())
    fill(queue, 1)
    (message,) = queue.receive(1)
    with caplog.at_level(logging.WARNING, "dub_assets"):
        assert queue.dead_letter(message, "job_id is missing") == []
    assert f"message {message.message_id} is deleted because JOB_DLQ_URL is not set: job_id is missing" in caplog.text
    assert queue.depth() == QueueDepth(waiting=0, in_flight=0, delayed=0)


def test_a_message_stays_if_it_cannot_be_dead_lettered(open_queue, new_queue):
    queue = open_queue(new_queue(), dead_letter_url=new_queue() + "-gone")
    fill(queue, 1)
    (message,) = queue.receive(1)
    with pytest.raises(ConfigurationError, match="JOB_DLQ_URL"):
        queue.dead_letter(message, "not JSON")
    assert queue.depth() == QueueDepth(waiting=0, in_flight=1, delayed=0)


def test_a_dead_letter_has_room_for_its_reason_among_ten_attributes(open_queue, new_queue):
    dead_url = new_queue()
    queue, dead = open_queue(new_queue(), dead_letter_url=dead_url), open_queue(dead_url)
    queue.send("{", attributes={f"name{number}": "value" for number in range(10)})
    queue.dead_letter(queue.receive(1)[0], "not JSON\x00\ufffe" + "!" * 1000)
    (letter,) = dead.receive(1)
    assert letter.attributes["reason"].startswith("not JSON !!!")
    assert len(letter.attributes["reason"]) <= 500
    assert len(letter.attributes) == 10


def test_a_dead_letter_that_is_too_long_is_moved_without_attributes(open_queue, new_queue, monkeypatch):
    dead_url = new_queue()
    queue, dead = open_queue(new_queue(), dead_letter_url=dead_url), open_queue(dead_url)
    queue.send("{")
    (message,) = queue.receive(1)
    send = queue._send

    def full(address, request):
        if request["MessageAttributes"]:
            raise InputError("Message must be shorter than 262144 bytes")
        return send(address, request)

    monkeypatch.setattr(queue, "_send", full)
    assert queue.dead_letter(message, "not JSON") == []
    assert [letter.body for letter in dead.receive(1)] == ["{"]
    assert queue.depth() == QueueDepth(waiting=0, in_flight=0, delayed=0)


def test_a_message_that_sqs_rejects_is_an_input_error(open_queue, new_queue):
    queue = open_queue(new_queue())
    with pytest.raises(InputError, match="InvalidParameterValue") as caught:
        queue.send("x" * 1_048_577)
    assert "\n" not in str(caught.value)


def test_receives_only_the_text_attributes_of_a_message(open_queue, new_queue, sqs):
    url = new_queue()
    attributes = {
        "job_id": {"DataType": "String", "StringValue": "j"},
        "number": {"DataType": "Number", "StringValue": "7"},
        "binary": {"DataType": "Binary", "BinaryValue": b"\x00"},
    }
    sqs.send_message(QueueUrl=url, MessageBody="{}", MessageAttributes=attributes)
    (message,) = open_queue(url).receive(1)
    assert message.attributes == {"job_id": "j", "number": "7"}
    assert message.group is None


def test_hides_a_message_for_the_configured_timeout(open_queue, new_queue):
    url = new_queue()
    open_queue(url).send("{}")
    (first,) = open_queue(url, visibility_timeout_s=1).receive(1)
    (second,) = open_queue(url, wait_s=20).receive(1)
    assert (first.message_id, second.receive_count) == (second.message_id, 2)


@pytest.mark.parametrize("seconds", [43_300, 43_200], ids=["by the entry", "by the whole request"])
def test_returns_receipts_with_a_timeout_beyond_the_limit(open_queue, new_queue, seconds):
    queue = open_queue(new_queue())
    fill(queue, 1)
    (message,) = queue.receive(1)
    (failure,) = queue.hide([message.receipt], seconds)
    assert failure.receipt == message.receipt
    assert failure.reason == "InvalidParameterValue"


CALLS = {
    "receive": lambda queue: queue.receive(1),
    "delete": lambda queue: queue.delete(["receipt"]),
    "hide": lambda queue: queue.hide(["receipt"], 5),
    "depth": lambda queue: queue.depth(),
    "send": lambda queue: queue.send("{}"),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def queue_at(endpoint: str, *, patience_s: float = 60.0) -> SqsQueue:
    """A queue that is asked once, by a client that waits for an answer for that long."""
    queue = SqsQueue(f"{endpoint}/123456789012/jobs", region=REGION, endpoint_url=endpoint, wait_s=0)
    queue._connect = partial(
        queue._connect, limits=ClientLimits(attempts=1, connect_timeout_s=60.0, read_timeout_s=patience_s)
    )
    return queue


def answer(status: str, code: str) -> bytes:
    body = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": "no"})
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()


@every_call
def test_a_missing_queue_is_a_configuration_error(open_queue, new_queue, call):
    with pytest.raises(ConfigurationError, match="JOB_QUEUE_URL: there is no queue") as caught:
        call(open_queue(new_queue() + "-gone"))
    assert "\n" not in str(caught.value)


@every_call
def test_a_missing_endpoint_is_a_transient_error(aws_endpoint, call):
    with closed_port() as port, pytest.raises(QueueUnavailableError, match="did not answer"):
        call(queue_at(f"http://127.0.0.1:{port}"))


@every_call
def test_an_endpoint_that_never_answers_is_a_transient_error(aws_endpoint, call):
    with answering(None) as endpoint, pytest.raises(QueueUnavailableError, match="did not answer"):
        call(queue_at(endpoint, patience_s=0.3))


@every_call
def test_a_denied_call_is_a_configuration_error(aws_endpoint, call):
    refused = pytest.raises(ConfigurationError, match=r"JOB_QUEUE_URL: .*credentials")
    with answering(answer("403 Forbidden", "AccessDeniedException")) as endpoint, refused as caught:
        call(queue_at(endpoint))
    assert "\n" not in str(caught.value)


@every_call
@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("500 Internal Server Error", "InternalError"),
        ("503 Service Unavailable", "ServiceUnavailable"),
        ("403 Forbidden", "RequestThrottled"),
        ("403 Forbidden", "OverLimit"),
        ("400 Bad Request", "ThrottlingException"),
    ],
)
def test_a_throttled_or_broken_service_is_a_transient_error(aws_endpoint, call, status, code):
    with answering(answer(status, code)) as endpoint, pytest.raises(QueueUnavailableError, match=code):
        call(queue_at(endpoint))


def test_an_error_page_of_a_proxy_is_a_transient_error(aws_endpoint):
    page = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 12\r\nConnection: close\r\n\r\n<html>502 </"
    with answering(page) as endpoint, pytest.raises(QueueUnavailableError, match="502"):
        queue_at(endpoint).receive(1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"endpoint_url": "not an address"}, "AWS_ENDPOINT_URL"),
        ({"profile": "nobody"}, "nobody"),
        ({"region": "no region"}, "JOB_QUEUE_URL"),
    ],
)
def test_unusable_settings_are_a_configuration_error(aws_endpoint, options, message):
    queue = SqsQueue("https://sqs.example/1/jobs", **{"region": REGION, **options})
    with pytest.raises(ConfigurationError, match=message):
        queue.receive(1)


def test_missing_credentials_are_a_configuration_error(aws_endpoint, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigurationError, match="credentials"):
        queue_at(aws_endpoint).receive(1)


def test_refuses_a_dead_letter_queue_that_is_the_queue_itself():
    with pytest.raises(ConfigurationError, match="JOB_DLQ_URL"):
        SqsQueue("https://sqs.example/1/jobs", region=REGION, dead_letter_url="https://sqs.example/1/jobs")


def test_opening_a_queue_sends_nothing_and_imports_no_library(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "boto3.session", None)
    assert SqsQueue("https://sqs.example/1/jobs", region=REGION)


def test_repr_of_a_message_does_not_contain_its_text(open_queue, new_queue):
    queue = open_queue(new_queue())
    queue.send('{"text": "secret line"}')
    assert "secret" not in repr(queue.receive(1))
