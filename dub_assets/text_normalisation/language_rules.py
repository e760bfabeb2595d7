r"""The data and rules of one language, and the substitution that keeps words apart.

>>> substitute(re.compile(r"\d+"), lambda match: "two", "B2B")
'B two B'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dub_assets.text_normalisation.numerals import Gender


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """A counted noun: singular, plural and grammatical gender ("" if it has none)."""

    one: str
    many: str
    gender: Gender = "m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """The names of a currency's unit and of its hundredth."""

    unit: Noun
    cent: Noun


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of signs."""

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
    """How a language writes numbers and signs, and the words for them.

    ``decimal`` is its decimal mark and ``groups`` are the separators of thousands. ``marks`` are the words for a mark
    before decimals; ``decimals_as_number`` says whether two decimals are one number ("catorze") or two digits. ``of``
    follows millions: "dois milhões de reais". ``magnitudes`` are words between a number and its noun.
    ``fraction_after`` joins a whole number and a fraction, ``cents_after`` an amount and its hundredths.

    Rules of one language: ``without_digits`` applies to texts without digits too, ``first`` before all numbers,
    ``counted`` to the numbers that are left then.
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
"""Verbalises one kind of notation in a text."""


def substitute(pattern: re.Pattern[str], verbalise: Callable[[re.Match[str]], str | None], text: str) -> str:
    """Replace every match by the words that ``verbalise`` returns for it; None leaves the match unchanged.

    A space separates the words from letters and digits around them.
    """

    def spaced(match: re.Match[str]) -> str:
        words = verbalise(match)
        if not words:
            return match[0]
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        left = " " if before.isalnum() and words[0].isalnum() else ""
        right = " " if after.isalnum() and words[-1].isalnum() else ""
        return f"{left}{words}{right}"

    return pattern.sub(spaced, text)
