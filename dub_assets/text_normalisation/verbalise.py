"""A text as it is said: each kind of writing put into words by a rule, what is told most surely first."""

from __future__ import annotations

import re
from functools import cache

from dub_assets.text_normalisation.language_rules import LanguageRules, put
from dub_assets.text_normalisation.numerals import digits
from dub_assets.text_normalisation.quantities import SIGN, counted, number, parted, read
from dub_assets.text_normalisation.signs import abbreviations, addresses, codes, dates, telephones, tidied, versions

_RANGE = re.compile(
    r"(?<![\w.,-])(?:(?:R\$|US\$|[$€£])\s?)?\d(?:[\d.,]*\d)?(?:\s?(?:%|[°º][CF]?))?[-\N{EN DASH}\N{EM DASH}]"
    r"(?=(?:(?:R\$|US\$|[$€£])\s?)?\d[\d.,]*(?:\s?[%°º/$€£]|[^\w/-]|\s|$|[A-Za-zµ]+(?![\w-])))"
)
_BETWEEN = re.compile(r"(?<=\d)\s?(?P<sign>[x\N{MULTIPLICATION SIGN}:/+=])\s?(?=\d)")
_ENUMERATION = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{1,3}){2,}(?![\d.,]*\d)")
_SAID_ALONE = "%&"
_NUMBERS = re.compile(r"#(?=\d)")
_AMPERSAND = re.compile(r"(?<= )&(?= )")
_POWER = re.compile(r"\s?[²³]")
_PERCENT = re.compile(r"(?<=[^\W\d_])\s?%")
_LEFT_OVER = re.compile(r"\d+")
_POINT = re.compile(r"(?<![\w.,])\.(\d+)")


def aloud(text: str, tongue: LanguageRules) -> str:
    """The text in words alone. What has neither digits nor signs nor abbreviations stays as it is."""
    text = abbreviations(text, tongue)
    for own in tongue.without_digits:
        text = own(text, tongue)
    if not any(character.isnumeric() or character in _SAID_ALONE for character in text):
        return text
    text = tidied(text, tongue)
    for rule in (addresses, dates, telephones, versions):
        text = rule(text, tongue)
    for own in tongue.first:
        text = own(text, tongue)
    for rule in (_enumerations, _fractions, _ranges, _between, _amounts, _measures, codes):
        text = rule(text, tongue)
    for own in tongue.counted:
        text = own(text, tongue)
    for rule in (_plain, _signs):
        text = rule(text, tongue)
    return text


def _enumerations(text: str, tongue: LanguageRules) -> str:
    """Enumerations such as "1,2,3", which is no number: with spaces."""
    _ = tongue
    thousands = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
    return put(_ENUMERATION, lambda found: None if thousands.fullmatch(found[0]) else found[0].replace(",", ", "), text)


def _fractions(text: str, tongue: LanguageRules) -> str:
    """Fractions that there are words for: "3/4", "2 1/2"."""

    def said(found: re.Match[str]) -> str | None:
        words = tongue.fractions.get(found["fraction"])
        if words is None or found["whole"] is None:
            return words
        return f"{read(found['whole'], tongue, 'm')} {tongue.fraction_after} {words}"

    return put(re.compile(r"(?<![\w.,/])(?:(?P<whole>\d+) )?(?P<fraction>\d\d?/\d\d?)(?![\w/])"), said, text)


def _ranges(text: str, tongue: LanguageRules) -> str:
    """Ranges: "10-15" as "10 to 15"."""

    def parted_by_a_word(found: re.Match[str]) -> str:
        return f"{found[0][:-1]} {tongue.words.to} "

    return _RANGE.sub(parted_by_a_word, text)


def _amounts(text: str, tongue: LanguageRules) -> str:
    """Money: the sign before or after the amount, hundredths, millions."""

    def said(found: re.Match[str]) -> str | None:
        symbol = found["before"] or found["after"]
        amount, magnitude = found["amount"], (found["magnitude"] or "").strip()
        if found["sign"]:
            amount = found["sign"] + amount
        return _money(amount, magnitude, symbol, tongue)

    before, after = _money_patterns(tongue)
    return put(after, said, put(before, said, text))


@cache
def _money_patterns(tongue: LanguageRules) -> tuple[re.Pattern[str], re.Pattern[str]]:
    symbols = "|".join(re.escape(symbol) for symbol in sorted(tongue.currencies, key=len, reverse=True))
    magnitude = rf"(?P<magnitude>\s(?:{'|'.join(tongue.magnitudes)})(?!\w))?(?:\s{tongue.of}(?=\s))?"
    sign, amount = SIGN.replace("(?:", "(?P<sign>", 1), rf"(?P<amount>{number(tongue)})"
    return (
        re.compile(rf"{sign}(?<!\w)(?P<before>{symbols})\s?{amount}{magnitude}(?P<after>(?!))?"),
        re.compile(rf"{sign}(?<![\w.,]){amount}{magnitude}\s?(?P<after>{symbols})(?!\w)(?P<before>(?!))?"),
    )


def _money(amount: str, magnitude: str, symbol: str, tongue: LanguageRules) -> str:
    currency = tongue.currencies[symbol]
    body = amount.lstrip("-\N{MINUS SIGN}+\N{PLUS-MINUS SIGN}~\N{ALMOST EQUAL TO}")
    whole, _, decimals = parted(body, tongue)
    if magnitude or len(decimals) != 2:
        return counted(amount, magnitude, currency.unit, tongue)
    signed = amount[: len(amount) - len(body)] + whole
    said = [counted(signed, "", currency.unit, tongue)] if whole.strip("0") or decimals == "00" else []
    if decimals != "00":
        said.append(counted(decimals.lstrip("0"), "", currency.cent, tongue))
    return f" {tongue.cents_after} ".join(said)


def _measures(text: str, tongue: LanguageRules) -> str:
    """Numbers with a unit's sign: "25 °C", "60 km/h", "2 milhões de km"."""

    def said(found: re.Match[str]) -> str | None:
        noun = tongue.units[found["unit"].replace("º", "°").replace(" ", "")]
        if found["hyphen"]:
            return f"{read(found['amount'], tongue, noun.gender)}-{noun.one}"
        words = counted(found["amount"], (found["magnitude"] or "").strip(), noun, tongue)
        return f"{words} {tongue.words.per} {tongue.units[found['per']].one}" if found["per"] else words

    return put(_measure_pattern(tongue), said, text)


@cache
def _measure_pattern(tongue: LanguageRules) -> re.Pattern[str]:
    symbols = sorted(tongue.units, key=len, reverse=True)
    names = "|".join(re.escape(symbol).replace("°", "[°º] ?") for symbol in symbols)
    letters = "|".join(re.escape(symbol) for symbol in symbols if symbol.isalnum())
    magnitude = rf"(?P<magnitude>\s(?:{'|'.join(tongue.magnitudes)})(?!\w))?(?:\s{tongue.of}(?=\s))?"
    return re.compile(
        rf"(?<![\w.,])(?P<amount>{SIGN}{number(tongue)}){magnitude}(?:\s?|(?P<hyphen>-))"
        rf"(?P<unit>{names})(?:/(?P<per>{letters})(?!\w))?(?:(?<=[%°])|(?![\w²³]))"
    )


def _between(text: str, tongue: LanguageRules) -> str:
    """Signs between numbers: "3 x 4", "16:9", "24/7", "2 + 2 = 4"."""
    words = tongue.words
    signs = {"x": words.by, "\N{MULTIPLICATION SIGN}": words.by, ":": words.to, "/": words.over}
    signs |= {"+": words.plus, "=": words.equals}
    return _BETWEEN.sub(lambda found: f" {signs[found['sign']]} ", text)


def _plain(text: str, tongue: LanguageRules) -> str:
    """What is left of numbers."""
    text = put(_NUMBERS, lambda _: f"{tongue.words.number} ", text)
    text = put(re.compile(rf"{SIGN}(?<![\w.,]){number(tongue)}(?!\w)"), lambda found: read(found[0], tongue), text)
    text = put(_POINT, lambda found: f"{tongue.marks['.']} {digits(found[1], tongue.language)}", text)
    return put(_LEFT_OVER, lambda found: digits(found[0], tongue.language), text)


def _signs(text: str, tongue: LanguageRules) -> str:
    """Signs that are said wherever they stand."""
    percent = tongue.units["%"].many
    text = put(_PERCENT, lambda _: f" {percent}", text)
    text = put(
        _POWER, lambda found: f" {tongue.words.squared if found[0].strip() == '²' else tongue.words.cubed}", text
    )
    return _AMPERSAND.sub(tongue.words.ampersand, text)
