from __future__ import annotations

import pytest

from dub_assets.core.errors import UnsupportedLanguageError
from dub_assets.core.language import (
    LANGUAGES,
    UNDETERMINED,
    iso_639_2,
    language_name,
    parse_language,
    parse_target_language,
)

WHISPER = """
af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha he hi hr ht hu hy id is it ja
jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so
sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh
"""

ESPEAK = """
af am an ar as az ba be bg bn bs ca cmn cs cv cy da de el en en-029 en-GB-scotland en-US eo es es-419 et eu fa fa-Latn
fi fo fr fr-BE fr-CH ga gd gn gu he hi hr ht hu hy ia id io is it ja ka kk kl kn ko ku ky la lb lt lv mi mk ml mr ms
mt my nb ne nl om or pa pl pt pt-BR qu ro ru ru-LV sd si sk sl sq sr sv sw ta te th ti tk tn tr tt ug uk ur uz vi
vi-VN-x-central
"""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("en", "en"),
        (" EN ", "en"),
        ("pt-BR", "pt"),
        ("pt_br", "pt"),
        ("por", "pt"),
        ("english", "en"),
        ("Portuguese", "pt"),
        ("português", "pt"),
        ("portugue\u0302s", "pt"),
        ("ko-KR", "ko"),
        ("한국어", "ko"),
        ("zh-CN", "zh"),
        ("zh-Hans-CN", "zh"),
        ("cmn", "zh"),
        ("ger", "de"),
        ("deu", "de"),
        ("jw", "jv"),
        ("nb-NO", "no"),
        ("Norwegian Bokmål", "no"),
        ("Haitian Creole", "ht"),
        ("Tiếng Việt", "vi"),
    ],
)
def test_a_code_a_tag_or_a_name_is_read(text: str, code: str) -> None:
    assert parse_language(text) == code


@pytest.mark.parametrize("code", (WHISPER + ESPEAK).split())
def test_the_languages_of_the_engines_are_known(code: str) -> None:
    assert parse_language(code) in LANGUAGES


def test_every_code_has_a_name_and_a_three_letter_code_that_lead_back_to_it() -> None:
    assert len(LANGUAGES) == 182
    for code in LANGUAGES:
        assert parse_language(code) == code
        assert parse_language(language_name(code)) == code
        assert parse_language(iso_639_2(code)) == code


@pytest.mark.parametrize(
    ("code", "three"),
    [("en", "eng"), ("pt", "por"), ("ko", "kor"), ("de", "deu"), ("zh", "zho"), ("fr", "fra"), ("pt-BR", "por")],
)
def test_the_terminological_code_is_given(code: str, three: str) -> None:
    assert iso_639_2(code) == three


@pytest.mark.parametrize(("three", "code"), [("ger", "de"), ("fre", "fr"), ("chi", "zh"), ("cze", "cs"), ("fil", "tl")])
def test_the_bibliographic_code_of_old_files_is_read(three: str, code: str) -> None:
    assert parse_language(three) == code


@pytest.mark.parametrize("text", ["", "auto", "xx", "english please", "-", "und", "e", "klingon", "en-"])
def test_anything_else_is_an_error_of_one_line(text: str) -> None:
    with pytest.raises(UnsupportedLanguageError) as failure:
        parse_language(text)
    assert "\n" not in str(failure.value)
    assert repr(text) in str(failure.value)


def test_the_error_names_near_matches() -> None:
    with pytest.raises(UnsupportedLanguageError, match=r"did you mean pt \(Portuguese\)"):
        parse_language("portugese")
    with pytest.raises(UnsupportedLanguageError, match="give an ISO 639-1 code"):
        parse_language("qqqqqq")


def test_a_programme_without_a_language_is_tagged_as_such() -> None:
    assert iso_639_2(UNDETERMINED) == "und"
    with pytest.raises(UnsupportedLanguageError):
        parse_language(UNDETERMINED)


@pytest.mark.parametrize("tag", ["pt-PT", "pt_pt", "pt-AO"])
def test_a_variant_that_no_voice_speaks_is_refused_as_a_target(tag):
    assert parse_language(tag) == "pt"
    with pytest.raises(UnsupportedLanguageError, match="only Brazilian Portuguese: ask for 'pt'"):
        parse_target_language(tag)


@pytest.mark.parametrize(("tag", "code"), [("pt-BR", "pt"), ("Portuguese", "pt"), ("es_MX", "es"), ("ko-KR", "ko")])
def test_other_targets_lose_their_region(tag, code):
    assert parse_target_language(tag) == code
