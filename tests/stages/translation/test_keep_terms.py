from __future__ import annotations

from support.fakes import FakeTranslator

from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.stages.translation.keep_terms import translate_with_terms

TERMS = [Term(source="sea", target="oceano"), Term(source="Dagster", target="Dagster")]
LINES = [
    SourceLine(text="Dagster looks at the sea."),
    SourceLine(text="Good night.", before="Dagster looks at the sea."),
]


def test_a_translator_that_keeps_terms_is_told_them():
    translator = FakeTranslator(keeps_terms=True)
    made = translate_with_terms(translator, LINES, "en", "pt", TERMS)
    assert [rendering.text for rendering in made] == ["pt Dagster looks at the oceano.", "pt Good night."]
    assert translator.terms == TERMS
    assert translator.lines == LINES


def test_any_other_gets_stand_ins_and_the_terms_read_as_told():
    translator = FakeTranslator(max_shorter=1)
    made = translate_with_terms(translator, LINES, "en", "pt", TERMS)
    assert made[0] == Rendering(text="pt Dagster looks at the oceano.")
    assert made[1] == Rendering(text="pt Good night.", shorter=("pt Good",))
    assert [line.text for line in translator.lines] == ["XXA looks at the XXB.", "Good night."]


def test_a_line_whose_stand_ins_are_lost_is_translated_as_it_is():
    class Forgetful(FakeTranslator):
        def translate(self, lines, source_language, target_language, terms=()):
            return super().translate(
                [SourceLine(text=line.text.replace("XXA", "it")) for line in lines], source_language, target_language
            )

    made = translate_with_terms(Forgetful(), LINES, "en", "pt", TERMS)
    assert [rendering.text for rendering in made] == ["pt Dagster looks at the sea.", "pt Good night."]


def test_without_terms_nothing_is_held():
    translator = FakeTranslator()
    translate_with_terms(translator, [SourceLine(text="the sea")], "en", "pt", ())
    assert translator.lines == [SourceLine(text="the sea")]
