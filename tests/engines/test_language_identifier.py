"""Identification of languages with the real model."""

from __future__ import annotations

import pytest

from dub_assets.engines.language.py3langid import Py3LangId

TEXTS = {
    "pt": "Não tínhamos nada, e éramos felizes então.",
    "en": "It was the epoch of incredulity.",
    "ko": "그때는 불신의 시대였다.",
    "es": "No teníamos nada, y entonces éramos felices.",
}


@pytest.fixture(scope="module")
def identifier() -> Py3LangId:
    return Py3LangId()


@pytest.mark.parametrize("code", TEXTS)
@pytest.mark.parametrize("other", TEXTS)
def test_identifies_short_lines_among_two_languages(identifier, code, other):
    (guess,) = identifier.identify([TEXTS[code]], {code, other})
    assert guess.language == code
    assert 0.9 <= guess.probability <= 1.0


def test_identifies_longer_texts_among_all_languages_in_input_order(identifier):
    texts = [text * 4 for text in TEXTS.values()]
    assert [guess.language for guess in identifier.identify(texts)] == list(TEXTS)


def test_reports_its_languages_and_identity(identifier):
    assert {"pt", "en", "ko", "es", "ja", "zh"} <= identifier.languages
    assert all(len(code) == 2 for code in identifier.languages)
    assert identifier.identity.licence == "BSD-3-Clause"
