"""The order of the rules: from the most specific notations to plain numbers.

Abbreviations come first, then addresses, dates, telephone numbers and versions, the language's own rules, fractions,
ranges, amounts of money, measures and codes, and last the numbers and signs that are left.
"""

from __future__ import annotations

import re
from functools import cache

from dub_assets.text_normalisation.language_rules import LanguageRules, substitute
from dub_assets.text_normalisation.numerals import digits
from dub_assets.text_normalisation.quantities import SIGN, counted, number, parted, read
from dub_assets.text_normalisation.signs import abbreviations, addresses, codes, dates, telephones, tidied, versions

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
    """Return the text in words. A text without digits, signs and abbreviations is returned unchanged."""
    text = abbreviations(text, rules)
    for rule in rules.without_digits:
        text = rule(text, rules)
    if not any(character.isnumeric() or character in _STANDALONE_SIGNS for character in text):
        return text
    text = tidied(text, rules)
    for rule in (addresses, dates, telephones, versions):
        text = rule(text, rules)
    for rule in rules.first:
        text = rule(text, rules)
    for rule in (_enumerations, _fractions, _ranges, _between, _amounts, _measures, codes):
        text = rule(text, rules)
    for rule in rules.counted:
        text = rule(text, rules)
    for rule in (_plain, _signs):
        text = rule(text, rules)
    return text


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
    symbols = "|".join(re.escape(symbol) for symbol in sorted(rules.currencies, key=len, reverse=True))
    magnitude = rf"(?P<magnitude>\s(?:{'|'.join(rules.magnitudes)})(?!\w))?(?:\s{rules.of}(?=\s))?"
    sign, amount = SIGN.replace("(?:", "(?P<sign>", 1), rf"(?P<amount>{number(rules)})"
    return (
        re.compile(rf"{sign}(?<!\w)(?P<before>{symbols})\s?{amount}{magnitude}(?P<after>(?!))?"),
        re.compile(rf"{sign}(?<![\w.,]){amount}{magnitude}\s?(?P<after>{symbols})(?!\w)(?P<before>(?!))?"),
    )


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
        noun = rules.units[match["unit"].replace("º", "°").replace(" ", "")]
        if match["hyphen"]:
            return f"{read(match['amount'], rules, noun.gender)}-{noun.one}"
        words = counted(match["amount"], (match["magnitude"] or "").strip(), noun, rules)
        return f"{words} {rules.words.per} {rules.units[match['per']].one}" if match["per"] else words

    return substitute(_measure_pattern(rules), in_words, text)


@cache
def _measure_pattern(rules: LanguageRules) -> re.Pattern[str]:
    symbols = sorted(rules.units, key=len, reverse=True)
    names = "|".join(re.escape(symbol).replace("°", "[°º] ?") for symbol in symbols)
    letters = "|".join(re.escape(symbol) for symbol in symbols if symbol.isalnum())
    magnitude = rf"(?P<magnitude>\s(?:{'|'.join(rules.magnitudes)})(?!\w))?(?:\s{rules.of}(?=\s))?"
    return re.compile(
        rf"(?<![\w.,])(?P<amount>{SIGN}{number(rules)}){magnitude}(?:\s?|(?P<hyphen>-))"
        rf"(?P<unit>{names})(?:/(?P<per>{letters})(?!\w))?(?:(?<=[%°])|(?![\w²³]))"
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
