"""Contract tests of every translator that runs without models of the hub."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.answering_server import answering
from support.copying_translator import write_copier
from support.translation_services import AmazonTranslate, chat

from dub_assets.core.errors import UnsupportedLanguageError
from dub_assets.core.ports import Translator
from dub_assets.core.text import SourceLine, Term
from dub_assets.engines.amazon import engine as amazon
from dub_assets.engines.chat import engine as chat_engine
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.firefox import engine as firefox
from dub_assets.engines.many_languages import m2m100, nllb
from dub_assets.engines.registry import EngineRegistry
from dub_assets.engines.service_options import AmazonTranslateOptions, ChatOptions, ServiceOptions

CORPUS = [
    "one dog runs to the sea.", "two cats open the window slowly", "three birds and four horses", "five fish",
    "what do you want? I don't know. Let's go home", "thank you very much. good night", "Mr. Jones",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz ,;:!?'",
]  # fmt: skip

NUMBERS = ("one", "two", "three", "four", "five")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Settings with which every translator works: tiny models, and services on local ports."""
    folder = tmp_path_factory.mktemp("weights")
    for module in (nllb, m2m100):
        write_copier(folder / module.NAME, CORPUS, module.CODES.values())
    with (
        answering(chat) as chat_server,
        answering(AmazonTranslate()) as amazon_server,
        pytest.MonkeyPatch.context() as at,
    ):
        at.setenv("AWS_ENDPOINT_URL_TRANSLATE", amazon_server.url)
        at.setenv("AWS_ACCESS_KEY_ID", "testing")
        at.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        yield EngineSettings(
            cache_dir=tmp_path_factory.mktemp("cache"),
            weights_dir=folder,
            threads=1,
            services=ServiceOptions(
                chat=ChatOptions(url=f"{chat_server.url}/v1", model="a-model"),
                amazon_translate=AmazonTranslateOptions(region="eu-west-1"),
            ),
        )


ENTRIES = [firefox.ENTRY, nllb.ENTRY, m2m100.ENTRY, chat_engine.ENTRY, amazon.ENTRY]


@pytest.fixture(scope="module", params=ENTRIES, ids=lambda entry: entry.name)
def entry(request) -> EngineEntry[Translator]:
    return request.param


@pytest.fixture(scope="module")
def translator(entry, settings) -> Translator:
    return entry.build(settings)


def said(translator: Translator, *lines: str) -> list[str]:
    return [made.text for made in translator.translate([SourceLine(text=line) for line in lines], "en", "pt")]


def test_is_installed_and_chosen_by_name(entry, settings):
    registry = EngineRegistry(settings)
    assert entry.is_installed(settings)
    assert registry.translator(entry.name, source="en", target="pt").identity.name == entry.name


def test_returns_one_rendering_for_each_line(translator: Translator):
    lines = ["one dog", "", "two cats. three birds", " ", "42!", "four horses"]
    made = said(translator, *lines)
    assert [bool(line) for line in made] == [True, False, True, False, True, True]
    assert made[4] == "42!"
    assert [made[0], made[2], made[5]] == [said(translator, lines[index])[0] for index in (0, 2, 5)]
    assert said(translator) == []


def test_renderings_have_no_line_breaks(translator: Translator):
    (line,) = said(translator, "one dog\nruns to\tthe sea. two cats")
    assert line == " ".join(line.split())
    assert len(line.split()) > 4


def test_keeps_the_order_of_more_lines_than_a_batch(translator: Translator):
    lines = [f"{NUMBERS[index % 5]} dog" for index in range(130)]
    made = said(translator, *lines)
    assert made == made[:5] * 26
    assert len(set(made[:5])) == 5


def test_renderings_match_the_capabilities(translator: Translator):
    offer = translator.capabilities
    lines = [SourceLine(text="two cats open the window slowly", before="one dog", after="five fish")]
    (made,) = translator.translate(lines, "en", "pt")
    assert len(made.shorter) <= offer.max_shorter
    assert all(
        len(after) < len(before) for before, after in zip([made.text, *made.shorter], made.shorter, strict=False)
    )
    if offer.keeps_terms:
        terms = [Term(source="cats", target="felines"), Term(source="nothing", target="here")]
        (kept,) = translator.translate(lines, "en", "pt", terms)
        assert "felines" in kept.text
        assert "felines" not in made.text
        assert said(translator, lines[0].text) == [made.text], "terms are those of one call"


def test_refuses_an_unknown_pair(translator: Translator):
    assert ("xx", "pt") not in translator.capabilities.pairs
    with pytest.raises(UnsupportedLanguageError):
        translator.translate([SourceLine(text="one dog")], "xx", "pt")


def test_may_be_called_from_several_threads(translator: Translator):
    expected = said(translator, "one dog", "two cats")
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: said(translator, "one dog", "two cats"), range(8))) == [expected] * 8


def test_works_again_after_closing(translator: Translator):
    before = said(translator, "three birds")
    translator.close()
    assert said(translator, "three birds") == before


def test_identity_is_stable_and_has_a_licence(entry, translator: Translator, settings):
    identity = entry.build(settings).identity
    assert identity == translator.identity
    assert identity.name == entry.name
    assert identity.licence
    assert all(len(file.sha256) == 64 and file.licence and file.origin for file in identity.weights)
