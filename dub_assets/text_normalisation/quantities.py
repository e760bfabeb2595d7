"""Numbers as a language writes them, with their signs, units and nouns.

"1.250,5" is read by the language's own separators; "1,250,000", which can only be of the other custom, by those.
"""

from __future__ import annotations

import re
from functools import cache

from dub_assets.text_normalisation.language_rules import LanguageRules, Noun
from dub_assets.text_normalisation.numerals import LONGEST, Gender, cardinal, digits

_MILLIONS = re.compile(r"(?:lhão|lhões|llón|llones)$")

SIGN = r"(?:(?<![\w)\]])[-\N{MINUS SIGN}+\N{PLUS-MINUS SIGN}~\N{ALMOST EQUAL TO}])?"
"""Pattern of a sign directly before a number and not after a word."""

_NARROW_SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"

_OTHER_CUSTOM = str.maketrans(",.", ".,")


@cache
def number(rules: LanguageRules) -> str:
    """Return a pattern of a number without its sign: grouped thousands of either custom, or digits with decimals."""
    own, other = rf"[{re.escape(rules.groups)}{_NARROW_SPACES}]", re.escape(rules.decimal)
    decimals = rf"(?:{other}\d+)?"
    marks = re.escape("".join(rules.marks))
    return (
        rf"(?:[1-9]\d{{0,2}}(?:{own}\d{{3}})+{decimals}(?!\d)"
        rf"|{_foreign(rules)}(?!\d)"
        rf"|\d+(?:[{marks}]\d+)?)"
    )


def parted(written: str, rules: LanguageRules) -> tuple[str, str, str]:
    """Split a number into whole digits, decimal mark and decimals; the last two may be empty.

    "1.250,000" is read as over a million: translators sometimes convert only one of two separators.
    """
    if re.fullmatch(_foreign(rules), written):
        written = written.translate(_OTHER_CUSTOM)
    own, mark = rf"[{re.escape(rules.groups)}{_NARROW_SPACES}]", re.escape(rules.decimal)
    grouped = re.fullmatch(rf"([1-9]\d{{0,2}}(?:{own}\d{{3}})+)(?:({mark})(\d+))?", written)
    if grouped is not None and len(grouped[3] or "") == 3:
        return re.sub(r"\D", "", written), "", ""
    number_match = grouped or re.fullmatch(r"(\d+)(?:([.,])(\d+))?", written)
    if number_match is None:
        raise ValueError(f"not a number as {rules.language!r} writes it")
    return re.sub(r"\D", "", number_match[1]), number_match[2] or "", number_match[3] or ""


def _foreign(rules: LanguageRules) -> str:
    """Return a pattern of numbers that only the other custom can have written: "1,250,000", "1,234.56"."""
    group, mark = re.escape(rules.decimal), re.escape(rules.decimal.translate(_OTHER_CUSTOM))
    return rf"(?:[1-9]\d{{0,2}}(?:{group}\d{{3}}){{2,}}(?:{mark}\d+)?|[1-9]\d{{0,2}}{group}\d{{3}}{mark}\d+)"


def read(written: str, rules: LanguageRules, gender: Gender = "") -> str:
    """Return a number, with or without a sign, in words."""
    sign, body = (written[0], written[1:]) if not written[0].isdecimal() else ("", written)
    whole, mark, decimals = parted(body, rules)
    words = [_sign(sign, rules), _whole(whole, rules, gender)]
    if decimals:
        words += [rules.marks[mark], _decimals(decimals, rules)]
    return " ".join(filter(None, words))


def counted(written: str, magnitude: str, noun: Noun, rules: LanguageRules) -> str:
    """Return a number and its noun in words; ``magnitude`` is a word such as "milhões" after the number, or ""."""
    gender: Gender = noun.gender if magnitude in {"", "mil"} else "m"
    words = " ".join(filter(None, [read(written, rules, gender), magnitude]))
    name = noun.one if not magnitude and is_one(written, rules) else noun.many
    of = f" {rules.of} " if rules.of and _MILLIONS.search(words) else " "
    return words + of + name


def is_one(written: str, rules: LanguageRules) -> bool:
    """Return whether the noun after a number is in the singular."""
    whole, _, decimals = parted(written.lstrip("-\N{MINUS SIGN}+\N{PLUS-MINUS SIGN}~\N{ALMOST EQUAL TO}"), rules)
    return whole.lstrip("0") == "1" and not decimals


def _sign(sign: str, rules: LanguageRules) -> str:
    words = rules.words
    return {
        "": "",
        "+": words.plus,
        "\N{PLUS-MINUS SIGN}": words.plus_minus,
        "~": words.about,
        "\N{ALMOST EQUAL TO}": words.about,
    }.get(sign, words.minus)


def _whole(whole: str, rules: LanguageRules, gender: Gender) -> str:
    if len(whole) > LONGEST or (len(whole) > 1 and whole[0] == "0"):
        return digits(whole, rules.language)
    return cardinal(int(whole), rules.language, gender)


def _decimals(decimals: str, rules: LanguageRules) -> str:
    if rules.decimals_as_number and len(decimals) <= 2 and decimals[0] != "0":
        return cardinal(int(decimals), rules.language)
    return digits(decimals, rules.language)
