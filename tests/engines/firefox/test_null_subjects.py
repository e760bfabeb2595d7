"""Omission of subject pronouns."""

from __future__ import annotations

import pytest

from dub_assets.engines.firefox.null_subjects import without_subjects


@pytest.mark.parametrize(
    ("language", "text", "expected"),
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
def test_omits_a_pronoun_that_opens_a_clause(language, text, expected):
    assert without_subjects(text, language) == expected


def test_keeps_a_pronoun_inside_a_clause():
    assert without_subjects("Não tínhamos nada antes de nós agora.", "pt") == ()
    assert without_subjects("Fui eu.", "pt") == ()


def test_omits_the_subject_of_a_second_sentence():
    assert without_subjects("Chega! Ela foi embora.", "pt") == ("Chega! Foi embora.",)


def test_keeps_a_pronoun_that_is_the_whole_text():
    assert without_subjects("Eu", "pt") == ()


def test_keeps_subjects_in_languages_that_require_them():
    assert without_subjects("I will go.", "en") == ()
    assert without_subjects("Je vais là.", "fr") == ()
