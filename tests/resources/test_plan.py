from dataclasses import replace

import pytest
from support.fakes import FakeEngines, FakeSpeakerEmbedder, FakeSynthesiser
from support.programmes import REQUEST

from dub_assets.core.consent import ConsentOptions
from dub_assets.core.errors import ConsentMissingError, InputError, UnsupportedLanguageError
from dub_assets.core.request import DubRequest
from dub_assets.options import DubOptions
from dub_assets.resources.plan import check_job, load_ahead


class _Nobody:
    def has_any(self) -> bool:
        return False

    def granted(self, speakers):
        return {}


def check(request: DubRequest, engines: FakeEngines, options: DubOptions | None = None) -> None:
    check_job(request, engines, _Nobody(), options or DubOptions())


def test_a_supported_job_passes():
    check(REQUEST, FakeEngines())
    check(replace(REQUEST, source_language="auto"), FakeEngines())


@pytest.mark.parametrize(
    ("source", "target", "error"),
    [("xx", "pt", "recognises 'xx'"), ("ko", "pt", "'ko' to 'pt'"), ("auto", "xx", "unknown language 'xx'")],
)
def test_an_unsupported_language_is_an_error_before_any_work(source: str, target: str, error: str):
    with pytest.raises(UnsupportedLanguageError, match=error):
        check(replace(REQUEST, source_language=source, target_language=target), FakeEngines())


def test_refuses_to_dub_into_the_source_language():
    with pytest.raises(InputError, match="same language"):
        check(replace(REQUEST, target_language="en"), FakeEngines())


def test_the_models_of_a_job_are_loaded_in_the_order_of_its_stages():
    embedder = FakeSpeakerEmbedder()
    engines = FakeEngines(diariser=embedder)
    load_ahead(REQUEST, engines)
    recogniser, told_apart, synthesiser, _ = engines.prepared
    assert (recogniser, told_apart) == (engines.recogniser("en"), embedder)
    assert synthesiser is engines.synthesiser(REQUEST.target_language)


def test_a_voice_that_nobody_consented_to_clone_is_an_error_before_any_work():
    cloning = FakeEngines(synthesiser=FakeSynthesiser(clones_voice=True))
    with pytest.raises(ConsentMissingError, match=r"no valid consent is recorded: .*consent add job`"):
        check(REQUEST, cloning)
    check(replace(REQUEST, voices={"A": "anna"}), cloning)
    check(REQUEST, cloning, DubOptions(consent=ConsentOptions(missing="studio")))
