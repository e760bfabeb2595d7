"""The ordinary speaking rate of languages in syllables a second, the reference of tempo.

>>> syllables("a casa amarela", "pt"), ordinary_ms("a casa amarela", "pt")
(6, 1117)

Rates are those of read speech without its pauses: Pellegrino, Coupé and Marsico, "A cross-language perspective on
speech information rate", Language 87 (2011), table 1. Portuguese: Meireles and Gambarini, "Rhythm typology of Brazilian
Portuguese dialects", Speech Prosody 2012, the mean of four dialects (6.3, 6.6, 5.9 and 4.8 vowel-to-vowel units).
Other languages take the mean of the first source's eight, 6.55.
"""

from __future__ import annotations

import re
import unicodedata

from dub_assets.text_normalisation import verbalise

_SYLLABLES_PER_S = {
    "de": 5.97,
    "en": 6.19,
    "es": 7.82,
    "fr": 7.18,
    "it": 6.99,
    "ja": 7.84,
    "pt": 5.90,
    "vi": 5.22,
    "zh": 5.18,
}
_MEAN_SYLLABLES_PER_S = 6.55

_FIRST_MS = 100
"""Time beside the syllables: the last one is lengthened (phrase-final lengthening)."""

_VOWELS = "aeiouyæøœаеёиоуыэюяіїєαεηιουω"  # noqa: RUF001 - Cyrillic and Greek vowels are meant
_NUCLEUS = re.compile(f"[{_VOWELS}]+")
_FALLING = re.compile("eau|[aeo][iuy]|iu|ui|ee|oo|[αεο][ιυ]")  # noqa: RUF001 - Greek letters are meant
_RISING = re.compile("[iuy][aeo]u?")
_NASAL = re.compile("ã[oe]|õe")
_STRESSED_HIATUS = re.compile("[íú]")
_SILENT_U = re.compile("(?<=[qg])u(?=[eiéê])")
_SILENT_E = re.compile("(?<=[^aeiouyl])e[sd]?$")
_ELISION = re.compile(r"([aeo])\s+(?=\1)")
_WITH_ELISION = frozenset({"es", "it", "pt"})
"""Languages in which two equal vowels at a word boundary are one: "era a época" has five syllables."""

_WITH_SILENT_E = frozenset({"en", "fr"})
_DIGIT_SYLLABLES = 2


def syllables(text: str, language: str) -> int:
    """Estimate the syllables of a spoken text, at least 1.

    In alphabets, each group of vowels counts as one; common diphthongs do too. A Hangul, kana or Indic letter counts
    as one, a Han character as one, or two in Japanese. Numbers and signs are verbalised first; in a language without
    rules a digit counts as two.
    """
    words = verbalise(text, language).casefold()
    if language in _WITH_ELISION:
        words = _ELISION.sub("", words)
    return max(1, sum(_of_word(word, language) for word in words.split()))


def ordinary_ms(text: str, language: str) -> int:
    """Return how long a text takes at the language's ordinary rate, without pauses."""
    rate = _SYLLABLES_PER_S.get(language, _MEAN_SYLLABLES_PER_S)
    return _FIRST_MS + round(1000 * syllables(text, language) / rate)


def syllables_in(time_ms: int, language: str) -> int:
    """Return how many syllables fit into a time at the language's ordinary rate."""
    rate = _SYLLABLES_PER_S.get(language, _MEAN_SYLLABLES_PER_S)
    return max(0, int(rate * (time_ms - _FIRST_MS) / 1000))


def _of_word(word: str, language: str) -> int:
    letters = [character for character in word if character.isalnum()]
    digits = sum(character.isdigit() for character in letters)
    signs = sum(_is_sign(character) * (2 if language == "ja" and _is_han(character) else 1) for character in letters)
    spelt = "".join(character for character in letters if not character.isdigit() and not _is_sign(character))
    return _DIGIT_SYLLABLES * digits + signs + (_of_letters(spelt, language) if spelt else 0)


def _of_letters(word: str, language: str) -> int:
    plain = _SILENT_U.sub("", word)
    if language in _WITH_SILENT_E and len(plain) > 2:
        plain = _SILENT_E.sub("", plain)
    if language == "en":
        plain = plain.replace("ea", "e")
    plain = _STRESSED_HIATUS.sub("-i-", _NASAL.sub("ã", plain))
    bare = "".join(letter for letter in unicodedata.normalize("NFD", plain) if not unicodedata.combining(letter))
    glides = language != "pt" or bare != word  # Portuguese writes no accent where a final -ia, -io has two syllables
    return max(1, sum(_of_nucleus(vowels, glides=glides) for vowels in _NUCLEUS.findall(bare)))


def _of_nucleus(vowels: str, *, glides: bool) -> int:
    joined = _FALLING.sub("-", vowels)
    return len(_RISING.sub("-", joined) if glides else joined)


def _is_sign(character: str) -> bool:
    """Return whether a character is a syllable by itself."""
    return (
        "\u0900" <= character <= "\u0dff"
        or "\u3040" <= character <= "\u30ff"
        or _is_han(character)
        or ("\uac00" <= character <= "\ud7a3")
    )


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff"
