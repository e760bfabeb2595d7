"""Numbers that name something: telephone numbers, cards, documents, codes. They are read digit by digit."""

from __future__ import annotations

import re
from functools import cache

from dub_assets.text_normalisation.language_rules import LanguageRules, substitute
from dub_assets.text_normalisation.numerals import digits

_GROUPS = re.compile(r"\d+")
_START, _END = r"(?<![\w.,+\-/$€£])", r"(?![\w-]|[.,/]\d)"
TELEPHONE = re.compile(
    r"(?<![\w.,+-])(?:"
    r"\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6}"  # +55 (11) 98765-4321
    r"|(?:1[ -])?\(\d{2,4}\) ?\d{3,5}[ .-]?\d{3,4}"  # (11) 98765-4321
    r"|\d{2} \d{4,5}-\d{4}|\d{3}-\d{4}|\d{5}-\d{4}"  # 11 98765-4321, 555-1234
    r"|0\d{1,4}(?:[ .-]\d{2,4}){2,4}"  # 0800 123 4567, 01 23 45 67 89
    r"|(?:1[ .])?\d{3}[ .]\d{3}[ .]\d{4}"  # 555 123 4567
    r"|\d+(?:-\d+){2,}"  # 555-123-4567, and numbers of books
    r")(?![\w-]|[.,]\d)"
)
DOCUMENT = re.compile(
    rf"{_START}(?:"
    r"\d{4}(?:[ -]\d{4}){2,4}"  # cards and accounts
    r"|\d{1,3}(?:\.\d{3})+(?:/\d{4})?-\d{1,2}"  # 123.456.789-09, 12.345.678/0001-90
    r"|\d{5}-\d{3}"  # 01310-100
    rf"){_END}"
)
LONG = re.compile(rf"{_START}(?<![R$€£] )(?!\d*000(?!\d))\d{{7,}}{_END}(?!\s?[%°º€£$])")
_MIN_DIGITS = 7
_DIGIT_CODE = re.compile(rf"{_START}\d(?:-\d){{2,}}{_END}")


def telephones(text: str, rules: LanguageRules) -> str:
    """Verbalise telephone numbers, with a comma between the groups."""

    def in_words(match: re.Match[str]) -> str | None:
        if sum(map(str.isdecimal, match[0])) < _MIN_DIGITS:
            return None
        return (f"{rules.words.plus} " if match[0][0] == "+" else "") + _by_group(match[0], rules)

    text = substitute(_DIGIT_CODE, lambda match: digits(match[0], rules.language), text)
    return substitute(TELEPHONE, in_words, text)


def identifiers(text: str, rules: LanguageRules) -> str:
    """Verbalise documents and cards, codes after a word such as "PIN", numbers to call, and long numbers."""
    text = substitute(DOCUMENT, lambda match: _by_group(match[0], rules), text)
    for pattern in _after_words(rules):
        text = substitute(pattern, lambda match: match[1] + digits(match[2], rules.language), text)
    return substitute(LONG, lambda match: digits(match[0], rules.language), text)


@cache
def _after_words(rules: LanguageRules) -> tuple[re.Pattern[str], ...]:
    names = rules.identifiers
    named = rf"(?<!\w)((?:{names.names})(?:\W+(?:{names.names_to})(?!\w))*\W{{1,3}})(\d{{3,}})(?!\w|[.,:/-]\d)"
    called = (
        rf"(?<!\w)((?:{names.calls})(?:\s+(?:{names.calls_to}))*\s+)(\d{{3}})(?![\w%]|[.,:/-]\d| [a-zà-ÿ]{{3,}}s\b)"
    )
    return re.compile(named), re.compile(called)


def _by_group(text: str, rules: LanguageRules) -> str:
    return ", ".join(digits(group, rules.language) for group in _GROUPS.findall(text))
