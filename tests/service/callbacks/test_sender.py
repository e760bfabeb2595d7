import socket
import threading
from email.utils import formatdate

import pytest
from standardwebhooks import Webhook
from support.callback_receiver import Answer, Behaviour, CallbackReceiver, Drip, Raw, Reset, Silence
from support.ports import closed_port

from dub_assets.core.errors import ConfigurationError
from dub_assets.service.callbacks.bodies import progress
from dub_assets.service.callbacks.deadline import DeadlineThread
from dub_assets.service.callbacks.delivery import Delivered, Failed, Gone
from dub_assets.service.callbacks.sender import HttpCallbackSender
from dub_assets.service.callbacks.values import Subject, webhook_id

BODY = progress(Subject(job_id="j1", project_id="p1", target_language="en"), "downloaded").encoded()
ID = webhook_id("run", 0)
LOCAL = frozenset({"127.0.0.1"})
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW_S = 1_700_000_000.0


def sender(**options) -> HttpCallbackSender:
    return HttpCallbackSender(**{"allowed_hosts": LOCAL, "localhost_host": None, "timeout_s": 60.0} | options)


@pytest.fixture(autouse=True)
def _no_lookup_outlives_its_test():
    yield
    for thread in threading.enumerate():
        if isinstance(thread, DeadlineThread):
            thread.join(60)
            assert not thread.is_alive()


# ------------------------------------------------------------------------------------------------- what is sent


def test_posts_the_bytes_with_the_id():
    with CallbackReceiver() as receiver:
        outcome = sender().send(receiver.url("/jobs/j1?token=T"), BODY, ID)
    assert outcome == Delivered(status_code=204)
    (received,) = receiver.received
    assert (received.method, received.path, received.body) == ("POST", "/jobs/j1?token=T", BODY)
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert received.headers["webhook-id"] == ID
    assert "webhook-signature" not in received.headers


def test_the_reference_library_verifies_the_signature():
    with CallbackReceiver() as receiver:
        sender(secret=SECRET).send(receiver.url(), BODY, ID)
    (received,) = receiver.received
    assert Webhook(SECRET).verify(received.body, dict(received.headers))["status"] == "in_progress"


def test_a_retry_has_a_new_signature_and_is_otherwise_the_same():
    with CallbackReceiver(Answer(status=500)) as receiver:
        for now_s in (NOW_S, NOW_S + 60.9):
            sender(secret=SECRET, now_s=lambda now_s=now_s: now_s).send(receiver.url(), BODY, ID)
    first, second = receiver.received
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert [attempt.headers["webhook-timestamp"] for attempt in (first, second)] == ["1700000000", "1700000060"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_rejects_an_unusable_secret_at_construction():
    with pytest.raises(ConfigurationError, match="JOB_CALLBACK_SECRET"):
        sender(secret="no base64!")


# ------------------------------------------------------------------------------------------ outcomes


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_acknowledges(status: int):
    with CallbackReceiver(Answer(status=status)) as receiver:
        assert sender().send(receiver.url(), BODY, ID) == Delivered(status_code=status)


def test_410_ends_the_delivery():
    with CallbackReceiver(Answer(status=410)) as receiver:
        assert isinstance(sender().send(receiver.url(), BODY, ID), Gone)


@pytest.mark.parametrize("status", [400, 401, 404, 408, 409, 422, 425, 429, 500, 502, 503, 504])
def test_every_other_answer_is_a_failure_that_quotes_it(status: int):
    with CallbackReceiver(Answer(status=status, body=b"not\r\nnow")) as receiver:
        outcome = sender().send(receiver.url(), BODY, ID)
    assert outcome == Failed(reason=f"the endpoint answered {status}: not now")


@pytest.mark.parametrize("header", ["90", formatdate(NOW_S + 90, usegmt=True)])
def test_reads_retry_after(header: str):
    with CallbackReceiver(Answer(status=429, headers={"Retry-After": header})) as receiver:
        outcome = sender(now_s=lambda: NOW_S).send(receiver.url(), BODY, ID)
    assert outcome == Failed(reason="the endpoint answered 429", retry_after_s=90.0)


def test_quotes_why_the_consumer_refuses_a_body():
    with CallbackReceiver() as receiver:
        outcome = sender().send(receiver.url(), b'{"status":"finished"}', ID)
    assert isinstance(outcome, Failed)
    assert "422" in outcome.reason
    assert receiver.received[0].fault


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_follows_no_redirect(status: int):
    with CallbackReceiver() as other, CallbackReceiver() as receiver:
        receiver.plan.append(Answer(status=status, headers={"Location": other.url("/")}))
        outcome = sender().send(receiver.url(), BODY, ID)
    assert outcome == Failed(reason=f"the endpoint answered {status}: redirects are not followed")
    assert other.received == []


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Reset(), "onnection reset"),
        (Raw(content=b""), "RemoteDisconnected"),
        (Raw(content=b"SSH-2.0-OpenSSH_9.6\r\n"), "BadStatusLine"),
        (Raw(content=b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n"), "HTTPException"),
    ],
)
def test_a_broken_answer_is_a_failure(behaviour: Behaviour, reason: str):
    with CallbackReceiver(behaviour) as receiver:
        outcome = sender().send(receiver.url(), BODY, ID)
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("127.0.0.1 was not reached: ")
    assert reason in outcome.reason


def test_a_closed_port_is_a_failure():
    with closed_port() as port:
        outcome = sender().send(f"http://127.0.0.1:{port}/", BODY, ID)
    assert outcome == Failed(reason="127.0.0.1 was not reached: Connection refused")


def test_an_unknown_name_is_a_failure():
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    outcome = sender(resolve=unknown).send("http://api.example/", BODY, ID)
    assert outcome == Failed(reason="the callback host api.example was not found: Name or service not known")


def test_reads_the_beginning_of_a_long_answer_only():
    endless = Drip(beginning=b"HTTP/1.1 500 No\r\n\r\n", drop=b"x" * 65536, pause_s=0.0)
    with CallbackReceiver(endless) as receiver:
        outcome = sender().send(receiver.url(), BODY, ID)
        assert receiver.hung_up.wait(60)
    assert outcome == Failed(reason=f"the endpoint answered 500: {'x' * 300}")


def test_does_not_read_the_answer_of_an_acknowledged_callback():
    with CallbackReceiver(Drip(beginning=b"HTTP/1.1 200 OK\r\n\r\n")) as receiver:
        assert sender().send(receiver.url(), BODY, ID) == Delivered(status_code=200)


# ---------------------------------------------------------------------------------------------------- time limits


@pytest.mark.parametrize(
    "behaviour",
    [
        Silence(),
        Drip(beginning=b"HTTP/1.1 200 OK\r\nx-"),
        Drip(beginning=b"", drop=b"HTTP/1.1 100 Continue\r\n\r\n"),
        Drip(beginning=b"HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\n"),
    ],
)
def test_the_time_limit_is_for_the_whole_exchange(behaviour: Behaviour):
    with CallbackReceiver(behaviour) as receiver:
        outcome = sender(timeout_s=0.3).send(receiver.url(), BODY, ID)
        assert isinstance(behaviour, Silence) or receiver.hung_up.wait(60)
    assert outcome == Failed(reason="no answer within 0.3 s")


def test_the_time_limit_includes_the_tls_handshake():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        outcome = sender(timeout_s=0.3).send(f"https://127.0.0.1:{silent.getsockname()[1]}/", BODY, ID)
    assert outcome == Failed(reason="no answer within 0.3 s")


def test_the_time_limit_includes_a_request_that_the_server_does_not_read():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        large = b"x" * 32_000_000
        outcome = sender(timeout_s=0.3).send(f"http://127.0.0.1:{silent.getsockname()[1]}/", large, ID)
    assert outcome == Failed(reason="no answer within 0.3 s")


def test_the_time_limit_includes_a_slow_lookup_and_nothing_is_sent_after_it():
    resolved = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        assert resolved.wait(60)
        return ["127.0.0.1"]

    with CallbackReceiver() as receiver:
        outcome = sender(timeout_s=0.1, resolve=slow).send(receiver.url(), BODY, ID)
        late = [thread for thread in threading.enumerate() if isinstance(thread, DeadlineThread)]
        resolved.set()
        for thread in late:
            thread.join(60)
    assert outcome == Failed(reason="no answer within 0.1 s")
    assert len(late) == 1
    assert receiver.received == []
