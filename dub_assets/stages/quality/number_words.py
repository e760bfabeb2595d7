"""Numbers in a text, written in digits or in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from dub_assets.stages.tts_segments.agreement import words_of
from dub_assets.text_normalisation.numerals import Gender, cardinal, ordinal

_AND: Mapping[str, frozenset[str]] = {
    "en": frozenset({"and", "oh"}),
    "es": frozenset({"y", "con"}),
    "pt": frozenset({"e"}),
}
_GENDERS: tuple[Gender, ...] = ("", "m", "f")
_DIGITS = re.compile(r"\d+(?:[.,\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE} ]\d{3})*(?:[.,]\d+)?")
_PERCENT = re.compile(r"\bpor ci?ento\b")
_RUN = re.compile(r"\d+")

LANGUAGES = frozenset(_AND)
"""Languages with known number words."""


@dataclass(slots=True)
class Run:
    """Consecutive number words: ``values`` are the numbers that they form, ``parts`` all numbers within them.

    ``bare`` is True for a multiplier alone: "thousands", "a hundred".
    """

    values: list[int] = field(default_factory=list)
    parts: set[int] = field(default_factory=set)
    bare: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vocabulary:
    cardinals: Mapping[str, int]
    ordinals: Mapping[str, int]
    multipliers: Mapping[str, int]


def numbers_in_digits(text: str) -> Iterator[tuple[re.Match[str], frozenset[float]]]:
    """Yield the numbers in digits, each with its possible values: "1.250" is 1250 or 1.25, by convention."""
    for match in _DIGITS.finditer(text):
        runs = _RUN.findall(match[0])
        values = {float("".join(runs))}
        if len(runs) > 1:
            values.add(float(f"{''.join(runs[:-1])}.{runs[-1]}"))
        yield match, frozenset(values)


def digit_runs(text: str) -> set[float]:
    """Return every run of digits as a number."""
    return {float(run) for run in _RUN.findall(text)}


def number_words(text: str, language: str, *, with_ordinals: bool) -> list[Run]:
    """Return the numbers in words. ``language`` is one of ``LANGUAGES``."""
    vocabulary = _vocabulary(language)
    small = {**vocabulary.ordinals, **vocabulary.cardinals} if with_ordinals else vocabulary.cardinals
    runs: list[Run] = []
    parser: _RunParser | None = None
    for word in words_of(_PERCENT.sub("%", text)):
        value, multiplier = small.get(word), vocabulary.multipliers.get(word)
        if value is None and multiplier is None:
            if parser is not None and word not in _AND[language]:
                runs.append(parser.finish())
                parser = None
            continue
        parser = parser or _RunParser(counts=not with_ordinals)
        parser.add_word(value, multiplier)
    return [*runs, parser.finish()] if parser is not None else runs


class _RunParser:
    """Adds number words up; a word that cannot continue the current number starts another.

    With ``counts`` ten and nine are two numbers; in ordinals they are one ("décimo nono").
    """

    def __init__(self, *, counts: bool) -> None:
        self._counts = counts
        self._run = Run()
        self._total = self._current = 0
        self._open = False

    def add_word(self, value: int | None, multiplier: int | None) -> None:
        """Add a word: a small number (``value``), or a factor such as hundred (``multiplier``)."""
        if value is not None:
            self._add(value)
        elif multiplier is not None:
            self._multiply(multiplier)
        self._run.parts |= {self._current, self._total, self._total + self._current}

    def finish(self) -> Run:
        """Return the run of all words that were added."""
        self._close()
        self._run.parts |= set(self._run.values) | set(_years(self._run.values))
        return self._run

    def _add(self, value: int) -> None:
        self._run.bare = False
        room = 10 ** len(str(value))
        is_ten = self._counts and self._current % 100 == 10 and value < 10
        if self._open and (is_ten or self._current % room or (self._current == 0 and self._total % room)):
            self._close()
        self._current += value
        self._open = True
        self._run.parts.add(value)

    def _multiply(self, multiplier: int) -> None:
        if multiplier < 1000:
            self._current = max(self._current, 1) * multiplier
        else:
            low = self._total % multiplier
            self._total += max(low + self._current, 1) * multiplier - low
            self._current = 0
        self._open = True

    def _close(self) -> None:
        if self._open:
            self._run.values.append(self._total + self._current)
        self._total = self._current = 0
        self._open = False


def _years(values: Sequence[int]) -> Iterator[int]:
    """Yield pairs that may be a year: 19 and 95."""
    for first, second in pairwise(values):
        if 10 <= first <= 20 and second < 100:
            yield first * 100 + second


@cache
def _vocabulary(language: str) -> _Vocabulary:
    small = _cardinals(language)
    multipliers: dict[str, int] = {}
    for number in (100, 10**3, 10**6, 10**9, 10**12):
        for words in (cardinal(number, language), cardinal(2 * number, language), ordinal(number, language)):
            *before, last = words_of(words)
            if (before or number == 10**3) and last not in small and last not in multipliers:
                multipliers[last] = number
    return _Vocabulary(cardinals=small, ordinals=_ordinals(language), multipliers=multipliers)


def _cardinals(language: str) -> dict[str, int]:
    """Return the cardinals under 1000 that are one word, including "cento" and "ciento"."""
    number_of: dict[str, int] = {}
    for number in (*range(101), *range(200, 1000, 100)):
        for gender in _GENDERS:
            words = words_of(cardinal(number, language, gender))
            if len(words) == 1:
                number_of[words[0]] = number
    number_of.setdefault(words_of(cardinal(101, language))[0], 100)
    return number_of


def _ordinals(language: str) -> dict[str, int]:
    """Return the ordinals up to 1000 that are one word."""
    number_of: dict[str, int] = {}
    for number in (*range(1, 101), *range(200, 1001, 100)):
        for gender in _GENDERS[1:]:
            for before_noun in (False, True):
                words = words_of(ordinal(number, language, gender, before_noun=before_noun))
                if len(words) == 1:
                    number_of[words[0]] = number
    return number_of
