from __future__ import annotations

import pytest

from dub_assets.engines.firefox.null_subjects import without_subjects


@pytest.mark.parametrize(
    ("language", "text", "left"),
    [
        ("pt", "Eu vou lá.", ("Vou lá.",)),
        ("pt", "então nós vamos", ("então vamos",)),
        ("pt", "Bem, eu estou fora.", ("Bem, estou fora.",)),
        ("es", "Él dice que yo canto.", ("Dice que yo canto.", "Él dice que canto.", "Dice que canto.")),
        (
            "it",
            "Quando lui canta, lei balla.",
            ("Quando canta, lei balla.", "Quando lui canta, balla.", "Quando canta, balla."),
        ),
    ],
)
def test_a_subject_goes_where_a_clause_begins_with_it(language, text, left):
    assert without_subjects(text, language) == left


def test_a_pronoun_that_is_no_subject_stays():
    assert without_subjects("Não tínhamos nada antes de nós agora.", "pt") == ()
    assert without_subjects("Fui eu.", "pt") == ()


def test_a_sentence_after_another_has_its_own_subject():
    assert without_subjects("Chega! Ela foi embora.", "pt") == ("Chega! Foi embora.",)


def test_a_pronoun_alone_stays():
    assert without_subjects("Eu", "pt") == ()


def test_languages_that_need_their_subjects_keep_them():
    assert without_subjects("I will go.", "en") == ()
    assert without_subjects("Je vais là.", "fr") == ()
