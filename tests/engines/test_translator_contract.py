"""What every translator owes to its port, whatever it can do; fakes owe the same. Add an engine to ``TRANSLATORS``."""

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


def test_every_line_has_its_rendering_in_order_and_empty_ones_stay_empty(translator):
    made = translator.translate(lines_of(TEXTS), "en", "pt")
    assert [bool(rendering.text) for rendering in made] == [bool(text) for text in TEXTS]
    assert [translator.translate(lines_of([text]), "en", "pt")[0].text for text in TEXTS] == [one.text for one in made]
    assert translator.translate([], "en", "pt") == []


def test_shorter_renderings_are_as_many_as_declared_at_most_and_each_shorter_than_the_last(translator):
    for made in translator.translate(lines_of(TEXTS), "en", "pt"):
        assert len(made.shorter) <= translator.capabilities.max_shorter
        lengths = [len(text) for text in (made.text, *made.shorter)]
        assert lengths == sorted(set(lengths), reverse=True)
        assert all(any(map(str.isalnum, text)) for text in made.shorter)


def test_one_that_lists_shorter_renderings_finds_some(translator):
    made = translator.translate(lines_of(TEXTS), "en", "pt")
    assert any(rendering.shorter for rendering in made) == bool(translator.capabilities.max_shorter)


def test_neighbours_are_never_translated_and_change_nothing_where_they_are_not_read(translator):
    alone = translator.translate(lines_of(TEXTS), "en", "pt")
    among = [SourceLine(text=text, before="The elephant sleeps.", after="The elephant eats.") for text in TEXTS]
    made = translator.translate(among, "en", "pt")
    assert not any("elefante" in rendering.text.casefold() for rendering in made)
    assert translator.capabilities.reads_context or made == alone


def test_terms_read_as_told_where_it_keeps_them_and_change_nothing_elsewhere(translator):
    lines = lines_of(TEXTS[:1])
    made = translator.translate(lines, "en", "pt", [Term(source="window", target="claraboia")])
    assert ("claraboia" in made[0].text) == translator.capabilities.keeps_terms
    assert translator.capabilities.keeps_terms or made == translator.translate(lines, "en", "pt")
