"""Terms that read as given: placeholders, and translators that keep terms by themselves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.fakes import FakeTranslator

from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.stages.translation.terms import mask_terms, translate_with_terms, unmask_terms

TERMS = [Term(source="sea", target="oceano"), Term(source="Dagster", target="Dagster")]
LINES = [
    SourceLine(text="Dagster looks at the sea."),
    SourceLine(text="Good night.", before="Dagster looks at the sea."),
]


def test_passes_terms_to_a_translator_that_keeps_them():
    translator = FakeTranslator(keeps_terms=True)
    renderings = translate_with_terms(translator, LINES, "en", "pt", TERMS)
    assert [rendering.text for rendering in renderings] == ["pt Dagster looks at the oceano.", "pt Good night."]
    assert translator.terms == TERMS
    assert translator.lines == LINES


def test_gives_placeholders_to_a_translator_that_does_not_keep_terms():
    translator = FakeTranslator(max_shorter=1)
    renderings = translate_with_terms(translator, LINES, "en", "pt", TERMS)
    assert renderings[0] == Rendering(text="pt Dagster looks at the oceano.")
    assert renderings[1] == Rendering(text="pt Good night.", shorter=("pt Good",))
    assert [line.text for line in translator.lines] == ["XXA looks at the XXB.", "Good night."]


def test_translates_a_line_again_without_placeholders_if_they_are_lost():
    class Forgetful(FakeTranslator):
        def translate(self, lines, source_language, target_language, terms=()):
            return super().translate(
                [SourceLine(text=line.text.replace("XXA", "it")) for line in lines], source_language, target_language
            )

    renderings = translate_with_terms(Forgetful(), LINES, "en", "pt", TERMS)
    assert [rendering.text for rendering in renderings] == ["pt Dagster looks at the sea.", "pt Good night."]


def test_masks_nothing_without_terms():
    translator = FakeTranslator()
    translate_with_terms(translator, [SourceLine(text="the sea")], "en", "pt", ())
    assert translator.lines == [SourceLine(text="the sea")]


DAGSTER = Term(source="Dagster", target="Dagster")
SEA = Term(source="sea", target="oceano")


def test_masks_terms_and_unmasks_them_in_the_target_language():
    text, placeholders = mask_terms("Dagster looks at the sea.", [SEA, DAGSTER])
    assert text == "XXA looks at the XXB."
    rendering = Rendering(text="XXA olha para o XXB.", shorter=("XXA olha o XXB.", "XXA olha."))
    assert unmask_terms(text, rendering, placeholders) == Rendering(
        text="Dagster olha para o oceano.", shorter=("Dagster olha o oceano.",)
    )


def test_unmask_returns_none_if_the_full_text_lost_a_term():
    text, placeholders = mask_terms("Dagster looks.", [DAGSTER])
    assert unmask_terms(text, Rendering(text="Ele olha."), placeholders) is None
    assert unmask_terms(text, Rendering(text="XXA olha para XXA."), placeholders) is None


def test_masks_whole_words_and_minds_the_capitals_of_a_term():
    assert mask_terms("The Sea, the SEA, the season.", [SEA])[0] == "The XXA, the XXA, the season."
    assert mask_terms("dagster Dagsters", [DAGSTER])[0] == "dagster Dagsters"


def test_masks_the_longer_of_two_terms():
    text, placeholders = mask_terms("the Black Sea", [SEA, Term(source="Black Sea", target="Mar Negro")])
    assert (text, dict(placeholders)) == ("the XXA", {"XXA": "Mar Negro"})


def test_a_placeholder_is_not_a_word_of_the_text():
    assert mask_terms("XXA and the sea", [SEA])[0] == "XXA and the XXB"


@given(st.text(alphabet="sea DagsterX.", max_size=40))
def test_unmasking_a_copied_text_restores_it(text):
    kept = [DAGSTER, Term(source="sea", target="sea")]
    masked, placeholders = mask_terms(text, kept)
    rendering = unmask_terms(masked, Rendering(text=masked), placeholders)
    assert rendering is not None
    assert rendering.text.casefold() == text.casefold()
