"""Lines against what a recogniser hears of them."""

from __future__ import annotations

import pytest

from dub_assets.stages.tts_segments.agreement import compare, read_back_issues, words_of

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
def test_ignores_spelling_accents_joined_words_and_slips_of_a_letter(heard):
    result = compare(TEXT, heard, "pt")
    assert read_back_issues(result, 0.7) == ()
    assert result.agreement > 0.9


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
def test_distinguishes_dropped_repeated_and_invented_words(heard, issue):
    assert read_back_issues(compare(TEXT, heard, "pt"), 0.0) == (issue,)


def test_another_sentence_is_unlike_the_text():
    result = compare(TEXT, "O gato dorme sobre a mesa, que fica perto da porta.", "pt")
    assert result.agreement < 0.5
    assert "unlike_text" in read_back_issues(result, 0.7)


def test_counts_every_word_as_dropped_if_nothing_is_heard():
    result = compare("Boa noite a todos", "", "pt")
    assert (result.dropped, result.agreement) == (4, 0.0)


@pytest.mark.parametrize(
    ("language", "text", "heard"),
    [
        ("pt", "Em 1859 havia reis.", "Em mil oitocentos e cinquenta e nove havia reis."),
        ("pt", "São dez horas.", "São 10 horas."),
        (
            "pt",
            "Faz vinte e cinco graus Celsius e custa três reais e cinquenta centavos.",
            "Faz 25 °C e custa R$ 3,50.",
        ),
        ("pt", "Saiu às quinze horas e trinta minutos.", "Saiu às 15h30."),
        ("es", "Son mil doscientos cincuenta kilómetros.", "Son 1.250 km."),
        ("en", "It was nineteen ninety-five.", "It was 1995."),
        (
            "en",
            "At three forty-five PM, half of it was gone: fifty percent.",
            "At 3:45 p.m., half of it was gone: 50%.",
        ),
    ],
)
def test_compares_figures_with_words(language, text, heard):
    for text_, heard_ in ((text, heard), (heard, text)):
        assert compare(text_, heard_, language).agreement == 1.0
        assert read_back_issues(compare(text_, heard_, language), 1.0) == ()


def test_counts_a_number_that_is_not_heard_as_dropped():
    result = compare("Custa 25 reais por mês.", "Custa por mês.", "pt")
    assert result.dropped == 4


def test_compares_figures_as_words_in_other_languages():
    result = compare("En 1859 il y avait un roi.", "En mille huit cent cinquante-neuf il y avait un roi.", "fr")
    assert (result.dropped, result.repeated, result.invented) == (0, 0, 0)


def test_compares_scripts_without_spaces_letter_by_letter():
    assert words_of("今日は、Tokyo") == ["今", "日", "は", "tokyo"]
    assert compare("今日はいい天気です", "今日はいい天気です", "ja").agreement == 1.0
    assert compare("今日はいい天気です", "今日はです", "ja").dropped == 4


def test_ranks_by_wrong_words_then_by_agreement():
    good, spelled, dropped = (
        compare(TEXT, TEXT, "pt"),
        compare(TEXT, TEXT.replace("nada", "nata"), "pt"),
        compare(TEXT, "Nós", "pt"),
    )
    assert good.is_no_worse_than(spelled)
    assert not spelled.is_no_worse_than(good)
    assert spelled.is_no_worse_than(dropped)
    assert good.is_no_worse_than(good)
