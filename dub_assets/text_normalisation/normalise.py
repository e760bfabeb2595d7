"""The order of the rules: from the most specific notations to plain numbers.

Abbreviations, addresses, interjections and Roman numerals come first, then powers, dates, identifiers and versions, the
language's own rules, fractions, ranges, amounts of money, measures and codes, the numbers and signs that are left, and
last acronyms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from dub_assets.text_normalisation.identifiers import identifiers, telephones
from dub_assets.text_normalisation.language_rules import LanguageRules, substitute
from dub_assets.text_normalisation.letters import acronyms, interjections
from dub_assets.text_normalisation.numerals import digits
from dub_assets.text_normalisation.quantities import SIGN, counted, number, parted, read
from dub_assets.text_normalisation.roman_numerals import roman_numerals
from dub_assets.text_normalisation.signs import (
    abbreviations,
    addresses,
    codes,
    dates,
    exponents,
    tidied,
    versions,
)

_RANGE = re.compile(
    r"(?<![\w.,-])(?:(?:R\$|US\$|[$€£])\s?)?\d(?:[\d.,]*\d)?(?:\s?(?:%|[°º][CF]?))?[-\N{EN DASH}\N{EM DASH}]"
    r"(?=(?:(?:R\$|US\$|[$€£])\s?)?\d[\d.,]*(?:\s?[%°º/$€£]|[^\w/-]|\s|$|[A-Za-zµ]+(?![\w-])))"
)
_BETWEEN = re.compile(r"(?<=\d)\s?(?P<sign>[x\N{MULTIPLICATION SIGN}:/+=])\s?(?=\d)")
_ENUMERATION = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{1,3}){2,}(?![\d.,]*\d)")
_STANDALONE_SIGNS = "%&"
_NUMBERS = re.compile(r"#(?=\d)")
_AMPERSAND = re.compile(r"(?<= )&(?= )")
_POWER = re.compile(r"\s?[²³]")
_PERCENT = re.compile(r"(?<=[^\W\d_])\s?%")
_LEFT_OVER = re.compile(r"\d+")
_POINT = re.compile(r"(?<![\w.,])\.(\d+)")


def apply_rules(text: str, rules: LanguageRules) -> str:
    """Return the text in words."""
    for rule in (abbreviations, addresses, roman_numerals, interjections):
        text = rule(text, rules)
    if any(character.isnumeric() or character in _STANDALONE_SIGNS for character in text):
        text = _numbers(text, rules)
    return acronyms(text, rules)


def _numbers(text: str, rules: LanguageRules) -> str:
    rules_in_order = (
        *(exponents, tidied, dates, telephones, identifiers, versions),
        *rules.first,
        *(_enumerations, _fractions, _ranges, _between, _short_magnitudes, _amounts, _measures, codes),
        *rules.counted,
        *(_plain, _signs),
    )
    for rule in rules_in_order:
        text = rule(text, rules)
    return text


def _short_magnitudes(text: str, rules: LanguageRules) -> str:
    """Write out abbreviated millions: "US$ 3 bi", "$5M", "10k followers"."""

    def in_words(match: re.Match[str]) -> str:
        abbreviation = match["money"] or match["count"] or match["before"]
        one, many = rules.short_magnitudes[abbreviation]
        whole = parted(match["amount"], rules)[0]
        return f"{match['symbol'] or ''}{match['amount']} {one if whole.lstrip('0') in {'', '1'} else many}"

    return _short_magnitude_pattern(rules).sub(in_words, text)


@cache
def _short_magnitude_pattern(rules: LanguageRules) -> re.Pattern[str]:
    symbols, short = _either(rules.currencies), _either(rules.short_magnitudes)
    amount = rf"(?P<amount>{number(rules)})"
    return re.compile(
        rf"(?P<symbol>(?<!\w)(?:{symbols})\s?)?(?<![\w.,]){amount}\s?(?:"
        rf"(?<=[\d ])(?P<money>(?(symbol)(?:{short})|(?!)))(?!\w)"
        rf"|(?P<before>{short})(?=\s?[€$£¥])"
        rf"|(?P<count>k|bn|bi|(?<=\d\d)K|M)(?=\s[a-zà-ÿ]))"
    )


def _enumerations(text: str, rules: LanguageRules) -> str:
    """Add spaces to enumerations such as "1,2,3", which is no number."""
    _ = rules
    thousands = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
    return substitute(
        _ENUMERATION, lambda match: None if thousands.fullmatch(match[0]) else match[0].replace(",", ", "), text
    )


def _fractions(text: str, rules: LanguageRules) -> str:
    """Verbalise fractions that have a word: "3/4", "2 1/2"."""

    def in_words(match: re.Match[str]) -> str | None:
        words = rules.fractions.get(match["fraction"])
        if words is None or match["whole"] is None:
            return words
        return f"{read(match['whole'], rules, 'm')} {rules.fraction_after} {words}"

    return substitute(re.compile(r"(?<![\w.,/])(?:(?P<whole>\d+) )?(?P<fraction>\d\d?/\d\d?)(?![\w/])"), in_words, text)


def _ranges(text: str, rules: LanguageRules) -> str:
    """Verbalise the dash of ranges: "10-15" becomes "10 to 15"."""

    def with_word(match: re.Match[str]) -> str:
        return f"{match[0][:-1]} {rules.words.to} "

    return _RANGE.sub(with_word, text)


def _amounts(text: str, rules: LanguageRules) -> str:
    """Verbalise amounts of money, with the symbol before or after: "R$ 3,50", "20 €", "US$ 1 bilhão"."""

    def in_words(match: re.Match[str]) -> str | None:
        symbol = match["before"] or match["after"]
        amount, magnitude = match["amount"], (match["magnitude"] or "").strip()
        if match["sign"]:
            amount = match["sign"] + amount
        return _money(amount, magnitude, symbol, rules)

    before, after = _money_patterns(rules)
    return substitute(after, in_words, substitute(before, in_words, text))


@cache
def _money_patterns(rules: LanguageRules) -> tuple[re.Pattern[str], re.Pattern[str]]:
    symbols = _either(rules.currencies)
    magnitude = rf"(?P<magnitude>\s(?:{_either(rules.magnitudes)})(?!\w))?(?:\s{rules.of}(?=\s))?"
    sign, amount = SIGN.replace("(?:", "(?P<sign>", 1), rf"(?P<amount>{number(rules)})"
    return (
        re.compile(rf"{sign}(?<!\w)(?P<before>{symbols})\s?{amount}{magnitude}(?P<after>(?!))?"),
        re.compile(rf"{sign}(?<![\w.,]){amount}{magnitude}\s?(?P<after>{symbols})(?!\w)(?P<before>(?!))?"),
    )


def _either(symbols: Iterable[str]) -> str:
    """Return a pattern of the symbols, longer ones first."""
    return "|".join(re.escape(symbol) for symbol in sorted(symbols, key=len, reverse=True))


def _money(amount: str, magnitude: str, symbol: str, rules: LanguageRules) -> str:
    currency = rules.currencies[symbol]
    body = amount.lstrip("-\N{MINUS SIGN}+\N{PLUS-MINUS SIGN}~\N{ALMOST EQUAL TO}")
    whole, _, decimals = parted(body, rules)
    if magnitude or len(decimals) != 2:
        return counted(amount, magnitude, currency.unit, rules)
    signed = amount[: len(amount) - len(body)] + whole
    words = [counted(signed, "", currency.unit, rules)] if whole.strip("0") or decimals == "00" else []
    if decimals != "00":
        words.append(counted(decimals.lstrip("0"), "", currency.cent, rules))
    return f" {rules.cents_after} ".join(words)


def _measures(text: str, rules: LanguageRules) -> str:
    """Verbalise numbers with a unit: "25 °C", "60 km/h", "2 milhões de km"."""

    def in_words(match: re.Match[str]) -> str | None:
        noun = rules.units[re.sub("[°º] ?", "°", match["unit"])]
        if match["hyphen"]:
            return f"{read(match['amount'], rules, noun.gender)}-{noun.one}"
        words = counted(match["amount"], (match["magnitude"] or "").strip(), noun, rules)
        if not match["per"]:
            return words
        power = {"²": f" {rules.words.squared}", "³": f" {rules.words.cubed}"}.get(match["power"] or "", "")
        return f"{words} {rules.words.per} {rules.units[match['per']].one}{power}"

    return substitute(_measure_pattern(rules), in_words, text)


@cache
def _measure_pattern(rules: LanguageRules) -> re.Pattern[str]:
    symbols = sorted(rules.units, key=len, reverse=True)
    names = "|".join(re.escape(symbol).replace("°", "[°º] ?") for symbol in symbols)
    letters = "|".join(re.escape(symbol) for symbol in symbols if symbol.isalnum())
    magnitude = rf"(?P<magnitude>\s(?:{_either(rules.magnitudes)})(?!\w))?(?:\s{rules.of}(?=\s))?"
    return re.compile(
        rf"(?<![\w.,])(?P<amount>{SIGN}{number(rules)}){magnitude}(?:\s?|(?P<hyphen>-))"
        rf"(?P<unit>{names})(?:/(?P<per>{letters})(?:(?P<power>[²³])|(?!\w)))?(?:(?<=[%°²³])|(?![\w²³]))"
    )


def _between(text: str, rules: LanguageRules) -> str:
    """Verbalise signs between numbers: "3 x 4", "16:9", "24/7", "2 + 2 = 4"."""
    words = rules.words
    signs = {"x": words.by, "\N{MULTIPLICATION SIGN}": words.by, ":": words.to, "/": words.over}
    signs |= {"+": words.plus, "=": words.equals}
    return _BETWEEN.sub(lambda match: f" {signs[match['sign']]} ", text)


def _plain(text: str, rules: LanguageRules) -> str:
    """Verbalise the numbers that are left."""
    text = substitute(_NUMBERS, lambda _: f"{rules.words.number} ", text)
    text = substitute(re.compile(rf"{SIGN}(?<![\w.,]){number(rules)}(?!\w)"), lambda match: read(match[0], rules), text)
    text = substitute(_POINT, lambda match: f"{rules.marks['.']} {digits(match[1], rules.language)}", text)
    return substitute(_LEFT_OVER, lambda match: digits(match[0], rules.language), text)


def _signs(text: str, rules: LanguageRules) -> str:
    """Verbalise signs that need no number beside them."""
    percent = rules.units["%"].many
    text = substitute(_PERCENT, lambda _: f" {percent}", text)
    text = substitute(
        _POWER, lambda match: f" {rules.words.squared if match[0].strip() == '²' else rules.words.cubed}", text
    )
    return _AMPERSAND.sub(rules.words.ampersand, text)
