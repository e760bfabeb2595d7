"""Numbers as a language writes them, and what they count, in words."""

from __future__ import annotations

import re
from functools import cache

from dub_assets.text_normalisation.language_rules import LanguageRules, Noun
from dub_assets.text_normalisation.numerals import LONGEST, Gender, cardinal, digits

_MILLIONS = re.compile(r"(?:lhão|lhões|llón|llones)$")

SIGN = r"(?:(?<![\w)\]])[-\N{MINUS SIGN}+\N{PLUS-MINUS SIGN}~\N{ALMOST EQUAL TO}])?"
"""A sign right before a number, and after no word."""

_NARROW_SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"

_OTHER_CUSTOM = str.maketrans(",.", ".,")


@cache
def number(tongue: LanguageRules) -> str:
    """A pattern for a number without its sign: thousands in groups of either custom, or digits with decimals."""
    own, other = rf"[{re.escape(tongue.groups)}{_NARROW_SPACES}]", re.escape(tongue.decimal)
    decimals = rf"(?:{other}\d+)?"
    marks = re.escape("".join(tongue.marks))
    return (
        rf"(?:[1-9]\d{{0,2}}(?:{own}\d{{3}})+{decimals}(?!\d)"
        rf"|{_foreign(tongue)}(?!\d)"
        rf"|\d+(?:[{marks}]\d+)?)"
    )


def parted(written: str, tongue: LanguageRules) -> tuple[str, str, str]:
    """The digits before the decimal mark, the mark and those after it; mark and decimals may be empty.

    "1.250,000" is over a million, in which a translator took over half of a custom.
    """
    if re.fullmatch(_foreign(tongue), written):
        written = written.translate(_OTHER_CUSTOM)
    own, mark = rf"[{re.escape(tongue.groups)}{_NARROW_SPACES}]", re.escape(tongue.decimal)
    grouped = re.fullmatch(rf"([1-9]\d{{0,2}}(?:{own}\d{{3}})+)(?:({mark})(\d+))?", written)
    if grouped is not None and len(grouped[3] or "") == 3:
        return re.sub(r"\D", "", written), "", ""
    found = grouped or re.fullmatch(r"(\d+)(?:([.,])(\d+))?", written)
    if found is None:
        raise ValueError(f"not a number as {tongue.language!r} writes it")
    return re.sub(r"\D", "", found[1]), found[2] or "", found[3] or ""


def _foreign(tongue: LanguageRules) -> str:
    """A pattern for a number by the other custom, where it can be none by the own: "1,250,000", "1,234.56"."""
    group, mark = re.escape(tongue.decimal), re.escape(tongue.decimal.translate(_OTHER_CUSTOM))
    return rf"(?:[1-9]\d{{0,2}}(?:{group}\d{{3}}){{2,}}(?:{mark}\d+)?|[1-9]\d{{0,2}}{group}\d{{3}}{mark}\d+)"


def read(written: str, tongue: LanguageRules, gender: Gender = "") -> str:
    """A number, with or without a sign, in words."""
    sign, body = (written[0], written[1:]) if not written[0].isdecimal() else ("", written)
    whole, mark, decimals = parted(body, tongue)
    said = [_sign(sign, tongue), _whole(whole, tongue, gender)]
    if decimals:
        said += [tongue.marks[mark], _decimals(decimals, tongue)]
    return " ".join(filter(None, said))


def counted(written: str, magnitude: str, noun: Noun, tongue: LanguageRules) -> str:
    """So many of something; ``magnitude`` is a word such as "milhões" after the number, or empty."""
    gender: Gender = noun.gender if magnitude in {"", "mil"} else "m"
    said = " ".join(filter(None, [read(written, tongue, gender), magnitude]))
    name = noun.one if not magnitude and is_one(written, tongue) else noun.many
    of = f" {tongue.of} " if tongue.of and _MILLIONS.search(said) else " "
    return said + of + name


def is_one(written: str, tongue: LanguageRules) -> bool:
    """Whether what is counted stands in the singular."""
    whole, _, decimals = parted(written.lstrip("-\N{MINUS SIGN}+\N{PLUS-MINUS SIGN}~\N{ALMOST EQUAL TO}"), tongue)
    return whole.lstrip("0") == "1" and not decimals


def _sign(sign: str, tongue: LanguageRules) -> str:
    words = tongue.words
    return {
        "": "",
        "+": words.plus,
        "\N{PLUS-MINUS SIGN}": words.plus_minus,
        "~": words.about,
        "\N{ALMOST EQUAL TO}": words.about,
    }.get(sign, words.minus)


def _whole(whole: str, tongue: LanguageRules, gender: Gender) -> str:
    if len(whole) > LONGEST or (len(whole) > 1 and whole[0] == "0"):
        return digits(whole, tongue.language)
    return cardinal(int(whole), tongue.language, gender)


def _decimals(decimals: str, tongue: LanguageRules) -> str:
    if tongue.decimals_as_number and len(decimals) <= 2 and decimals[0] != "0":
        return cardinal(int(decimals), tongue.language)
    return digits(decimals, tongue.language)
