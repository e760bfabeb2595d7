"""Notations with digits that are no plain numbers: addresses, dates, telephone numbers, versions, codes; abbreviations.

"2024-05-03" is a date, "555-123-4567" a telephone number, "v1.2" and "COVID-19" are codes.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import cache

from dub_assets.text_normalisation.addresses import ADDRESS
from dub_assets.text_normalisation.language_rules import LanguageRules, substitute
from dub_assets.text_normalisation.numerals import cardinal, digits

_SCHEME = re.compile(r"^\w+://")
_HASHTAG = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Ý])")
_SHARP = re.compile(r"(?<![\w.])([ACFJacfj])#(?!\w)")
_PLUS_PLUS = re.compile(r"(?<![\w.])([A-Za-z])\+\+(?!\w)")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_EXPONENT = re.compile(
    r"(?:(?P<times>\s?[x×·*]\s?)(?=10[⁰¹²³⁴-⁹⁺⁻^]))?"  # noqa: RUF001 (signs of multiplication)
    r"(?:(?<![\w.,/])(?P<base>\d+|(?<!\d )[A-Za-z])|(?<=\)))"
    r"(?:(?P<superscript>[⁺⁻]?[⁰¹²³⁴-⁹]+|ⁿ)|\^\(?(?P<caret>[-+]?\d{1,3}|[a-z])\)?)(?!\w)"
)
_DIGITS = re.compile(r"\d+")
_ISO_DATE = re.compile(r"(?<![\w-])([12]\d{3})-(\d\d)-(\d\d)(?![\w-])")
_DATE = re.compile(r"(?<![\w/])(\d{1,2})/(\d{1,2})/([12]\d{3})(?![\w/])")
_VERSION = re.compile(r"(?<![\w.,])\d+(?:\.\d+){2,}(?![\w])")
_CODE = re.compile(r"(?<!\w)(?=[\w.-]*\d)(?=[\w.-]*[^\W\d_])\w+(?:-\w+|\.\d+)*(?!\w)")
_RUNS = re.compile(r"\d+|[^\W\d_]+|[-._]")
_LONG_CODE = 4
_MAX_EXPONENT = 999

_VULGAR = {sign: unicodedata.normalize("NFKC", sign).replace("\N{FRACTION SLASH}", "/") for sign in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
_VULGAR_FRACTION = re.compile(f"[{''.join(_VULGAR)}]")
_KEPT = "²³"
"""Superscripts that belong to units, and are verbalised on their own only after the units."""


def tidied(text: str, rules: LanguageRules) -> str:
    """Replace other digits and fractions by ordinary ones: "CO₂" by "CO2", "½" by "1/2"."""
    _ = rules
    if text.isascii():
        return text
    text = substitute(_VULGAR_FRACTION, lambda match: _VULGAR[match[0]], text)
    return "".join(_ordinary(character) for character in text)


def _ordinary(character: str) -> str:
    if character.isascii() or character in _KEPT or not character.isnumeric() or character.isalpha():
        return character
    return str(unicodedata.digit(character)) if character.isdigit() else _compatible(character)


def _compatible(character: str) -> str:
    """Return a number sign such as "㉑" in ordinary digits; a sign of another writing system as its rounded value."""
    plain = unicodedata.normalize("NFKC", character).replace("\N{FRACTION SLASH}", "/")
    return plain if plain != character else f"{unicodedata.numeric(character):.0f}"


def abbreviations(text: str, rules: LanguageRules) -> str:
    """Write out abbreviations: "Dr." before a name, "nº" before a number, "etc."."""
    if "." not in text and "º" not in text and "°" not in text:
        return text
    for pattern, words in _abbreviations(rules):
        text = pattern.sub(words, text)
    return text


@cache
def _abbreviations(rules: LanguageRules) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(rf"(?<![A-Za-zÀ-ÿ.]){pattern}"), words) for pattern, words in rules.abbreviations.items()]


def addresses(text: str, rules: LanguageRules) -> str:
    """Verbalise links, mail addresses, handles, tags and names of files: "info at example dot org"; and "C#", "C++"."""
    words = rules.words
    signs = {
        "@": f" {words.at} ", ".": f" {words.dot} ", "/": f" {words.slash} ", "-": f" {words.dash} ",
        "_": f" {words.underscore} ", "#": f" {words.hashtag} ", "+": f" {words.plus} ", "=": f" {words.equals} ",
    }  # fmt: skip

    def in_words(match: re.Match[str]) -> str | None:
        spoken = _SCHEME.sub("", match[0])
        spoken = _HASHTAG.sub(" ", spoken) if spoken[0] in "@#" else spoken
        spoken = "".join(character if character.isalnum() else signs.get(character, " ") for character in spoken)
        return " ".join(substitute(_DIGITS, lambda run: _run(run[0], rules), spoken).split())

    text = substitute(ADDRESS, in_words, text)
    text = _SHARP.sub(r"\1 sharp", text)
    return _PLUS_PLUS.sub(rf"\1 {words.plus} {words.plus}", text)


def exponents(text: str, rules: LanguageRules) -> str:
    """Verbalise powers: "10⁶", "2^10", "x²"; squared and cubed units are left."""

    def in_words(match: re.Match[str]) -> str:
        exponent = (match["superscript"] or match["caret"]).translate(_SUPERSCRIPTS).replace("ⁿ", "n")
        base = match["base"] or ""
        if base.isdecimal():
            base = cardinal(int(base), rules.language) if len(base) <= _LONG_CODE else digits(base, rules.language)
        times = f" {rules.words.times} " if match["times"] else ""
        return f"{times}{base} {_power(exponent, rules)}".rstrip() if base else f" {_power(exponent, rules)}"

    return substitute(_EXPONENT, in_words, text)


def _power(exponent: str, rules: LanguageRules) -> str:
    if exponent.isalpha():
        return rules.power(0).replace(cardinal(0, rules.language), exponent)
    number = int(exponent)
    if abs(number) > _MAX_EXPONENT:
        return digits(exponent, rules.language)
    return {2: rules.words.squared, 3: rules.words.cubed}.get(number) or rules.power(number)


def dates(text: str, rules: LanguageRules) -> str:
    """Verbalise dates with a year, "2024-05-03" and "3/5/2024"; impossible dates stay."""

    def slashed(match: re.Match[str]) -> str | None:
        first, second, year = (int(part) for part in match.groups())
        day_first = rules.day_first if first <= 12 and second <= 12 else first > 12
        return _date(year, second, first, rules) if day_first else _date(year, first, second, rules)

    text = substitute(_ISO_DATE, lambda match: _date(int(match[1]), int(match[2]), int(match[3]), rules), text)
    return substitute(_DATE, slashed, text)


def _date(year: int, month: int, day: int, rules: LanguageRules) -> str | None:
    try:
        date(year, month, day)
    except ValueError:
        return None
    return rules.date(year, month, day)


def versions(text: str, rules: LanguageRules) -> str:
    """Verbalise versions: "1.2.3", but not "1.250.000"."""

    def in_words(match: re.Match[str]) -> str | None:
        parts = match[0].split(".")
        if parts[0] != "0" and all(len(part) == 3 for part in parts[1:]) and len(parts[0]) <= 3:
            return None
        return f" {rules.marks['.']} ".join(_run(part, rules) for part in parts)

    return substitute(_VERSION, in_words, text)


def codes(text: str, rules: LanguageRules) -> str:
    """Separate the letters and numbers of codes such as "COVID-19", "B2B", "v1.2" and "10-year-old"."""

    def in_words(match: re.Match[str]) -> str:
        runs = _RUNS.findall(match[0])
        words = ""
        for at, run in enumerate(runs):
            part = _run(run, rules) if run.isdecimal() else run
            if run in "-._":
                part = _joint(runs, at, rules)
            words += f" {part}" if words[-1:].isalnum() and part[0].isalnum() else part
        return words

    return substitute(_CODE, in_words, text)


def _joint(runs: list[str], at: int, rules: LanguageRules) -> str:
    """Return the separator of two parts of a code; hyphens stay between words, and in "10-year-old"."""
    before, after = "".join(runs[at - 1 : at]), "".join(runs[at + 1 : at + 2])
    if runs[at] == ".":
        return f" {rules.marks['.']} "
    is_word = not before.isdecimal() or after.islower()
    return "-" if runs[at] == "-" and is_word and not after.isdecimal() else " "


def _run(run: str, rules: LanguageRules) -> str:
    """Return the digits of a code in words: up to four as a number, more one by one."""
    if len(run) > _LONG_CODE or (len(run) > 1 and run[0] == "0"):
        return digits(run, rules.language)
    return cardinal(int(run), rules.language)
