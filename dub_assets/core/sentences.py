"""Ends of sentences and clauses, and words joined to text."""

from __future__ import annotations

import re
from collections.abc import Iterable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CLOSING = "\"'”’»›)]}」』）】》"  # noqa: RUF001 - typographic signs are meant
_OPENING = "\"'“‘«‹([{「『（【《¿¡"  # noqa: RUF001 - typographic signs are meant
_FULL_STOPS = "!?。！？｡．؟۔।॥။།։።፧‼⁇⁈⁉"  # noqa: RUF001 - full-width signs are meant
_ELLIPSES = ("…", "...")
_CLAUSE_ENDS = ",;:、，；：،؛—–"  # noqa: RUF001 - full-width signs are meant

# A name follows these, so a capital letter after them does not begin a sentence.
_TITLES = _words(
    "mr mrs ms mx dr drs prof profa st sr sra srta dra dña fr rev hon gen col capt cpt lt sgt maj gov sen rep pres mt "
    "mme mlle hr ing exmo exma"
)
# These end a sentence only if a capital letter follows.
_ABBREVIATIONS = _words(
    "etc vs cf ca approx inc ltd corp dept est fig vol nos jr esq al bzw usw usf evtl ggf nr av pág págs tel ud uds "
    "jan feb apr aug sept oct nov dec"
)
_DOTTED = re.compile(r"(?:\w\.){2,}")  # e.g., a.m., U.S.
_INITIAL = re.compile(r"(?!I\.)[^\W\d_]\.")  # J. Smith; but "so do I."

LANGUAGES_WITHOUT_SPACES = frozenset({"bo", "ja", "km", "lo", "my", "th", "zh"})
"""Languages written without spaces between words."""

_CONJUNCTIONS = {
    "de": _words("und aber oder denn weil dass wenn als während obwohl sondern"),
    "en": _words("and but or so because which who that when while where if although though since until"),
    "es": _words("y e pero o u porque que cuando si mientras aunque donde pues sino"),
    "fr": _words("et mais ou car parce que qui quand si lorsque puisque tandis donc"),
    "it": _words("e ed ma o perché che quando se mentre sebbene dove quindi"),
    "pt": _words("e mas ou porque que quando se enquanto embora pois onde então porém"),
}


def ends_sentence(word: str, following: str | None) -> bool:
    """Return whether a sentence ends after ``word``, given the next word (None at the end of the text).

    It does not end after titles, initials, dotted abbreviations and the dot of a decimal number, nor after an
    abbreviation or an ellipsis before a word in lower case.
    """
    bare = word.strip().lstrip(_OPENING).rstrip(_CLOSING)
    continues = following is not None and following.lstrip(_OPENING)[:1].islower()
    if bare.endswith(_ELLIPSES):
        return not continues
    if bare.endswith("."):
        return following is None or not _dot_is_part_of(bare, following.lstrip(_OPENING), continues=continues)
    return bool(bare) and bare[-1] in _FULL_STOPS


def _dot_is_part_of(bare: str, following: str, *, continues: bool) -> bool:
    stem = bare[:-1].casefold()
    if stem in _TITLES or (bare.isupper() and _INITIAL.fullmatch(bare)):
        return True
    if _DOTTED.fullmatch(bare):
        return continues or bare.isupper()
    if stem in _ABBREVIATIONS:
        return continues
    return stem[-1:].isdigit() and following[:1].isdigit()


def ends_clause(word: str) -> bool:
    """Return whether ``word`` ends with a comma, a dash or the like."""
    bare = word.rstrip(_CLOSING)
    return bool(bare) and bare[-1] in _CLAUSE_ENDS


def is_conjunction(word: str, language: str) -> bool:
    """Return whether ``word`` often begins a clause in ``language``; False for languages without a list."""
    return word.strip(_OPENING + _CLOSING + _CLAUSE_ENDS).casefold() in _CONJUNCTIONS.get(language, frozenset())


def join_words(words: Iterable[str], language: str) -> str:
    """Return words as text, with spaces; in languages without spaces, only between two words in Latin letters."""
    if language not in LANGUAGES_WITHOUT_SPACES:
        return " ".join(words)
    text = ""
    for word in words:
        latin = _is_latin(text[-1:]) and _is_latin(word[:1])
        text += f" {word}" if latin else word
    return text


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
