from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dub_assets.text_normalisation.speaking_rate import ordinary_ms, syllables

COUNTED = {
    "pt": "você:2 janela:3 dia:2 havia:3 família:3 história:3 país:2 saúde:3 coração:3 não:1 água:2 céu:1 quero:2",
    "es": "historia:3 había:3 día:2 que:1 guerra:2 también:2 ciudad:2 tiempo:2 bueno:2 sabiduría:5",
    "en": "time:1 wisdom:2 foolishness:3 season:2 nation:2 the:1 incredulity:5 nothing:2 before:2 table:2 we:1",
    "fr": "femme:1 beaucoup:2 histoire:2 sagesse:2 temps:1 année:2",
    "de": "Weisheit:2 Zeit:1 Glaubens:2 Unglaubens:3 Frühling:2 Hoffnung:2 neue:2",
    "it": "tempo:2 saggezza:3 stagione:3 buio:2",
    "ru": "мудрости:3 время:2 нет:1",
    "ko": "안녕하세요:5",
    "ja": "これは本です:7",
    "zh": "你好世界:4",
}


@pytest.mark.parametrize(
    ("word", "count", "language"),
    [(*pair.split(":"), language) for language, words in COUNTED.items() for pair in words.split()],
)
def test_syllables_are_counted_as_they_are_spoken(word, count, language):
    assert syllables(word, language) == int(count)


def test_a_line_has_the_syllables_of_its_words_and_digits_are_read_out():
    assert syllables("Foi o melhor dos tempos.", "pt") == 7
    assert syllables("Em 1789.", "pt") == syllables("Em mil setecentos e oitenta e nove.", "pt") == 13
    assert syllables("En 1789.", "fr") == 9
    assert syllables("Era a era da sabedoria.", "pt") == 10
    assert syllables("...", "pt") == 1


def test_a_second_of_speech_has_as_many_syllables_as_the_language_ordinarily_has():
    assert ordinary_ms("ba " * 59, "pt") == 10_100
    assert ordinary_ms("ba " * 782, "es") == 100_100
    assert ordinary_ms("ba " * 655, "sw") == 100_100


@given(st.text(), st.text(), st.sampled_from(["pt", "en", "fr", "ja", "ru", "xx"]))
def test_more_text_never_takes_less_time(one, two, language):
    assert syllables(f"{one}. {two}", language) >= max(syllables(one, language), syllables(two, language))
