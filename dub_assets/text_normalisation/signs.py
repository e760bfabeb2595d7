"""What is no plain number: addresses, dates, telephone numbers, versions, codes, odd digits, abbreviations."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import cache

from dub_assets.text_normalisation.language_rules import LanguageRules, put
from dub_assets.text_normalisation.numerals import cardinal, digits

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[@#]\w*[^\W\d]\w*")
_DIGITS = re.compile(r"\d+")
_ISO_DATE = re.compile(r"(?<![\w-])([12]\d{3})-(\d\d)-(\d\d)(?![\w-])")
_DATE = re.compile(r"(?<![\w/])(\d{1,2})/(\d{1,2})/([12]\d{3})(?![\w/])")
_TELEPHONE = re.compile(
    r"(?<![\w.,+-])(?:"
    r"\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6}"  # +55 (11) 98765-4321
    r"|\(\d{2,4}\) ?\d{3,5}[ .-]?\d{3,4}"  # (11) 98765-4321
    r"|\d{3}-\d{4}|\d{5}-\d{4}"  # 555-1234
    r"|\d+(?:-\d+){2,}"  # 555-123-4567, and numbers of books
    r")(?![\w-])"
)
_VERSION = re.compile(r"(?<![\w.,])\d+(?:\.\d+){2,}(?![\w])")
_CODE = re.compile(r"(?<!\w)(?=[\w.-]*\d)(?=[\w.-]*[^\W\d_])\w+(?:-\w+|\.\d+)*(?!\w)")
_RUNS = re.compile(r"\d+|[^\W\d_]+|[-._]")
_LONG_CODE = 4

_VULGAR = {sign: unicodedata.normalize("NFKC", sign).replace("\N{FRACTION SLASH}", "/") for sign in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
_VULGAR_FRACTION = re.compile(f"[{''.join(_VULGAR)}]")
_KEPT = "²³"
"""Odd digits that are part of units, and read on their own only after those."""


def tidied(text: str, tongue: LanguageRules) -> str:
    """The text with ordinary digits and fractions for all others: "CO₂" as "CO2", "½" as "1/2"."""
    _ = tongue
    if text.isascii():
        return text
    text = put(_VULGAR_FRACTION, lambda found: _VULGAR[found[0]], text)
    return "".join(_ordinary(character) for character in text)


def _ordinary(character: str) -> str:
    if not character.isdigit() or character.isascii() or character in _KEPT:
        return character
    return str(unicodedata.digit(character))


def abbreviations(text: str, tongue: LanguageRules) -> str:
    """Written out: "Dr." before a name, "nº" before a number, "etc."."""
    if "." not in text and "º" not in text and "°" not in text:
        return text
    for pattern, words in _abbreviations(tongue):
        text = pattern.sub(words, text)
    return text


@cache
def _abbreviations(tongue: LanguageRules) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(rf"(?<![A-Za-zÀ-ÿ.]){pattern}"), words) for pattern, words in tongue.abbreviations.items()]


def addresses(text: str, tongue: LanguageRules) -> str:
    """The digits of links, mail addresses and tags."""

    def without_digits(found: re.Match[str]) -> str | None:
        return put(_DIGITS, lambda run: _run(run[0], tongue), found[0])

    return put(_ADDRESS, without_digits, text)


def dates(text: str, tongue: LanguageRules) -> str:
    """Dates with a year, "2024-05-03" and "3/5/2024"; those that are on no calendar stay."""

    def slashed(found: re.Match[str]) -> str | None:
        first, second, year = (int(part) for part in found.groups())
        day_first = tongue.day_first if first <= 12 and second <= 12 else first > 12
        return _date(year, second, first, tongue) if day_first else _date(year, first, second, tongue)

    text = put(_ISO_DATE, lambda found: _date(int(found[1]), int(found[2]), int(found[3]), tongue), text)
    return put(_DATE, slashed, text)


def _date(year: int, month: int, day: int, tongue: LanguageRules) -> str | None:
    try:
        date(year, month, day)
    except ValueError:
        return None
    return tongue.date(year, month, day)


def telephones(text: str, tongue: LanguageRules) -> str:
    """Digit by digit, with a pause between the groups."""

    def said(found: re.Match[str]) -> str | None:
        groups = _DIGITS.findall(found[0])
        plus = f"{tongue.words.plus} " if found[0][0] == "+" else ""
        if sum(map(len, groups)) < 7:
            return None
        return plus + ", ".join(digits(group, tongue.language) for group in groups)

    return put(_TELEPHONE, said, text)


def versions(text: str, tongue: LanguageRules) -> str:
    """Versions: "1.2.3", but not "1.250.000"."""

    def said(found: re.Match[str]) -> str | None:
        parts = found[0].split(".")
        if parts[0] != "0" and all(len(part) == 3 for part in parts[1:]) and len(parts[0]) <= 3:
            return None
        return f" {tongue.marks['.']} ".join(_run(part, tongue) for part in parts)

    return put(_VERSION, said, text)


def codes(text: str, tongue: LanguageRules) -> str:
    """Letters and digits in one, such as "COVID-19", "B2B", "v1.2" and "10-year-old": each by itself."""

    def said(found: re.Match[str]) -> str:
        runs = _RUNS.findall(found[0])
        words = ""
        for at, run in enumerate(runs):
            part = _run(run, tongue) if run.isdecimal() else run
            if run in "-._":
                part = _joint(runs, at, tongue)
            words += f" {part}" if words[-1:].isalnum() and part[0].isalnum() else part
        return words

    return put(_CODE, said, text)


def _joint(runs: list[str], at: int, tongue: LanguageRules) -> str:
    """What stands between two parts of a code; hyphens stay between words, and in "10-year-old"."""
    before, after = "".join(runs[at - 1 : at]), "".join(runs[at + 1 : at + 2])
    if runs[at] == ".":
        return f" {tongue.marks['.']} "
    is_word = not before.isdecimal() or after.islower()
    return "-" if runs[at] == "-" and is_word and not after.isdecimal() else " "


def _run(run: str, tongue: LanguageRules) -> str:
    """Digits of a code: short ones as a number, others one by one."""
    if len(run) > _LONG_CODE or (len(run) > 1 and run[0] == "0"):
        return digits(run, tongue.language)
    return cardinal(int(run), tongue.language)
