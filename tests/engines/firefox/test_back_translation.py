"""Translations are judged by translating back, and stock phrases and first names have translations of their own."""

from __future__ import annotations

import numpy as np
import pytest

from dub_assets.core.text import Rendering, SourceLine
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.firefox.engine import FirefoxTranslator
from dub_assets.engines.firefox.phrase_book import keep_first_names, phrase

LINES = ["Excuse me for a moment.", "The code is long.", "She opened the window slowly and looked at the sea."]


@pytest.fixture(scope="module")
def translator(tmp_path_factory) -> FirefoxTranslator:
    return FirefoxTranslator(EngineSettings(cache_dir=tmp_path_factory.mktemp("cache"), weights_dir=None, threads=2))


def translate(translator: FirefoxTranslator, *lines: str) -> list[Rendering]:
    return translator.translate([SourceLine(text=line, syllables=200) for line in lines], "en", "pt")


@pytest.mark.models
def test_replaces_a_translation_that_does_not_lead_back(translator):
    (rendering,) = translate(
        translator,
        "Thank you all for watching!",
    )
    assert "assistir" in rendering.text  # the engine's own is "Obrigado por enviar uma edição."


@pytest.mark.models
def test_says_which_translations_are_doubtful(translator):
    sure, doubtful = translate(translator, "She opened the window slowly and looked at the sea.", "Thank you all.")
    assert not sure.doubtful
    assert doubtful.doubtful


@pytest.mark.models
def test_scores_do_not_depend_on_other_sentences(translator):
    backward = translator._back_translation(("en", "pt")).backward
    pairs = [(rendering.text, line) for line, rendering in zip(LINES, translate(translator, *LINES), strict=True)]
    for scored in (backward.scores, backward.quick_scores):
        together, alone = scored(pairs), [scored([pair])[0] for pair in pairs]
        assert all(np.allclose(*both, atol=1e-3) for both in zip(together, alone, strict=True))
        assert scored([]) == []


@pytest.mark.models
def test_knows_the_letters_of_its_vocabularies(translator):
    alphabet = translator.alphabet("en", "pt")
    assert alphabet is not None
    assert set("aZ9éã").issubset(alphabet)
    assert not set("łŠüëþ東").intersection(alphabet)


@pytest.mark.parametrize(
    ("sentence", "source", "target", "translation"),
    [
        ("Thank you for watching!", "en", "pt", "Obrigado por assistir!"),
        ("You\u2019re welcome.", "en", "pt", "De nada."),
        ("or...", "en", "pt", "ou..."),
        ("Puxa vida!", "pt", "en", "Wow!"),
        ("How are you?", "en", "es", "\u00bfCómo estás?"),
        ("¡Felicidades!", "es", "en", "Congratulations!"),
        ("Thank you for the soup.", "en", "pt", None),
        ("Thank you.", "en", "ko", None),
        ("...", "en", "pt", None),
    ],
)
def test_stock_phrases_have_translations_of_their_own(sentence, source, target, translation):
    assert phrase(sentence, source, target) == translation


@pytest.mark.parametrize(
    ("text", "translated", "kept"),
    [
        ("Peter came home.", "Pedro voltou para casa.", "Peter voltou para casa."),
        ("King Charles and Peter.", "O rei Carlos e Pedro.", "O rei Carlos e Peter."),
        ("Charles III spoke.", "Carlos III falou.", "Carlos III falou."),
        ("Saint Peter's keys", "As chaves de São Pedro", "As chaves de São Pedro"),
        ("Peter and Pedro", "Pedro e Pedro", "Pedro e Pedro"),
    ],
)
def test_first_names_are_kept_but_not_those_of_rulers_and_saints(text, translated, kept):
    assert keep_first_names(text, translated, "en", "pt") == kept
