"""Requests to Amazon Translate: boto3 against a local server that implements the service's protocol."""

from __future__ import annotations

import pytest
from support.answering_server import Server, answering
from support.translation_services import AmazonTranslate, refusing

from dub_assets.adapters import aws
from dub_assets.core.errors import ConfigurationError, ServiceUnavailableError, UnsupportedLanguageError
from dub_assets.core.text import SourceLine, Term
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
        monkeypatch.setitem(aws._LIMITS, "translate", aws.ClientLimits(attempts=2))
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


def translate(engine: AmazonTranslator, *lines: str, terms=()) -> list[str]:
    return [
        rendering.text for rendering in engine.translate([SourceLine(text=line) for line in lines], "en", "pt", terms)
    ]


def test_sends_as_many_lines_a_call_as_the_service_takes(engine: AmazonTranslator, server: Server):
    long = "sea " * 1000
    assert translate(engine, "one dog", "two cats", long.strip(), long.strip(), long.strip()) == [
        "eno god", "owt stac", *[("aes " * 1000).strip()] * 3,
    ]  # fmt: skip
    sizes = [len(asked.document["Text"]) for asked in server.asked]
    assert len(sizes) == 2
    assert all(size < 10_000 for size in sizes)
    assert server.asked[0].document["Text"].startswith("one dog\ntwo cats\nsea")
    assert engine.take_usage() == (("characters", float(sum(sizes))), ("requests", 2.0))


def test_sends_lines_one_by_one_if_the_answer_joins_them(engine, server: Server, service: AmazonTranslate):
    service.joins_lines = False
    assert translate(engine, "one dog", "two cats") == ["eno god", "owt stac"]
    assert [asked.document["Text"] for asked in server.asked] == ["one dog\ntwo cats", "one dog", "two cats"]


def test_imports_terms_once_and_deletes_them_on_close(engine, server: Server, service: AmazonTranslate):
    assert translate(engine, "two cats", terms=TERMS) == ["owt felinos"]
    assert translate(engine, "cats", terms=TERMS) == ["felinos"]
    (name,) = service.terminologies
    assert name.startswith("dub-assets-")
    assert sum("ImportTerminology" in asked.headers["x-amz-target"] for asked in server.asked) == 1
    engine.close()
    assert service.terminologies == {}


def test_failure_to_delete_a_terminology_is_only_logged(engine, server: Server, caplog):
    translate(engine, "two cats", terms=TERMS)
    server.answer = lambda _: refusing("AccessDeniedException", 400)
    engine.close()
    assert "remains at amazon-translate" in caplog.text
    assert "cats" not in caplog.text


def test_uses_existing_terminologies_and_names_them_in_the_identity(server: Server, service: AmazonTranslate):
    service.terminologies = {"house": {"dog": "cachorro"}, "names": {}}
    engine = translator(terminologies="house, names")
    assert translate(engine, "one dog") == ["eno cachorro"]
    assert engine.identity.settings == (("terminologies", "house,names"),)
    with pytest.raises(ConfigurationError, match=r"ResourceNotFoundException.*AMAZON_TRANSLATE_TERMINOLOGIES"):
        translate(translator(terminologies="unknown"), "one dog")


def test_retries_a_throttled_call(engine: AmazonTranslator, server: Server):
    server.first = [refusing("ThrottlingException", 400)]
    assert translate(engine, "one dog") == ["eno god"]
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
def test_maps_error_codes_to_errors(engine: AmazonTranslator, server: Server, code: str, status: int, error):
    server.answer = lambda _: refusing(code, status)
    with pytest.raises(error) as error_info:
        translate(engine, "two cats")
    assert "cats" not in str(error_info.value)


def test_unreachable_service_is_a_transient_error(engine: AmazonTranslator, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_TRANSLATE", "http://127.0.0.1:9")
    with pytest.raises(ServiceUnavailableError, match="EndpointConnectionError"):
        translate(translator(), "one dog")


def test_missing_region_is_an_error_that_names_the_variable(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(ConfigurationError, match="AMAZON_TRANSLATE_REGION"):
        translate(translator(region=None), "one dog")
