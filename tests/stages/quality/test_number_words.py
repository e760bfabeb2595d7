"""Numbers in texts, and those that a translation lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dub_assets.stages.quality.lost_numbers import lost_numbers
from dub_assets.stages.quality.number_words import LANGUAGES, number_words
from dub_assets.text_normalisation import verbalise
from dub_assets.text_normalisation.numerals import cardinal, ordinal, year


@given(
    number=st.integers(0, 10**14), language=st.sampled_from(sorted(LANGUAGES)), gender=st.sampled_from(["", "m", "f"])
)
def test_reads_cardinals(number, language, gender):
    (run,) = number_words(f"- {cardinal(number, language, gender)} -", language, with_ordinals=False)
    assert run.values == [number]


@given(number=st.integers(1, 999), language=st.sampled_from(sorted(LANGUAGES)), gender=st.sampled_from(["m", "f"]))
def test_reads_ordinals(number, language, gender):
    (run,) = number_words(ordinal(number, language, gender), language, with_ordinals=True)
    assert number in run.parts


@given(number=st.integers(1100, 2099))
def test_reads_years_in_pairs(number):
    (run,) = number_words(year(number, "en"), "en", with_ordinals=False)
    assert number in run.parts


@given(
    number=st.integers(0, 10**14),
    language=st.sampled_from(sorted(LANGUAGES)),
    around=st.sampled_from(["{}", "{} km", "{}%", "n {}.", "R$ {}", "{} x"]),
)
def test_reads_the_same_number_in_verbalised_text(number, language, around):
    written = f"{number:,}".replace(",", "," if language == "en" else ".")
    text = verbalise(around.format(written), language)
    runs = number_words(text, language, with_ordinals=False)
    assert number in {part for run in runs for part in run.parts}, text
    assert len(runs) == 1


KEPT = """
In 1995 it was 25 °C. > Em 1995 fazia 25 °C.
In 1995 > Em mil novecentos e noventa e cinco
In nineteen ninety-five. > Em 1995.
nineteen oh five > 1905
fifteen hundred men > mil e quinhentos homens
$3.5 million > 3,5 milhões de dólares
$3.5 million > R$ 3.500.000
1.5 million > um milhão e meio
1,250 km > 1.250 km
It costs $3.50 > Custa três reais e cinquenta
at 3:45 pm > às 15h45
2:30 > duas e meia
ten thirty > dez e trinta
twelve o'clock > meio-dia
the 19th century > século XIX
the 1990s > os anos 90
50% of people > metade das pessoas
twenty-five years > 25 anos
a dozen > doze
1,2,3 > um, dois, três
4,000 people > 4 mil pessoas
21st > vigésimo primeiro
one of the two > um dos dois
2 of them > deles
five of them > deles
Ten, nine, eight, seven. > Dez, nove, oito, sete.
There were seven chairs. > Havia sete cadeiras.
a hundred reasons > muitas razões
thousands of people > multidões
It was the best of times > Foi o melhor dos tempos
"""


@pytest.mark.parametrize("pair", KEPT.strip().splitlines())
def test_accepts_other_wordings_of_a_number(pair):
    text, translated = pair.split(" > ")
    assert lost_numbers(text, translated, source="en", target="pt") == ()


LOST = """
In 1995 > Em 1959 > 1995
25 years > anos > 25
twenty-five years > vinte anos > 25
nineteen ninety-five > mil novecentos e noventa > 19 95
$3.5 million > milhões > 3.5
50 people > 15 pessoas > 50
eleven people > pessoas > 11
at 3:45 > às três > 45
4,000 people > mil pessoas > 4,000
3 and 4 > três > 4
ten nine eight seven > dez oito sete sete > 10 9 8 7
There were seven chairs. > Havia oito cadeiras. > 7
"""


@pytest.mark.parametrize("line", LOST.strip().splitlines())
def test_returns_lost_numbers(line):
    text, translated, lost = line.split(" > ")
    assert lost_numbers(text, translated, source="en", target="pt") == (lost,)


def test_reads_words_in_known_languages_and_digits_in_all():
    assert lost_numbers("Há 25 e vinte e seis", "There are 25", source="pt", target="en") == ("26",)
    assert lost_numbers("El cincuenta por ciento", "Fifty percent", source="es", target="en") == ()
    assert lost_numbers("Hay veintiuno", "Há vinte e um", source="es", target="pt") == ()
    assert lost_numbers("25 Jahre, sechsundzwanzig", "anos", source="de", target="pt") == ("25",)
    assert lost_numbers("25 years", "Jahre", source="en", target="de") == ()
