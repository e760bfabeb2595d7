"""Lines against what a recogniser hears of them."""

from __future__ import annotations

import pytest

from dub_assets.domain.read_back import read_back, spoken_issues, words_of

TEXT = "Nós tínhamos tudo diante de nós, e nada antes de nós."


@pytest.mark.parametrize(
    "heard",
    [
        TEXT,
        "nos tinhamos tudo diante de nos e nada antes de nos",
        "Nós tinhámos tudo diante denós e nada antes de nós",
        "Nós tínhamos tudo diante de nós, e nada antes de nos. é",
    ],
)
def test_spelling_accents_joined_words_and_slips_of_a_letter_are_not_held_against_a_line(heard):
    found = read_back(TEXT, heard)
    assert spoken_issues(found, 0.7) == ()
    assert found.agreement > 0.9


@pytest.mark.parametrize(
    ("heard", "issue"),
    [
        ("Nós tínhamos tudo diante de nós.", "dropped_words"),
        ("Nós tínhamos diante de nós, e nada antes de nós.", "dropped_words"),
        ("Nós tínhamos tudo diante, tínhamos tudo diante de nós, e nada antes de nós.", "repeated_words"),
        ("Nós tínhamos tudo diante de nós, e nada antes de nós. De nós. De nós.", "repeated_words"),
        ("Nós tínhamos tudo diante de nós, e nada antes de nós. Obrigado por assistir.", "invented_words"),
    ],
)
def test_dropped_repeated_and_invented_words_are_told_apart(heard, issue):
    assert spoken_issues(read_back(TEXT, heard), 0.0) == (issue,)


def test_another_sentence_is_unlike_the_text():
    found = read_back(TEXT, "O gato dorme sobre a mesa, que fica perto da porta.")
    assert found.agreement < 0.5
    assert "unlike_text" in spoken_issues(found, 0.7)


def test_nothing_heard_drops_every_word():
    found = read_back("Boa noite a todos", "")
    assert (found.dropped, found.agreement) == (4, 0.0)


@pytest.mark.parametrize(
    ("text", "heard"),
    [("Em 1859 havia reis.", "Em mil oitocentos e cinquenta e nove havia reis."), ("São dez horas.", "São 10 horas.")],
)
def test_figures_may_be_heard_as_words_and_words_as_figures(text, heard):
    found = read_back(text, heard)
    assert (found.dropped, found.repeated, found.invented) == (0, 0, 0)


def test_scripts_without_spaces_are_compared_letter_by_letter():
    assert words_of("今日は、Tokyo") == ["今", "日", "は", "tokyo"]
    assert read_back("今日はいい天気です", "今日はいい天気です").agreement == 1.0
    assert read_back("今日はいい天気です", "今日はです").dropped == 4


def test_fewer_faults_and_then_a_better_agreement_win():
    good, spelled, dropped = (
        read_back(TEXT, TEXT),
        read_back(TEXT, TEXT.replace("nada", "nata")),
        read_back(TEXT, "Nós"),
    )
    assert good.is_no_worse_than(spelled)
    assert not spelled.is_no_worse_than(good)
    assert spelled.is_no_worse_than(dropped)
    assert good.is_no_worse_than(good)
