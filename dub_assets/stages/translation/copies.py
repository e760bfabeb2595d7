"""What a translation copies letter for letter: addresses, code, identifiers, names that the translator cannot spell.

Counts in words, "three two one", are translated by the numbers of the target language: translators lose some of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import cache

from dub_assets.core.text import Term
from dub_assets.text_normalisation import LANGUAGES_WITH_RULES
from dub_assets.text_normalisation.addresses import ADDRESS
from dub_assets.text_normalisation.identifiers import DOCUMENT, LONG, TELEPHONE
from dub_assets.text_normalisation.letters import INTERJECTION
from dub_assets.text_normalisation.numerals import Gender, cardinal

_CODE = re.compile(
    r"(?<![\w.])(?:"
    r"\w+(?:_\w+)+(?:\(\))?|_{1,2}\w+"  # get_user_name(), __init__
    r"|[a-z]+[A-Z]\w*(?:\(\))?|[A-Z][a-z]+(?:[A-Z][a-z]+)+(?:\(\))?"  # maxRetryCount, HttpRequestHandler
    r"|\w+\(\)|\w+\[\w+\]"  # main(), x[0]
    r"|[a-z]{2,}(?:\.[a-z_]{2,})+(?:\(\))?|[A-Z]{2,}(?:\.[A-Z]{2,})+"  # os.path, ASP.NET
    r"|[A-Za-z]\+\+|[A-Z]#"  # C++, F#
    r"|(?:Ctrl|Alt|Shift|Cmd|Command|Strg)(?:\+\w+)+"
    r"|[A-Za-z]:\\[\w\\.-]+\w"  # C:\Users\Anna
    r"|[A-Z_]{2,}=[^\s,;]*\w"  # DEBUG=1
    r"|(?=[\w-]*\d)(?=[\w-]*[A-Z])[A-Z0-9]+(?:-[A-Z0-9]+)+"  # AB-1234
    r"|\d{1,3}(?:\.\d{1,3}){3}"  # 192.168.0.12
    r")(?!\w)"
    r"|(?<![\w/])~?(?:/[\w.-]*\w){2,}/?"  # /usr/local/bin
    r"|(?<=\s)--[a-z][\w-]+(?:=[^\s,;]*\w)?|(?<=\w )-[a-zA-Z](?!\w)"  # --upgrade, -v
    r"|(?<!\S)\?\w+=[^\s]*\w"  # ?id=42
)
_WORD = re.compile(r"[^\s.,;:!?\"'()\[\]]+(?:[.'-][^\s.,;:!?\"'()\[\]]+)*?(?='s\b|[\s.,;:!?\"'()\[\]]|$)")
_MAX_COUNTED = 10
_MIN_COUNT = 3
"""Number words in a row that are a count."""


def copied_terms(text: str, alphabet: Collection[str] | None) -> list[Term]:
    """Return what a translation copies of a text, as terms.

    ``alphabet`` are the characters that the translator knows, None if it knows all: a word with another one is copied.
    """
    patterns = (ADDRESS, _CODE, DOCUMENT, TELEPHONE, LONG, INTERJECTION)
    spans = [match.span() for pattern in patterns for match in pattern.finditer(text)]
    if alphabet is not None:
        spans += _unknown_words(text, alphabet)
    copied, end = [], 0
    for start, span_end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end:
            copied.append(text[start:span_end])
            end = span_end
    return [Term(source=part, target=part) for part in dict.fromkeys(copied)]


def counts(text: str, source: str, target: str) -> list[Term]:
    """Return the counts in words of a text, such as "three, two, one", as terms in the target language."""
    if not LANGUAGES_WITH_RULES.issuperset((source, target)):
        return []
    terms = []
    for match in _count_pattern(source).finditer(text):
        words = re.findall(r"\w+|\W+", match[0])
        target_words = "".join(_counted(word, source, target) for word in words)
        terms.append(Term(source=match[0], target=target_words))
    return terms


def _unknown_words(text: str, alphabet: Collection[str]) -> list[tuple[int, int]]:
    """Return the places of words with unknown letters; neighbours are one, as in "Nguyễn Văn"."""
    phrases: list[tuple[int, int]] = []
    for match in _WORD.finditer(text):
        letters = unicodedata.normalize("NFC", match[0])
        if all(
            letter in alphabet or not unicodedata.category(letter).startswith(("L", "M", "N")) for letter in letters
        ):
            continue
        if phrases and not text[phrases[-1][1] : match.start()].strip():
            phrases[-1] = (phrases[-1][0], match.end())
        else:
            phrases.append(match.span())
    return phrases


@cache
def _numbers(language: str) -> dict[str, int]:
    """Return the cardinals up to ten by word; "oh" is zero in English."""
    genders: tuple[Gender, ...] = ("", "m", "f")
    numbers = {cardinal(at, language, gender): at for at in range(_MAX_COUNTED + 1) for gender in genders}
    return numbers | ({"oh": 0} if language == "en" else {})


@cache
def _count_pattern(language: str) -> re.Pattern[str]:
    word, between = "|".join(_numbers(language)), r"(?:,|\.\.\.|\N{HORIZONTAL ELLIPSIS})? "
    return re.compile(rf"\b(?:{word})(?:{between}(?:{word})){{{_MIN_COUNT - 1},}}\b", re.IGNORECASE)


def _counted(word: str, source: str, target: str) -> str:
    number = _numbers(source).get(word.casefold())
    if number is None:
        return word
    translated = cardinal(number, target)
    return translated.capitalize() if word[0].isupper() else translated
