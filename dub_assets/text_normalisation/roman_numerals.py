"""Roman numerals in words: of kings, of chapters and wars, of centuries; not "I", "mix" or "MC".

>>> from dub_assets.text_normalisation.english import ENGLISH
>>> roman_numerals("King Charles III and I read chapter IV.", ENGLISH)
'King Charles the third and I read chapter four.'
"""

from __future__ import annotations

import re
import unicodedata

from dub_assets.text_normalisation.language_rules import LanguageRules
from dub_assets.text_normalisation.numerals import Gender, cardinal, ordinal, year

_NUMERAL = re.compile(r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_TOKEN = re.compile(
    r"(?<![\w.@#/&+-])(?P<numeral>[IVXLCDM]+)"
    r"(?P<last>(?:(?:, | (?:and|e|y|to|a|ou|or|o) |\s?[-\N{EN DASH}]\s?)[IVXLCDM]+(?!\w))*)"
    r"(?![\w@#/&+]|-\w|\.\w)"
)
_SIGNS = re.compile("[\u2160-\u2188]")
_LINK = re.compile(r"[IVXLCDM]{1,15}")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_BEFORE = re.compile(r"(?:(?P<title>[^\W\d_]+)\.? )?(?:(?P<first>[^\W\d_]+) )?(?P<word>[^\W\d_]+)'?s? $")
_AFTER = re.compile(r" (?P<word>[^\W\d_]+)")
_CERTAIN = re.compile(r"(?!XXX)(?:II|[IVX]{3,})")
"""Numerals that are no words, names or abbreviations."""
_CHAPTERS_TO = 200
_ORDINALS_TO = 10
"""Romance languages count kings and centuries in ordinals up to ten: "Pedro segundo", "Luís catorze"."""


def roman_numerals(text: str, rules: LanguageRules) -> str:
    """Verbalise Roman numerals; letters that may be anything else stay as they are."""
    text = _SIGNS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)

    def in_words(match: re.Match[str]) -> str:
        words = _in_words(match["numeral"], text[: match.start()], text[match.end("numeral") :], rules)
        if words is None:
            return match[0]
        return words + _LINK.sub(lambda numeral: _like(numeral[0], words, rules), match["last"])

    return _TOKEN.sub(in_words, text)


def value_of(numeral: str) -> int | None:
    """Return the value of a Roman numeral; None if it is not written as numerals are ("IIII", "MIL")."""
    if _NUMERAL.fullmatch(numeral) is None:
        return None
    values = [_VALUES[letter] for letter in numeral]
    return sum(
        -value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def _in_words(numeral: str, before: str, after: str, rules: LanguageRules) -> str | None:
    """Return a numeral in words, given the text around it; None if it may be something else."""
    number, roman = value_of(numeral), rules.roman
    if number is None:
        return None
    following = (found["word"] if (found := _AFTER.match(after)) else "").casefold()
    if following in roman.counted_after and (len(numeral) > 1 or rules.language != "en"):
        return ordinal(number, rules.language, roman.counted_after[following], before_noun=True)
    found = _BEFORE.search(before[-60:])
    word, first, title = (found[name] or "" if found else "" for name in ("word", "first", "title"))
    if word.casefold() in roman.centuries:
        return _ordinal_or_cardinal(number, rules, "m")
    if number < _CHAPTERS_TO and numeral not in "LCDM":
        return _after_name(numeral, number, [word, first, title], after, rules)
    is_year = len(numeral) >= 4 and 1000 < number <= 2100
    return year(number, rules.language) if is_year else None


def _after_name(numeral: str, number: int, before: list[str], after: str, rules: LanguageRules) -> str | None:
    """Return the numeral of a chapter or ruler; ``before`` are the words before it, the last one first."""
    word, roman = before[0].casefold(), rules.roman
    may_be_pronoun = rules.language == "en" and numeral == "I" and not _ends_name(after) and word != "war"
    if may_be_pronoun:
        return None
    if word in roman.chapters:
        return cardinal(number, rules.language)
    gender = _gender_of_name(before[0], before[1:], rules)
    if gender is not None:
        return roman.of_name.format(_ordinal_or_cardinal(number, rules, gender))
    is_named = before[0][:1].isupper() and len(word) > 2 and word not in roman.never_before
    is_numeral = _CERTAIN.fullmatch(numeral) or (is_named and re.fullmatch("[IVX]{2,}", numeral))
    return cardinal(number, rules.language) if is_numeral else None


def _gender_of_name(word: str, before: list[str], rules: LanguageRules) -> Gender | None:
    """Return the gender of a ruler's name, None if the word is no such name: "Elizabeth", or any name after "King"."""
    roman = rules.roman
    if not word[:1].isupper():
        return None
    titles = (roman.titles[title.casefold()] for title in before if title.casefold() in roman.titles)
    return roman.rulers.get(word.casefold(), next(titles, None))


def _ordinal_or_cardinal(number: int, rules: LanguageRules, gender: Gender) -> str:
    if rules.language == "en" or number <= _ORDINALS_TO:
        return ordinal(number, rules.language, gender)
    return cardinal(number, rules.language)


def _like(numeral: str, words: str, rules: LanguageRules) -> str:
    """Return a numeral after "and" or a dash in words of the same kind as those of the first."""
    number = value_of(numeral)
    if number is None:
        return numeral
    if words in {ordinal(at, rules.language) for at in range(1, _ORDINALS_TO + 1)}:
        return _ordinal_or_cardinal(number, rules, "m")
    return cardinal(number, rules.language)


_NAME_ENDS = re.compile(
    r"\s*(?:$|[^\w\s]|(?:and|or|of|was|is|has|had|did|died|ruled|reigned|became|began|begins|ended|ends|came|to|in|on|"
    r"with|from|at|who|against|established|made|won|lost|signed|granted|founded)\b)"
)


def _ends_name(after: str) -> bool:
    """Return whether an English name or heading can end here, so that "I" before this is a numeral."""
    return _NAME_ENDS.match(after) is not None
