"""Acronyms as letters, and interjections without vowels as words that a voice can say."""

from __future__ import annotations

import re
import unicodedata

from dub_assets.text_normalisation.language_rules import LanguageRules
from dub_assets.text_normalisation.roman_numerals import value_of

_ACRONYM = re.compile(r"(?<![\w@#])([^\W\d_a-zà-ÿ]{2,6})(s?)(?![\w@#]|'\w)")
_SYLLABLES = re.compile(
    "(?:(?:[bcdfgptv]r|[bcfgpt]l|ch|lh|nh|ll|rr|ss|qu|gu|ps|[bcdfghjklmnpqrstvwxyzçñ])?[aeiouy]+"
    "(?:[lmnrszx](?![aeiouy]))?)+[bcdfgjklmnprstvxz]?"
)
"""Words that Portuguese and Spanish can pronounce, without accents and in lower case."""
_LONGEST_SPELT = 5

_INTERJECTIONS = {
    "yes": r"m+[- ]?h+m+|m+hm+|u+h+u+m+|u+h-hu+h+",
    "hum": r"h+m+|m{2,}|h+u*m+|n+h+m+",
    "hush": r"s+h+|s+ch+",
    "psst": r"p+s+t+|p+s{2,}",
    "puff": r"p+f+t*|p+h+t*",
    "tut": r"t+s+k+|t+s+c+|t+c+h+|t+k+s*",
    "cold": r"b+r{2,}",
    "growl": r"g+r{2,}",
    "snore": r"z{2,}",
    "snort": r"h+m+p+h*f*|h+r+m+p*h*",
}
"""How interjections are written, by what they express."""
INTERJECTION = re.compile(
    rf"(?<![\w'@#./-])(?:{'|'.join(f'(?P<{kind}>{pattern})' for kind, pattern in _INTERJECTIONS.items())})"
    r"(?![\w'@#/-]|\.\w)",
    re.IGNORECASE,
)


def acronyms(text: str, rules: LanguageRules) -> str:
    """Spell acronyms that the language cannot pronounce, or that a voice would read as Roman numerals.

    A text in capitals has no acronyms, unless it is one word.
    """
    if not rules.letters.names or (not any(map(str.islower, text)) and len(text.split()) > 1):
        return text

    def spelt(match: re.Match[str]) -> str:
        word, plural = match.groups()
        if not _is_spelt(word, rules):
            return match[0].lower() if value_of(word) and len(word) > 1 else match[0]
        names = [rules.letters.names[letter] for letter in _plain(word)]
        return " ".join(names) + plural

    return _ACRONYM.sub(spelt, text)


def interjections(text: str, rules: LanguageRules) -> str:
    """Replace interjections without vowels by words: "Psst!" is "Psiu!"."""

    def word(match: re.Match[str]) -> str:
        said = rules.interjections.get(str(match.lastgroup), match[0])
        return said[0].upper() + said[1:] if match[0][0].isupper() else said

    return INTERJECTION.sub(word, text)


def _is_spelt(word: str, rules: LanguageRules) -> bool:
    if word in rules.letters.words or any(letter not in rules.letters.names for letter in _plain(word)):
        return False
    if word in rules.letters.spelt:
        return True
    plain = _plain(word)
    if value_of(word) and (len(word) == 2 or not re.search("[aeiou]", plain)):
        return True
    return len(word) <= _LONGEST_SPELT and _SYLLABLES.fullmatch(plain) is None


def _plain(word: str) -> str:
    return "".join(mark for mark in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(mark))
