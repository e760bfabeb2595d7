"""Contract tests of translators and their fakes. Add an engine to ``TRANSLATORS``."""

from __future__ import annotations

import pytest
from support.fakes import FakeTranslator

from dub_assets.core.ports import Translator
from dub_assets.core.text import SourceLine, Term
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.firefox import engine as firefox

pytestmark = pytest.mark.models

TRANSLATORS = {
    "fake": lambda _: FakeTranslator(),
    "fake that can do everything": lambda _: FakeTranslator(max_shorter=3, reads_context=True, keeps_terms=True),
    "firefox": firefox.FirefoxTranslator,
}

TEXTS = [
    "She opened the window slowly and looked at the sea.",
    "",
    "I do not know what he wants, but he has been waiting here since yesterday morning.",
    "Good night.",
]


@pytest.fixture(scope="module", params=TRANSLATORS.values(), ids=TRANSLATORS.keys())
def translator(request, tmp_path_factory) -> Translator:
    return request.param(EngineSettings(cache_dir=tmp_path_factory.mktemp("cache"), weights_dir=None, threads=2))


def lines_of(texts: list[str]) -> list[SourceLine]:
    return [SourceLine(text=text) for text in texts]


def test_renders_every_line_in_order_and_keeps_empty_ones(translator):
    made = translator.translate(lines_of(TEXTS), "en", "pt")
    assert [bool(rendering.text) for rendering in made] == [bool(text) for text in TEXTS]
    assert [translator.translate(lines_of([text]), "en", "pt")[0].text for text in TEXTS] == [one.text for one in made]
    assert translator.translate([], "en", "pt") == []


def test_lists_at_most_the_declared_shorter_renderings_each_shorter_than_the_last(translator):
    for made in translator.translate(lines_of(TEXTS), "en", "pt"):
        assert len(made.shorter) <= translator.capabilities.max_shorter
        lengths = [len(text) for text in (made.text, *made.shorter)]
        assert lengths == sorted(set(lengths), reverse=True)
        assert all(any(map(str.isalnum, text)) for text in made.shorter)


def test_finds_shorter_renderings_if_it_lists_them(translator):
    made = translator.translate(lines_of(TEXTS), "en", "pt")
    assert any(rendering.shorter for rendering in made) == bool(translator.capabilities.max_shorter)


def test_never_translates_neighbouring_lines(translator):
    alone = translator.translate(lines_of(TEXTS), "en", "pt")
    among = [SourceLine(text=text, before="The elephant sleeps.", after="The elephant eats.") for text in TEXTS]
    made = translator.translate(among, "en", "pt")
    assert not any("elefante" in rendering.text.casefold() for rendering in made)
    assert translator.capabilities.reads_context or made == alone


def test_keeps_terms_only_if_it_declares_so(translator):
    lines = lines_of(TEXTS[:1])
    made = translator.translate(lines, "en", "pt", [Term(source="window", target="claraboia")])
    assert ("claraboia" in made[0].text) == translator.capabilities.keeps_terms
    assert translator.capabilities.keeps_terms or made == translator.translate(lines, "en", "pt")
