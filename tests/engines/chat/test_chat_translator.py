"""What the chat engine asks its endpoint, and what it makes of bad answers; against a real server."""

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
    """The pauses that were made, none of them waited for."""
    pauses: list[float] = []
    monkeypatch.setattr(
        HttpService.__init__, "__kwdefaults__", {**HttpService.__init__.__kwdefaults__, "pause": pauses.append}
    )
    return pauses


def settings(tmp_path, url: str, **more) -> EngineSettings:
    options = ChatOptions(url=url, model="a-model", key=KEY, **more)
    return EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=1, services=ServiceOptions(chat=options))


@pytest.fixture
def engine(server: Server, tmp_path, paused) -> ChatTranslator:
    return ChatTranslator(settings(tmp_path, f"{server.url}/v1", price_in=2.0, price_out=10.0))


def test_it_asks_for_json_with_context_terms_and_shorter_renderings(engine: ChatTranslator, server: Server):
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


def test_tokens_and_their_cost_are_counted_once(engine: ChatTranslator):
    engine.translate(LINES, "en", "pt")
    engine.translate(LINES, "en", "pt")
    assert engine.take_usage() == (
        ("cost_usd", pytest.approx(2 * (SENT * 2.0 + RECEIVED * 10.0) / 1_000_000)),
        ("requests", 2.0),
        ("tokens_in", 2.0 * SENT),
        ("tokens_out", 2.0 * RECEIVED),
    )
    assert engine.take_usage() == ()


def test_without_prices_no_cost_is_told(server: Server, tmp_path):
    engine = ChatTranslator(settings(tmp_path, server.url))
    engine.translate(LINES, "en", "pt")
    assert [name for name, _ in engine.take_usage()] == ["requests", "tokens_in", "tokens_out"]


def test_a_fenced_answer_is_read(engine: ChatTranslator, server: Server):
    content = json.dumps({"lines": [{"id": "2", "text": "b"}, {"id": "1", "text": "a"}]})
    server.first = [saying(f"```json\n{content}\n```")]
    assert [made.text for made in engine.translate(LINES, "en", "pt")] == ["a", "b"]
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("content", "told"),
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
def test_a_bad_answer_is_asked_for_again_with_what_was_wrong(
    engine: ChatTranslator, server: Server, content: str, told: str
):
    server.first = [saying(content)]
    assert [made.text for made in engine.translate(LINES, "en", "pt")] == [backwards(line.text) for line in LINES]
    again = server.asked[1].document["messages"]
    assert again[2] == {"role": "assistant", "content": content}
    assert told in again[3]["content"]


def test_lines_that_are_answered_badly_together_are_asked_for_in_halves(engine: ChatTranslator, server: Server):
    server.first = [saying('{"lines": []}')] * 3
    assert [made.text for made in engine.translate(LINES, "en", "pt")] == ["eno god", "owt stac"]
    asked = [json.loads(asked.document["messages"][1]["content"])["lines"] for asked in server.asked]
    assert [len(lines) for lines in asked] == [2, 2, 2, 1, 1]


def test_a_model_that_never_answers_rightly_is_permanent(engine: ChatTranslator, server: Server):
    server.answer = lambda _: saying('{"lines": []}')
    with pytest.raises(EngineUnavailableError, match=r"a-model at .* gives no usable answer .* choose another model"):
        engine.translate(LINES, "en", "pt")


def test_shorter_renderings_are_shorter_different_and_no_more_than_asked_for(engine: ChatTranslator, server: Server):
    shorter = ["mid length", "mid  length", "longer than the full text", "tiny", "", "a bit longer"]
    server.first = [saying(json.dumps({"lines": [{"id": 1, "text": "the full text", "shorter": shorter}]}))]
    (made,) = engine.translate(LINES[:1], "en", "pt")
    assert made.shorter == ("a bit longer", "mid length")


def test_a_busy_service_is_asked_again_after_the_pause_it_names(engine, server: Server, paused: list[float]):
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


def test_a_service_that_stays_busy_is_transient(engine, server: Server, paused: list[float]):
    server.answer = lambda _: Answer(status=429)
    with pytest.raises(ServiceUnavailableError, match=r"did not answer in 5 attempts \(status 429\)"):
        engine.translate(LINES, "en", "pt")
    assert paused == [1.0, 2.0, 4.0, 8.0]


def test_a_service_that_is_away_is_transient(tmp_path, paused: list[float]):
    with pytest.raises(ServiceUnavailableError, match="ConnectionError"):
        ChatTranslator(settings(tmp_path, "http://127.0.0.1:9/v1")).translate(LINES, "en", "pt")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(status=401), "refuses the key"),
        (Answer(status=404), "check TRANSLATION_CHAT_URL and TRANSLATION_CHAT_MODEL"),
        (Answer(status=302, headers={"Location": "http://127.0.0.1:9/"}), r"refuses the request \(302\)"),
        (Answer(body=b"<html>"), "does not answer as a chat endpoint"),
        (Answer.of({"choices": []}), "does not answer as a chat endpoint"),
    ],
)
def test_a_refusal_is_permanent_and_names_the_variable(engine, server: Server, paused, answer: Answer, told: str):
    server.answer = lambda _: answer
    with pytest.raises(ConfigurationError, match=told):
        engine.translate(LINES, "en", "pt")
    assert len(server.asked) == 1
    assert paused == []


@pytest.mark.parametrize("url", ["ftp://host/v1", "nowhere", "http://user:word@host/v1"])
def test_an_address_that_is_none_is_refused(tmp_path, url: str):
    with pytest.raises(ConfigurationError, match="TRANSLATION_CHAT_URL is no address"):
        ChatTranslator(settings(tmp_path, url)).translate(LINES, "en", "pt")


def test_key_and_text_are_told_to_the_endpoint_alone(engine, server: Server, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    server.first = [Answer(status=500), saying("nonsense")]
    engine.translate(LINES, "en", "pt")
    server.answer = lambda _: Answer(status=400, body=b"two cats")
    with pytest.raises(ConfigurationError) as refusal:
        engine.translate(LINES, "en", "pt")
    told = f"{caplog.text} {engine.identity} {refusal.value} {settings(tmp_path, server.url)}"
    assert KEY not in told
    assert "cats" not in told
    assert dict(engine.identity.settings)["endpoint"] == server.url.removeprefix("http://")
    assert engine.identity.version == "a-model"


def test_what_is_not_set_is_named(tmp_path):
    bare = EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=1)
    assert not ENTRY.is_installed(bare)
    assert ENTRY.remedy(bare) == "set TRANSLATION_CHAT_URL and TRANSLATION_CHAT_MODEL"
    assert ENTRY.is_installed(settings(tmp_path, "http://host/v1"))
