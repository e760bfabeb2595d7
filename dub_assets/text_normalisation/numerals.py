"""Whole numbers in words, by the rules that Unicode's CLDR has for each language (unicode-rbnf reads them)."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Literal

from unicode_rbnf import RbnfEngine

Gender = Literal["m", "f", ""]
"""Of what is counted; "" where nothing is: "veintiuno", but "veintiún años"."""

LONGEST = 15
"""Numbers of more digits are read one by one: nobody says them as one, and the rules end a little later."""

_RULES = {"m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine", "": "spellout-numbering"}


def cardinal(number: int, language: str, gender: Gender = "") -> str:
    """A number, not negative, of at most ``LONGEST`` digits, as it is counted: "duas mil e uma"."""
    return _words(number, language, (_RULES[gender], "spellout-cardinal", "spellout-numbering"))


def ordinal(number: int, language: str, gender: Gender = "m", *, before_noun: bool = False) -> str:
    """A place in an order: "primeira"; in Spanish "primer" in place of "primero" before a noun."""
    adjective = ("spellout-ordinal-masculine-adjective",) if before_noun and gender == "m" else ()
    gendered = "spellout-ordinal-feminine" if gender == "f" else "spellout-ordinal-masculine"
    return _words(number, language, (*adjective, gendered, "spellout-ordinal"))


def year(number: int, language: str) -> str:
    """A year: "nineteen ninety-five"."""
    return _words(number, language, ("spellout-numbering-year", "spellout-numbering"))


def digits(text: str, language: str) -> str:
    """The digits of a text one by one."""
    return " ".join(cardinal(int(digit), language) for digit in text if digit.isdecimal())


@cache
def _engine(language: str) -> RbnfEngine:
    return RbnfEngine.for_language(language)


@lru_cache(maxsize=4096)
def _words(number: int, language: str, rulesets: tuple[str, ...]) -> str:
    """By the first of these rule sets that the language has."""
    engine = _engine(language)
    name = next(name for name in rulesets if name in engine.rulesets)
    return engine.format_number(number, ruleset_names=[name]).text
