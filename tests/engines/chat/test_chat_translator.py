"""Requests of the chat engine and its handling of bad answers, against a local server."""

from __future__ import annotations

import email.utils
import json
import logging
import time

import pytest
from support.answering_server import Answer, Server, answering
from support.translation_services import RECEIVED, SENT, backwards, chat, saying

from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, ServiceUnavailableError
from dub_assets.core.text import SourceLine, Term
from dub_assets.engines.chat.engine import ENTRY, ChatTranslator
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.service_options import ChatOptions, ServiceOptions
from dub_assets.engines.shared.http_service import HttpService

KEY = "sk-very-secret"
LINES = [
    SourceLine(text="one dog", before="hello", after="two cats"),
    SourceLine(text="two cats", before="one dog", after="bye"),
]


@pytest.fixture
def server():
    with answering(chat) as server:
        yield server


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses between attempts, recorded instead of waited for."""
    pauses: list[float] = []
    monkeypatch.setattr(
        HttpService.__init__, "__kwdefaults__", {**HttpService.__init__.__kwdefaults__, "pause": pauses.append}
    )
    return pauses


def settings(tmp_path, url: str, **options) -> EngineSettings:
    services = ServiceOptions(chat=ChatOptions(url=url, model="a-model", key=KEY, **options))
    return EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=1, services=services)


@pytest.fixture
def engine(server: Server, tmp_path, paused) -> ChatTranslator:
    return ChatTranslator(settings(tmp_path, f"{server.url}/v1", price_in=2.0, price_out=10.0))


def test_asks_for_json_with_context_terms_and_shorter_renderings(engine: ChatTranslator, server: Server):
    terms = [Term(source="Cats", target="felinos"), Term(source="submarine", target="submarino")]
    engine.translate(LINES, "en", "pt", terms)
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.document["model"] == "a-model"
    assert asked.document["response_format"] == {"type": "json_object"}
    system, user = (message["content"] for message in asked.document["messages"])
    assert "from English to Portuguese" in system
    assert "2 renderings" in system
    assert json.loads(user) == {
        "before": "hello",
        "lines": [{"id": 1, "text": "one dog"}, {"id": 2, "text": "two cats"}],
        "after": "bye",
        "terms": {"Cats": "felinos"},
    }


def test_counts_tokens_and_cost_until_they_are_taken(engine: ChatTranslator):
    engine.translate(LINES, "en", "pt")
    engine.translate(LINES, "en", "pt")
    assert engine.take_usage() == (
        ("cost_usd", pytest.approx(2 * (SENT * 2.0 + RECEIVED * 10.0) / 1_000_000)),
        ("requests", 2.0),
        ("tokens_in", 2.0 * SENT),
        ("tokens_out", 2.0 * RECEIVED),
    )
    assert engine.take_usage() == ()


def test_reports_no_cost_without_prices(server: Server, tmp_path):
    engine = ChatTranslator(settings(tmp_path, server.url))
    engine.translate(LINES, "en", "pt")
    assert [name for name, _ in engine.take_usage()] == ["requests", "tokens_in", "tokens_out"]


def test_reads_an_answer_in_a_code_fence(engine: ChatTranslator, server: Server):
    content = json.dumps({"lines": [{"id": "2", "text": "b"}, {"id": "1", "text": "a"}]})
    server.first = [saying(f"```json\n{content}\n```")]
    assert [rendering.text for rendering in engine.translate(LINES, "en", "pt")] == ["a", "b"]
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("content", "correction"),
    [
        ("Sure! Here you are.", "is not JSON"),
        ("[]", 'no list "lines"'),
        ('{"lines": ["a", "b"]}', 'no list "lines" of objects'),
        ('{"lines": [{"id": 1, "text": "a and b"}]}', "has 1 lines where 2"),
        ('{"lines": [{"id": 1, "text": "a"}, {"id": 1, "text": "b"}]}', "ids 1 to 2"),
        ('{"lines": [{"id": 1, "text": "a"}, {"id": 3, "text": "b"}]}', "ids 1 to 2"),
        ('{"lines": [{"id": 1, "text": "a"}, {"id": 2, "text": " "}]}', "line 2 has no text"),
        ('{"lines": [{"id": 1, "text": "a"}, {"id": 2, "text": "b", "shorter": "c"}]}', '"shorter" of line 2'),
    ],
)
def test_asks_again_with_the_reason_after_a_bad_answer(
    engine: ChatTranslator, server: Server, content: str, correction: str
):
    server.first = [saying(content)]
    assert [rendering.text for rendering in engine.translate(LINES, "en", "pt")] == [
        backwards(line.text) for line in LINES
    ]
    messages = server.asked[1].document["messages"]
    assert messages[2] == {"role": "assistant", "content": content}
    assert correction in messages[3]["content"]


def test_halves_the_lines_after_three_bad_answers(engine: ChatTranslator, server: Server):
    server.first = [saying('{"lines": []}')] * 3
    assert [rendering.text for rendering in engine.translate(LINES, "en", "pt")] == ["eno god", "owt stac"]
    asked = [json.loads(asked.document["messages"][1]["content"])["lines"] for asked in server.asked]
    assert [len(lines) for lines in asked] == [2, 2, 2, 1, 1]


def test_only_bad_answers_are_a_permanent_error(engine: ChatTranslator, server: Server):
    server.answer = lambda _: saying('{"lines": []}')
    with pytest.raises(EngineUnavailableError, match=r"a-model at .* gives no usable answer .* choose another model"):
        engine.translate(LINES, "en", "pt")


def test_filters_shorter_renderings(engine: ChatTranslator, server: Server):
    shorter = ["mid length", "mid  length", "longer than the full text", "tiny", "", "a bit longer"]
    server.first = [saying(json.dumps({"lines": [{"id": 1, "text": "the full text", "shorter": shorter}]}))]
    (rendering,) = engine.translate(LINES[:1], "en", "pt")
    assert rendering.shorter == ("a bit longer", "mid length")


def test_retries_a_busy_service_after_its_retry_after(engine, server: Server, paused: list[float]):
    asked_s, resumes_s = time.time(), int(time.time()) + 30
    date = email.utils.formatdate(resumes_s, usegmt=True)
    server.first = [
        Answer(status=429, headers={"Retry-After": "7"}),
        Answer(status=503, headers={"Retry-After": date}),
        Answer(status=500, headers={"Retry-After": "9999"}),
        Answer(status=502),
    ]
    assert len(engine.translate(LINES, "en", "pt")) == 2
    assert (paused[0], *paused[2:]) == (7.0, 60.0, 8.0)
    assert resumes_s - time.time() <= paused[1] <= resumes_s - asked_s


def test_service_that_stays_busy_is_a_transient_error(engine, server: Server, paused: list[float]):
    server.answer = lambda _: Answer(status=429)
    with pytest.raises(ServiceUnavailableError, match=r"did not answer in 5 attempts \(status 429\)"):
        engine.translate(LINES, "en", "pt")
    assert paused == [1.0, 2.0, 4.0, 8.0]


def test_unreachable_service_is_a_transient_error(tmp_path, paused: list[float]):
    with pytest.raises(ServiceUnavailableError, match="ConnectionError"):
        ChatTranslator(settings(tmp_path, "http://127.0.0.1:9/v1")).translate(LINES, "en", "pt")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(status=401), "refuses the key"),
        (Answer(status=404), "check TRANSLATION_CHAT_URL and TRANSLATION_CHAT_MODEL"),
        (Answer(status=302, headers={"Location": "http://127.0.0.1:9/"}), r"refuses the request \(302\)"),
        (Answer(body=b"<html>"), "does not answer as a chat endpoint"),
        (Answer.of({"choices": []}), "does not answer as a chat endpoint"),
    ],
)
def test_refusal_is_a_permanent_error_that_names_the_variable(
    engine, server: Server, paused, answer: Answer, message: str
):
    server.answer = lambda _: answer
    with pytest.raises(ConfigurationError, match=message):
        engine.translate(LINES, "en", "pt")
    assert len(server.asked) == 1
    assert paused == []


@pytest.mark.parametrize("url", ["ftp://host/v1", "nowhere", "http://user:word@host/v1"])
def test_refuses_an_invalid_address(tmp_path, url: str):
    with pytest.raises(ConfigurationError, match="TRANSLATION_CHAT_URL is no address"):
        ChatTranslator(settings(tmp_path, url)).translate(LINES, "en", "pt")


def test_key_and_text_are_not_logged(engine, server: Server, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    server.first = [Answer(status=500), saying("nonsense")]
    engine.translate(LINES, "en", "pt")
    server.answer = lambda _: Answer(status=400, body=b"two cats")
    with pytest.raises(ConfigurationError) as refusal:
        engine.translate(LINES, "en", "pt")
    logged = f"{caplog.text} {engine.identity} {refusal.value} {settings(tmp_path, server.url)}"
    assert KEY not in logged
    assert "cats" not in logged
    assert dict(engine.identity.settings)["endpoint"] == server.url.removeprefix("http://")
    assert engine.identity.version == "a-model"


def test_names_missing_variables(tmp_path):
    bare = EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=1)
    assert not ENTRY.is_installed(bare)
    assert ENTRY.remedy(bare) == "set TRANSLATION_CHAT_URL and TRANSLATION_CHAT_MODEL"
    assert ENTRY.is_installed(settings(tmp_path, "http://host/v1"))
