"""Numbers of the original that a translation does not have."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dub_assets.stages.quality.number_words import KNOWN, figures, number_words, runs_of_digits
from dub_assets.stages.tts_segments.agreement import words_of
from dub_assets.text_normalisation import spoken

_LEAST_IN_FIGURES = 3
"""Smaller ones are said in many ways: "one", "a", "both", "a pair", "first"."""

_LEAST_IN_WORDS = 11
"""Smaller ones are idioms as often as numbers: "one of them", "on all fours", "ten to one"."""

_STAND_FOR: Mapping[str, tuple[float, ...]] = {
    "half": (0.5, 30, 50), "halves": (0.5, 50), "quarter": (0.25, 15, 45, 25), "quarters": (0.75, 75), "dozen": (12,),
    "dozens": (12,), "noon": (12,), "midday": (12,), "midnight": (0, 12, 24), "score": (20,), "fortnight": (14, 15),
    "meio": (0.5, 30, 12), "meia": (0.5, 30, 6, 0, 12, 24), "metade": (0.5, 50), "quarto": (0.25, 15, 45, 25),
    "quartos": (0.75, 75), "duzia": (12,), "duzias": (12,), "quinzena": (14, 15), "vintena": (20,), "centena": (100,),
    "medio": (0.5, 30), "media": (0.5, 30), "mitad": (0.5, 50), "cuarto": (0.25, 15, 45, 25), "cuartos": (0.75, 75),
    "docena": (12,), "docenas": (12,), "mediodia": (12,), "medianoche": (0, 12, 24), "quincena": (14, 15),
    "veintena": (20,), "centenar": (100,),
}  # fmt: skip
"""Words, without accents, that say a number without naming it."""

_AND_A_HALF = frozenset({"half", "meio", "meia", "medio", "media"})
"""Half of what was counted: "um milhão e meio", "two and a half"."""

_CLOCK_BEFORE = re.compile(r"\d[:.h]$")
_CLOCK_AFTER = re.compile(r"(?:[:.h]\d\d)?\s?(?:[ap]\.?\s?m\b|h\b|:)|:\d", re.IGNORECASE)
_MAGNITUDE = re.compile(r"\s?(?:(mil|thousand|k)|(mill?i\w+|milh\w+|mill[oó]n\w*|mn?|mi)|(b\w*))\b", re.IGNORECASE)
_DECADE = re.compile(r"['\N{RIGHT SINGLE QUOTATION MARK}]?s\b")


def lost_numbers(text: str, translated: str, *, source: str, target: str) -> tuple[str, ...]:
    """The numbers of ``text``, as it writes them, that ``translated`` says in no way; languages are ISO 639-1.

    Counted are numbers in figures from 3 on, and in words from 11 on where the language's are known. A number may come
    as figures or words, by either custom of thousands and decimals, on a clock of 12 or 24 hours, or as "half".
    Where the target's number words are not known, none is said to be lost.
    """
    if target not in KNOWN:
        return ()
    said = _said(translated, target)
    lost = [
        found
        for found, meanings in _wanted_figures(text)
        if not meanings & said and not runs_of_digits(found) - {0.0} <= said
    ]
    if source in KNOWN:
        lost += [words for words, meanings in _wanted_words(text, source) if not any(each <= said for each in meanings)]
    return tuple(lost)


def _wanted_figures(text: str) -> list[tuple[str, frozenset[float]]]:
    wanted = []
    for found, readings in figures(text):
        if max(readings) >= _LEAST_IN_FIGURES:
            wanted.append((found[0], readings | frozenset(_other_ways(text, found, readings))))
    return wanted


def _other_ways(text: str, found: re.Match[str], readings: frozenset[float]) -> set[float]:
    """What else a number in figures may be said as: millions in full, the other half of the day, a decade."""
    before, after = text[max(0, found.start() - 2) : found.start()], text[found.end() :]
    ways: set[float] = set()
    magnitude = _MAGNITUDE.match(after)
    if magnitude:
        factor = 10**3 if magnitude[1] else 10**6 if magnitude[2] else 10**9
        ways |= {round(reading * factor, 6) for reading in readings}
    if _CLOCK_AFTER.match(after) or _CLOCK_BEFORE.search(before):
        ways |= {reading + 12 for reading in readings} | {reading - 12 for reading in readings}
    if _DECADE.match(after):
        ways |= {reading % 100 for reading in readings}
    return ways


def _wanted_words(text: str, language: str) -> list[tuple[str, list[set[float]]]]:
    """Numbers in words, each with the sets of numbers that say it."""
    wanted = []
    for run in number_words(re.sub(r"\d", ";", text), language, with_ordinals=False):
        if run.bare:
            continue
        large = {float(value) for value in run.values if value >= _LEAST_IN_WORDS}
        if large:
            whole = [{float(part)} for part in run.parts - set(run.values) if part > max(run.values)]
            wanted.append((" ".join(map(str, run.values)), [large, *whole]))
    return wanted


def _said(text: str, language: str) -> frozenset[float]:
    """Every number that a text can be taken to say."""
    said = runs_of_digits(text)
    for found, readings in figures(text):
        said |= readings | _other_ways(text, found, readings)
    for run in number_words(spoken(text, language), language, with_ordinals=True):
        said |= {float(part) for part in run.parts}
    words = words_of(text)
    if _AND_A_HALF.intersection(words):
        said |= {each + unit / 2 for each in said for unit in (1, 10**3, 10**6, 10**9) if each and not each % unit}
    for word in words:
        said |= set(_STAND_FOR.get(word, ()))
    return frozenset(said)
