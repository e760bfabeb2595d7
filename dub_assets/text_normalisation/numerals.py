"""Whole numbers in words, by the rules of Unicode's CLDR, which unicode-rbnf applies.

>>> cardinal(21, "es", "m"), ordinal(3, "pt"), year(1995, "en")
('veintiún', 'terceiro', 'nineteen ninety-five')
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Literal

from unicode_rbnf import RbnfEngine

Gender = Literal["m", "f", ""]
"""Gender of the counted noun; "" if there is none: "veintiuno", but "veintiún años"."""

LONGEST = 15
"""Longer numbers are read digit by digit: CLDR's rules end a little later."""

_RULES = {"m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine", "": "spellout-numbering"}


def cardinal(number: int, language: str, gender: Gender = "") -> str:
    """Return a cardinal: "duas mil e uma". ``number`` is not negative and has at most ``LONGEST`` digits."""
    return _words(number, language, (_RULES[gender], "spellout-cardinal", "spellout-numbering"))


def ordinal(number: int, language: str, gender: Gender = "m", *, before_noun: bool = False) -> str:
    """Return an ordinal: "primeira". Before a noun, Spanish has "primer" instead of "primero"."""
    adjective = ("spellout-ordinal-masculine-adjective",) if before_noun and gender == "m" else ()
    gendered = "spellout-ordinal-feminine" if gender == "f" else "spellout-ordinal-masculine"
    return _words(number, language, (*adjective, gendered, "spellout-ordinal"))


def year(number: int, language: str) -> str:
    """Return a year: "nineteen ninety-five"."""
    return _words(number, language, ("spellout-numbering-year", "spellout-numbering"))


def digits(text: str, language: str) -> str:
    """Return the digits of a text one by one."""
    return " ".join(cardinal(int(digit), language) for digit in text if digit.isdecimal())


@cache
def _engine(language: str) -> RbnfEngine:
    return RbnfEngine.for_language(language)


@lru_cache(maxsize=4096)
def _words(number: int, language: str, rulesets: tuple[str, ...]) -> str:
    """Apply the first of these rule sets that the language has."""
    engine = _engine(language)
    name = next(name for name in rulesets if name in engine.rulesets)
    return engine.format_number(number, ruleset_names=[name]).text
