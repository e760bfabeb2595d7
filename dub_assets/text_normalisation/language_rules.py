"""What the rules of reading aloud have to know of a language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dub_assets.text_normalisation.numerals import Gender


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """What is counted: of one, of many."""

    one: str
    many: str
    gender: Gender = "m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """An amount's name and its hundredth's."""

    unit: Noun
    cent: Noun


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words that stand for signs, each with nothing around it."""

    minus: str
    plus: str
    plus_minus: str
    about: str
    to: str
    by: str
    over: str
    per: str
    equals: str
    ampersand: str
    number: str
    squared: str
    cubed: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LanguageRules:
    """A language as it is written with signs, and as those are said.

    ``decimal`` is its decimal mark, ``groups`` the marks that part thousands; ``marks`` says how a mark before decimals
    is read, and ``decimals_as_number`` whether two decimals are read as a number ("catorze") or one by one. ``of`` is
    what follows millions: "dois milhões de reais". ``magnitudes`` are words between a number and what is counted.
    Rules of the language's own: ``without_digits`` for texts without any, ``first`` before all numbers are read,
    ``counted`` for numbers that have kept their digits until then.
    """

    language: str
    decimal: str
    groups: str
    marks: Mapping[str, str]
    decimals_as_number: bool
    of: str
    cents_after: str
    words: Words
    units: Mapping[str, Noun]
    currencies: Mapping[str, Currency]
    magnitudes: Sequence[str]
    abbreviations: Mapping[str, str]
    fractions: Mapping[str, str]
    fraction_after: str
    date: Callable[[int, int, int], str]
    day_first: bool
    without_digits: Sequence[Rule] = ()
    first: Sequence[Rule] = ()
    counted: Sequence[Rule] = ()


Rule = Callable[[str, LanguageRules], str]
"""From a text to the same with one kind of writing put into words."""


def put(pattern: re.Pattern[str], say: Callable[[re.Match[str]], str | None], text: str) -> str:
    """The text with every match in the words that ``say`` has for it; None leaves it as it is.

    Words never run into the letters and digits around them.
    """

    def placed(match: re.Match[str]) -> str:
        said = say(match)
        if not said:
            return match[0]
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        left = " " if before.isalnum() and said[0].isalnum() else ""
        right = " " if after.isalnum() and said[-1].isalnum() else ""
        return f"{left}{said}{right}"

    return pattern.sub(placed, text)
