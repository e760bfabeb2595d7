from dataclasses import replace

import pytest
from support.fakes import FakeEngines, FakeSpeakerEmbedder
from support.programmes import REQUEST

from dub_assets.core.errors import InputError, UnsupportedLanguageError
from dub_assets.resources.plan import check_engines, load_ahead


def test_a_supported_job_passes():
    check_engines(REQUEST, FakeEngines())
    check_engines(replace(REQUEST, source_language="auto"), FakeEngines())


@pytest.mark.parametrize(
    ("source", "target", "error"),
    [("xx", "pt", "recognises 'xx'"), ("ko", "pt", "'ko' to 'pt'"), ("auto", "xx", "unknown language 'xx'")],
)
def test_an_unsupported_language_is_an_error_before_any_work(source: str, target: str, error: str):
    with pytest.raises(UnsupportedLanguageError, match=error):
        check_engines(replace(REQUEST, source_language=source, target_language=target), FakeEngines())


def test_refuses_to_dub_into_the_source_language():
    with pytest.raises(InputError, match="same language"):
        check_engines(replace(REQUEST, target_language="en"), FakeEngines())


def test_the_models_of_a_job_are_loaded_in_the_order_of_its_stages():
    embedder = FakeSpeakerEmbedder()
    engines = FakeEngines(diariser=embedder)
    load_ahead(REQUEST, engines)
    recogniser, told_apart, synthesiser, _ = engines.prepared
    assert (recogniser, told_apart) == (engines.recogniser("en"), embedder)
    assert synthesiser is engines.synthesiser(REQUEST.target_language)
