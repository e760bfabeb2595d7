from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dub_assets.core.text import Rendering, Term
from dub_assets.stages.translation.terms import hold, released

DAGSTER = Term(source="Dagster", target="Dagster")
SEA = Term(source="sea", target="oceano")


def test_terms_are_held_by_stand_ins_and_released_in_the_target_language():
    text, held = hold("Dagster looks at the sea.", [SEA, DAGSTER])
    assert text == "XXA looks at the XXB."
    made = Rendering(text="XXA olha para o XXB.", shorter=("XXA olha o XXB.", "XXA olha."))
    assert released(text, made, held) == Rendering(
        text="Dagster olha para o oceano.", shorter=("Dagster olha o oceano.",)
    )


def test_a_full_rendering_that_lost_a_term_is_none():
    text, held = hold("Dagster looks.", [DAGSTER])
    assert released(text, Rendering(text="Ele olha."), held) is None
    assert released(text, Rendering(text="XXA olha para XXA."), held) is None


def test_terms_are_whole_words_and_capitals_matter_where_a_term_has_some():
    assert hold("The Sea, the SEA, the season.", [SEA])[0] == "The XXA, the XXA, the season."
    assert hold("dagster Dagsters", [DAGSTER])[0] == "dagster Dagsters"


def test_the_longer_of_two_terms_is_held():
    text, held = hold("the Black Sea", [SEA, Term(source="Black Sea", target="Mar Negro")])
    assert (text, dict(held)) == ("the XXA", {"XXA": "Mar Negro"})


def test_a_stand_in_is_no_word_of_the_text():
    assert hold("XXA and the sea", [SEA])[0] == "XXA and the XXB"


@given(st.text(alphabet="sea DagsterX.", max_size=40))
def test_what_is_held_and_copied_is_what_it_was_but_for_the_terms(text):
    kept = [DAGSTER, Term(source="sea", target="sea")]
    held_text, held = hold(text, kept)
    made = released(held_text, Rendering(text=held_text), held)
    assert made is not None
    assert made.text.casefold() == text.casefold()
