"""The spoken lines of the benchmark, and texts that nobody writes: each is put into words whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.quality.text_lines import TextLine, read
from dub_assets.text_normalisation import verbalise
from dub_assets.text_normalisation.roman_numerals import value_of
from dub_assets.text_normalisation.scripts import foreign_words, in_latin_letters

LINES = [(language, line) for language in ("en", "es", "pt") for line in read(language)]


@pytest.mark.parametrize(("language", "line"), LINES, ids=[f"{language} {line.text}" for language, line in LINES])
def test_is_spoken_as_the_language_speaks_it(language: str, line: TextLine):
    assert not line.failed(verbalise(line.text, language), language)


languages = st.sampled_from(["en", "es", "pt"])
fragments = st.sampled_from([part for _, line in LINES for part in line.text.split()])
signs = st.text(st.characters(categories=("L", "N", "M", "P", "S", "Zs")), max_size=4)
texts = st.lists(st.one_of(fragments, signs), max_size=8).map(" ".join)


@given(text=texts | st.text(max_size=20), language=languages)
def test_no_number_is_left_unspoken(text, language):
    spoken = verbalise(text, language)
    assert not any(character.isnumeric() and not character.isalpha() for character in spoken)


@given(text=texts | st.text(max_size=20), language=st.sampled_from(["fr", "ja", "ru", "de", "ko", "xx"]))
def test_texts_of_languages_without_rules_only_lose_foreign_letters(text, language):
    assert foreign_words(verbalise(text, language), language) == []
    if text.isascii():
        assert verbalise(text, language) == text


@given(text=texts, language=languages)
def test_voices_get_letters_that_they_read(text, language):
    assert foreign_words(verbalise(text, language), language) == []


def test_other_scripts_are_transliterated_in_languages_of_latin_letters():
    assert in_latin_letters("Москва, 東京 e Şile", "pt") == "Moskva, Dongjing e Şile"
    assert in_latin_letters("Москва и Paris", "ru") == "Москва и Paris"
    assert foreign_words("Москва, 東京 e Şile", "de") == ["Москва", "東京"]


@pytest.mark.parametrize(
    ("numeral", "value"), [("IV", 4), ("XIX", 19), ("MCMXCIV", 1994), ("IIII", None), ("MIL", None), ("VX", None)]
)
def test_reads_roman_numerals_as_they_are_written(numeral, value):
    assert value_of(numeral) == value


def test_units_of_two_words_are_read():
    assert verbalise("5 sq ft of 90 ° C", "en") == "five square feet of ninety degrees Celsius"
