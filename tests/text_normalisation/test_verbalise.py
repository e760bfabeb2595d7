"""Numbers, units, signs and abbreviations as three languages say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dub_assets.text_normalisation import verbalise

PORTUGUESE = {
    "Custa R$ 3,50.": "Custa três reais e cinquenta centavos.",
    "R$ 0,50, R$ 1,00 e R$ 1,01": "cinquenta centavos, um real e um real e um centavo",
    "R$ 2.000.000": "dois milhões de reais",
    "R$ 3,5 milhões, R$ 50 mil": "três vírgula cinco milhões de reais, cinquenta mil reais",
    "3,50 reais ou 20 €": "três reais e cinquenta centavos ou vinte euros",
    "US$ 1 bilhão, £ 2": "um bilhão de dólares, duas libras",
    "-R$ 5": "menos cinco reais",
    "Faz 25 °C, 1 °C, -5 °C": "Faz vinte e cinco graus Celsius, um grau Celsius, menos cinco graus Celsius",
    "25ºC e 90°": "vinte e cinco graus Celsius e noventa graus",
    "1.250 km, 1 km, 1,5 km": "mil duzentos e cinquenta quilômetros, um quilômetro, um vírgula cinco quilômetros",
    "60 km/h, 8 kg/m²": "sessenta quilômetros por hora, oito quilos por metro quadrado",
    "10 m², 5 m3, 2 milhões de km": "dez metros quadrados, cinco metros cúbicos, dois milhões de quilômetros",
    "3 GB, 2,4 GHz, 220 V": "três gigabytes, dois vírgula quatro gigahertz, duzentos e vinte volts",
    "às 3:45 pm": "às três e quarenta e cinco da tarde",
    "Saiu às 9 p.m. Depois": "Saiu às nove da noite. Depois",
    "às 15h30 ou 15:30": "às quinze horas e trinta minutos ou quinze horas e trinta minutos",
    "1h, 21h, 2h30min": "uma hora, vinte e uma horas, duas horas e trinta minutos",
    "1:23:45": "uma hora, vinte e três minutos e quarenta e cinco segundos",
    "Em 1995": "Em mil novecentos e noventa e cinco",
    "2º lugar, 1ª vez, 3.ª edição": "segundo lugar, primeira vez, terceira edição",
    "50% das 200 pessoas": "cinquenta por cento das duzentas pessoas",
    "2 horas, 21 crianças, 2.500 mulheres": "duas horas, vinte e uma crianças, duas mil e quinhentas mulheres",
    "2 mil pessoas, o voo 447 parte": "duas mil pessoas, o voo quatrocentos e quarenta e sete parte",
    "1.250,000 pessoas, 21o lugar": "um milhão e duzentas e cinquenta mil pessoas, vigésimo primeiro lugar",
    "24/7": "vinte e quatro por sete",
    "21 anos, página 21": "vinte e um anos, página vinte e um",
    "2-3 horas, 10-15 km": "duas a três horas, dez a quinze quilômetros",
    "1914-1918": "mil novecentos e catorze a mil novecentos e dezoito",
    "20%-30%": "vinte por cento a trinta por cento",
    "3,14 e 3,05 e 2,718": "três vírgula catorze e três vírgula zero cinco e dois vírgula sete um oito",
    "3.5 e 1,250,000": "três ponto cinco e um milhão e duzentos e cinquenta mil",
    "1,234.56 e 1.234,56": " e ".join(["mil duzentos e trinta e quatro vírgula cinquenta e seis"] * 2),
    "2 corações, Os 2 são bons, 3 versões": "dois corações, Os dois são bons, três versões",
    "2 milhões de pessoas, £ 2 milhões, £ 2 mil": "dois milhões de pessoas, dois milhões de libras, duas mil libras",
    "às 10:30h, 1h5min": "às dez horas e trinta minutos, uma hora e cinco minutos",
    "1/2 xícara, 3/4, 2 1/2": "meia xícara, três quartos, dois e meio",
    "25/12/2024": "vinte e cinco de dezembro de dois mil e vinte e quatro",
    "1 de maio": "primeiro de maio",
    "século XX": "século vinte",
    "O Dr. Silva, a Sra. Lima, nº 5 etc.": "O Doutor Silva, a Senhora Lima, número cinco et cetera.",
    "COVID-19, B2B, A4, v1.2.3": "COVID dezenove, B dois B, A quatro, v um ponto dois ponto três",
    "MP3, CO₂, 007, 4K": "eme pê três, cê ó dois, zero zero sete, quatro K",
    "(11) 98765-4321": "um um, nove oito sete seis cinco, quatro três dois um",
    "2x mais, 3x4": "duas vezes mais, três por quatro",
}

SPANISH = {
    "Cuesta 3,50 €, 21 €": "Cuesta tres euros con cincuenta céntimos, veintiún euros",
    "3,5 millones de euros, 2.000.000 €": "tres coma cinco millones de euros, dos millones de euros",
    "25 °C, 1 °C, -5 °C": "veinticinco grados Celsius, un grado Celsius, menos cinco grados Celsius",
    "1.250 km, 1 250 km, 21 km": (
        "mil doscientos cincuenta kilómetros, mil doscientos cincuenta kilómetros, veintiún kilómetros"
    ),
    "a las 3:45 p. m.": "a las tres y cuarenta y cinco de la tarde.",
    "a las 15:30, a las 15:00, a las 3:00": "a las quince y treinta, a las quince horas, a las tres",
    "21 años, 21 personas, 200 personas, página 21": (
        "veintiún años, veintiuna personas, doscientas personas, página veintiuno"
    ),
    "El 21 llegó": "El veintiuno llegó",
    "el 1.º, la 2ª, el 3.er lugar": "el primero, la segunda, el tercer lugar",
    "En 1995": "En mil novecientos noventa y cinco",
    "50%, 21%": "cincuenta por ciento, veintiuno por ciento",
    "1/2 taza, siglo XX": "media taza, siglo veinte",
    "El Sr. López, EE. UU., n.º 5, etc.": "El Señor López, Estados Unidos, número cinco, etcétera.",
    "COVID-19, B2B, v1.2.3": "COVID diecinueve, B dos B, v uno punto dos punto tres",
    "25/12/2024": "veinticinco de diciembre de dos mil veinticuatro",
    "21 millones de euros, 21 mil": "veintiún millones de euros, veintiún mil",
    "1.001 noches, 31.000 hombres": "mil una noches, treinta y un mil hombres",
}

ENGLISH = {
    "It costs $3.50, $0.99, $1.00": "It costs three dollars and fifty cents, ninety-nine cents, one dollar",
    "$3.5 million, £2, ¥500, -$5": "three point five million dollars, two pounds, five hundred yen, minus five dollars",
    "25 °C, 1 °F": "twenty-five degrees Celsius, one degree Fahrenheit",
    "1,250 km, 1 km, 1.5 km": "one thousand two hundred fifty kilometers, one kilometer, one point five kilometers",
    "a 10-km run, 60 mph, 5 ft, 12 m²": "a ten-kilometer run, sixty miles per hour, five feet, twelve square meters",
    "At 3:45 pm, 3.45 p.m. today, 3pm": "At three forty-five PM, three forty-five PM today, three PM",
    "905 pm, 12 pm, 1145 pm": "nine oh five PM, twelve PM, eleven forty-five PM",
    "At 5 p.m. He left": "At five PM. He left",
    "15:30, 3:00, 3:05, 15:00": "fifteen thirty, three o'clock, three oh five, fifteen hundred",
    "In 1995, 2005 and 1905": "In nineteen ninety-five, two thousand five and nineteen oh-five",
    "1250 people, in 1066": "one thousand two hundred fifty people, in ten sixty-six",
    "the 1990s, the '90s, class of '98": "the nineteen nineties, the nineties, class of ninety-eight",
    "1st, 2nd, 21st": "first, second, twenty-first",
    "May 5, 2024": "May fifth, twenty twenty-four",
    "12/25/2024 and 2024-05-03": "December twenty-fifth, twenty twenty-four and May third, twenty twenty-four",
    "50% of 200 people": "fifty percent of two hundred people",
    "10-15 km, $10-$20, 1914-1918": (
        "ten to fifteen kilometers, ten dollars to twenty dollars, nineteen fourteen to nineteen eighteen"
    ),
    "24/7, 9/11, 16:9, 2 1/2": "twenty-four seven, nine eleven, sixteen to nine, two and one half",
    "Mr. Smith, Mrs. Jones, Dr. No, No. 5, #7": "Mister Smith, Missus Jones, Doctor No, number five, number seven",
    "COVID-19, B2B, A4, v1.2.3": "COVID nineteen, B two B, A four, v one point two point three",
    "a 10-year-old, x86, 007": "a ten-year-old, x eighty-six, zero zero seven",
    "555-1234": "five five five, one two three four",
    "1.234,56, 1.250.000, 1.250": (
        "one thousand two hundred thirty-four point five six, one million two hundred fifty thousand, "
        "one point two five zero"
    ),
    "3.14, .5, 1,2,3": "three point one four, point five, one, two, three",
    "2 + 2 = 4, ~5": "two plus two equals four, about five",
    "see https://example.com/v2": "see example dot com slash v two",
}

TABLES = {"pt": PORTUGUESE, "es": SPANISH, "en": ENGLISH}


@pytest.mark.parametrize(
    ("language", "text", "said"), [(language, *line) for language, table in TABLES.items() for line in table.items()]
)
def test_it_is_said_as_the_language_says_it(language, text, said):
    assert verbalise(text, language) == said


@pytest.mark.parametrize("text", ["25 °C", "R$ 3,50", "etc."])
def test_texts_of_other_languages_stay_as_they_are(text):
    assert verbalise(text, "fr") == text


def test_numbers_that_nobody_says_are_read_digit_by_digit():
    assert verbalise("1234567890123456", "pt").split()[:3] == ["um", "dois", "três"]
    assert len(verbalise("9" * 5000, "en").split()) == 5000
    assert verbalise("999.999.999.999.999", "es").startswith("novecientos noventa y nueve billones")


languages = st.sampled_from(sorted(TABLES))
written = st.sampled_from(sorted({text for table in TABLES.values() for text in table}))
numbers = st.integers(0, 10**17).map(str)
words = st.text(alphabet="abcdefghijklmnopqrstuvwxyzáéíóúãõçñ ,;!?'-", max_size=60)


@given(text=st.lists(st.one_of(written, numbers, words), max_size=5).map(" ".join), language=languages)
def test_verbalising_twice_changes_nothing(text, language):
    said = verbalise(text, language)
    assert verbalise(said, language) == said


@given(text=st.lists(st.one_of(written, numbers, st.text(max_size=4)), max_size=6).map("".join), language=languages)
def test_no_digit_is_left_whatever_stands_around_it(text, language):
    assert not any(character.isdecimal() for character in verbalise(text, language))


@given(text=words, language=languages)
def test_words_stay_as_they_are(text, language):
    assert verbalise(text, language) == text
