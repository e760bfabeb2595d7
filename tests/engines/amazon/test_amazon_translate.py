"""What the engine asks of Amazon Translate: boto3 itself, against a server that speaks the service's protocol."""

from __future__ import annotations

import pytest
from support.answering_server import Server, answering
from support.translation_services import AmazonTranslate, refusing

from dub_assets.core.errors import ConfigurationError, ServiceUnavailableError, UnsupportedLanguageError
from dub_assets.core.text import SourceLine, Term
from dub_assets.engines.amazon import engine as amazon
from dub_assets.engines.amazon.engine import AmazonTranslator
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.service_options import AmazonTranslateOptions, ServiceOptions

TERMS = [Term(source="cats", target="felinos")]


@pytest.fixture
def service() -> AmazonTranslate:
    return AmazonTranslate()


@pytest.fixture
def server(service: AmazonTranslate, monkeypatch: pytest.MonkeyPatch):
    with answering(service) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_TRANSLATE", server.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        monkeypatch.setattr(amazon, "_ATTEMPTS", 2)
        yield server


def translator(region: str | None = "eu-west-1", terminologies: str = "") -> AmazonTranslator:
    options = AmazonTranslateOptions(region=region, terminologies=terminologies)
    services = ServiceOptions(amazon_translate=options)
    return AmazonTranslator(EngineSettings(cache_dir=None, weights_dir=None, threads=1, services=services))


@pytest.fixture
def engine(server: Server):
    engine = translator()
    yield engine
    engine.close()


def said(engine: AmazonTranslator, *lines: str, terms=()) -> list[str]:
    return [made.text for made in engine.translate([SourceLine(text=line) for line in lines], "en", "pt", terms)]


def test_lines_go_together_as_far_as_a_call_takes_them(engine: AmazonTranslator, server: Server):
    long = "sea " * 1000
    assert said(engine, "one dog", "two cats", long.strip(), long.strip(), long.strip()) == [
        "eno god", "owt stac", *[("aes " * 1000).strip()] * 3,
    ]  # fmt: skip
    sizes = [len(asked.document["Text"]) for asked in server.asked]
    assert len(sizes) == 2
    assert all(size < 10_000 for size in sizes)
    assert server.asked[0].document["Text"].startswith("one dog\ntwo cats\nsea")
    assert engine.take_usage() == (("characters", float(sum(sizes))), ("requests", 2.0))


def test_lines_that_come_back_joined_are_asked_for_one_by_one(engine, server: Server, service: AmazonTranslate):
    service.joins_lines = False
    assert said(engine, "one dog", "two cats") == ["eno god", "owt stac"]
    assert [asked.document["Text"] for asked in server.asked] == ["one dog\ntwo cats", "one dog", "two cats"]


def test_terms_are_put_there_once_and_taken_away_at_the_end(engine, server: Server, service: AmazonTranslate):
    assert said(engine, "two cats", terms=TERMS) == ["owt felinos"]
    assert said(engine, "cats", terms=TERMS) == ["felinos"]
    (name,) = service.terminologies
    assert name.startswith("dub-assets-")
    assert sum("ImportTerminology" in asked.headers["x-amz-target"] for asked in server.asked) == 1
    engine.close()
    assert service.terminologies == {}


def test_a_terminology_that_cannot_be_taken_away_is_no_failure(engine, server: Server, caplog):
    said(engine, "two cats", terms=TERMS)
    server.answer = lambda _: refusing("AccessDeniedException", 400)
    engine.close()
    assert "is left at amazon-translate" in caplog.text
    assert "cats" not in caplog.text


def test_terminologies_that_are_kept_there_are_used_and_part_of_the_identity(server: Server, service: AmazonTranslate):
    service.terminologies = {"house": {"dog": "cachorro"}, "names": {}}
    engine = translator(terminologies="house, names")
    assert said(engine, "one dog") == ["eno cachorro"]
    assert engine.identity.settings == (("terminologies", "house,names"),)
    with pytest.raises(ConfigurationError, match=r"ResourceNotFoundException.*AMAZON_TRANSLATE_TERMINOLOGIES"):
        said(translator(terminologies="unknown"), "one dog")


def test_a_throttled_call_is_tried_again(engine: AmazonTranslator, server: Server):
    server.first = [refusing("ThrottlingException", 400)]
    assert said(engine, "one dog") == ["eno god"]
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ThrottlingException", 400, ServiceUnavailableError),
        ("TooManyRequestsException", 400, ServiceUnavailableError),
        ("InternalServerException", 500, ServiceUnavailableError),
        ("UnsupportedLanguagePairException", 400, UnsupportedLanguageError),
        ("AccessDeniedException", 400, ConfigurationError),
        ("UnrecognizedClientException", 400, ConfigurationError),
    ],
)
def test_a_refusal_is_permanent_or_not(engine: AmazonTranslator, server: Server, code: str, status: int, error):
    server.answer = lambda _: refusing(code, status)
    with pytest.raises(error) as refusal:
        said(engine, "two cats")
    assert "cats" not in str(refusal.value)


def test_a_service_that_is_away_is_transient(engine: AmazonTranslator, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_TRANSLATE", "http://127.0.0.1:9")
    with pytest.raises(ServiceUnavailableError, match="EndpointConnectionError"):
        said(translator(), "one dog")


def test_a_region_that_nothing_names_is_asked_for(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(ConfigurationError, match="AMAZON_TRANSLATE_REGION"):
        said(translator(region=None), "one dog")
