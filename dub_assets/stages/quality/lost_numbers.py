"""Finds numbers of the original that a translation does not have."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dub_assets.stages.quality.number_words import LANGUAGES, digit_runs, number_words, numbers_in_digits
from dub_assets.stages.tts_segments.agreement import words_of
from dub_assets.text_normalisation import verbalise

_MIN_IN_DIGITS = 3
"""Smaller numbers have many wordings: "one", "a", "both", "a pair", "first"."""

_MIN_IN_WORDS = 11
"""Smaller numbers in words are often idioms: "one of them", "on all fours", "ten to one"."""
_MIN_COUNTED = 3
"""Numbers in a row that are a count, "three, two, one": all of them are expected."""

_IMPLIED_NUMBERS: Mapping[str, tuple[float, ...]] = {
    "half": (0.5, 30, 50), "halves": (0.5, 50), "quarter": (0.25, 15, 45, 25), "quarters": (0.75, 75), "dozen": (12,),
    "dozens": (12,), "noon": (12,), "midday": (12,), "midnight": (0, 12, 24), "score": (20,), "fortnight": (14, 15),
    "meio": (0.5, 30, 12), "meia": (0.5, 30, 6, 0, 12, 24), "metade": (0.5, 50), "quarto": (0.25, 15, 45, 25),
    "quartos": (0.75, 75), "duzia": (12,), "duzias": (12,), "quinzena": (14, 15), "vintena": (20,), "centena": (100,),
    "medio": (0.5, 30), "media": (0.5, 30), "mitad": (0.5, 50), "cuarto": (0.25, 15, 45, 25), "cuartos": (0.75, 75),
    "docena": (12,), "docenas": (12,), "mediodia": (12,), "medianoche": (0, 12, 24), "quincena": (14, 15),
    "veintena": (20,), "centenar": (100,),
}  # fmt: skip
"""Numbers that words without accents can mean."""

_AND_A_HALF = frozenset({"half", "meio", "meia", "medio", "media"})
"""Words that add half a unit: "um milhão e meio", "two and a half"."""

_CLOCK_BEFORE = re.compile(r"\d[:.h]$")
_CLOCK_AFTER = re.compile(r"(?:[:.h]\d\d)?\s?(?:[ap]\.?\s?m\b|h\b|:)|:\d", re.IGNORECASE)
_MAGNITUDE = re.compile(r"\s?(?:(mil|thousand|k)|(mill?i\w+|milh\w+|mill[oó]n\w*|mn?|mi)|(b\w*))\b", re.IGNORECASE)
_DECADE = re.compile(r"['\N{RIGHT SINGLE QUOTATION MARK}]?s\b")


def lost_numbers(text: str, translated: str, *, source: str, target: str) -> tuple[str, ...]:
    """Return the numbers of ``text``, as written there, that ``translated`` does not have. Languages are ISO 639-1.

    Numbers in digits count from 3 on, numbers in words from 11 on (if the source language is in ``LANGUAGES``),
    smaller ones in a count or if another one is in their place. The
    translation may write a number in digits or words, with either convention for thousands and decimals, on a clock of
    12 or 24 hours, or as "half". Return nothing if the target language is not in ``LANGUAGES``.
    """
    if target not in LANGUAGES:
        return ()
    present = _numbers_in(translated, target)
    lost = [
        number
        for number, meanings in _expected_in_digits(text)
        if not meanings & present and not digit_runs(number) - {0.0} <= present
    ]
    if source in LANGUAGES:
        lost += [
            words
            for words, alternatives in _expected_in_words(text, source)
            if not any(numbers <= present for numbers in alternatives)
        ]
        lost += _replaced(text, translated, present, source=source, target=target)
    return tuple(lost)


def _replaced(text: str, translated: str, present: frozenset[float], *, source: str, target: str) -> list[str]:
    """Return the small numbers in words that are missing from a translation with another one: seven, "oito"."""
    said, translated_as = (
        {
            value
            for run in number_words(line, language, with_ordinals=False)
            if len(run.values) == 1
            for value in run.values
        }
        for line, language in ((text, source), (translated, target))
    )
    small = range(_MIN_IN_DIGITS, _MIN_IN_WORDS)
    missing = sorted(value for value in said if value in small and value not in present)
    added = any(value in small and value not in _numbers_in(text, source) for value in translated_as)
    return list(map(str, missing)) if added else []


def _expected_in_digits(text: str) -> list[tuple[str, frozenset[float]]]:
    """Return the numbers in digits, each with the values that it can be translated as."""
    return [
        (match[0], values | frozenset(_other_values(text, match, values)))
        for match, values in numbers_in_digits(text)
        if max(values) >= _MIN_IN_DIGITS
    ]


def _other_values(text: str, match: re.Match[str], readings: frozenset[float]) -> set[float]:
    """Return other values of a number in digits: millions in full, the other half of the day, a decade."""
    before, after = text[max(0, match.start() - 2) : match.start()], text[match.end() :]
    values: set[float] = set()
    magnitude = _MAGNITUDE.match(after)
    if magnitude:
        factor = 10**3 if magnitude[1] else 10**6 if magnitude[2] else 10**9
        values |= {round(reading * factor, 6) for reading in readings}
    if _CLOCK_AFTER.match(after) or _CLOCK_BEFORE.search(before):
        values |= {reading + 12 for reading in readings} | {reading - 12 for reading in readings}
    if _DECADE.match(after):
        values |= {reading % 100 for reading in readings}
    return values


def _expected_in_words(text: str, language: str) -> list[tuple[str, list[set[float]]]]:
    """Return the numbers in words, each with the alternative sets of values that it can be translated as."""
    expected = []
    for run in number_words(re.sub(r"\d", ";", text), language, with_ordinals=False):
        if run.bare:
            continue
        least = 0 if len(run.values) >= _MIN_COUNTED else _MIN_IN_WORDS
        large = {float(value) for value in run.values if value >= least}
        if large:
            whole = [{float(part)} for part in run.parts - set(run.values) if part > max(run.values)]
            expected.append((" ".join(map(str, run.values)), [large, *whole]))
    return expected


def _numbers_in(text: str, language: str) -> frozenset[float]:
    """Return every number that a text can mean."""
    numbers = digit_runs(text)
    for match, values in numbers_in_digits(text):
        numbers |= values | _other_values(text, match, values)
    for run in number_words(verbalise(text, language), language, with_ordinals=True):
        numbers |= {float(part) for part in run.parts}
    words = words_of(text)
    if _AND_A_HALF.intersection(words):
        units = (1, 10**3, 10**6, 10**9)
        numbers |= {number + unit / 2 for number in numbers for unit in units if number and not number % unit}
    for word in words:
        numbers |= set(_IMPLIED_NUMBERS.get(word, ()))
    return frozenset(numbers)
