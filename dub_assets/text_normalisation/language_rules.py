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
    times: str
    dot: str
    at: str
    slash: str
    dash: str
    underscore: str
    hashtag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Roman:
    """What Roman numerals stand beside, in lower case.

    ``rulers`` are names of kings, queens and popes with their gender, ``titles`` stand before any name. A number after
    one of ``chapters`` is a cardinal, after one of ``centuries`` and before one of ``counted_after`` an ordinal of the
    noun's gender. ``of_name`` is the form of a ruler's number, and words of ``never_before`` precede no numeral.
    """

    rulers: Mapping[str, Gender]
    titles: Mapping[str, Gender]
    chapters: frozenset[str]
    centuries: frozenset[str]
    counted_after: Mapping[str, Gender]
    of_name: str
    never_before: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiers:
    """Patterns of words before a number that is read digit by digit.

    ``names`` are words such as "PIN", ``names_to`` words that may follow them; ``calls`` are words such as "call", and
    ``calls_to`` words that may follow those.
    """

    names: str
    names_to: str
    calls: str
    calls_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Names of letters, empty if voices spell acronyms rightly, and acronyms that look like the other kind.

    ``spelt`` can be pronounced and are spelt, ``words`` cannot and are words.
    """

    names: Mapping[str, str]
    spelt: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LanguageRules:
    """How a language writes numbers and signs, and the words for them.

    ``decimal`` is its decimal mark and ``groups`` are the separators of thousands. ``marks`` are the words for a mark
    before decimals; ``decimals_as_number`` says whether two decimals are one number ("catorze") or two digits. ``of``
    follows millions: "dois milhões de reais". ``magnitudes`` are words between a number and its noun.
    ``short_magnitudes`` are abbreviations of these, with singular and plural. ``fraction_after`` joins a whole number
    and a fraction, ``cents_after`` an amount and its hundredths. ``power`` returns the words of an exponent.
    ``interjections`` are the words for sounds, by the names in ``letters.py``.

    Rules of one language: ``first`` applies before all numbers, ``counted`` to the numbers that are left then.
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
    short_magnitudes: Mapping[str, tuple[str, str]]
    abbreviations: Mapping[str, str]
    fractions: Mapping[str, str]
    fraction_after: str
    date: Callable[[int, int, int], str]
    day_first: bool
    power: Callable[[int], str]
    roman: Roman
    letters: Letters
    interjections: Mapping[str, str]
    identifiers: Identifiers
    first: Sequence[Rule] = ()
    counted: Sequence[Rule] = ()


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


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
