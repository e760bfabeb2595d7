"""Where subtitles break: texts into screens of one or two lines, at the borders of clauses, balanced, no word alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from dub_assets.core.sentences import ends_clause, ends_sentence, is_conjunction

MAX_COLUMNS = 42
MAX_LINES = 2

# one character of a script that breaks anywhere (kana, Han), with the signs that may not end a line before it, and the
# signs and small kana that may not begin one behind it (JIS X 4051)
_OPENING = "（〈《「『【〔“‘"  # noqa: RUF001 - full-width signs are meant
_CLOSING = "、。・ー…，．！？：；）〉》」』】〕”’々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"  # noqa: RUF001 - the same
_BREAKABLE = re.compile(f"[{_OPENING}]*[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff][{_CLOSING}]*")

_SHORT_WORD = 3
"""Words of up to so many columns (articles, prepositions) belong to what follows: no line should end with one."""
_ALONE_COLUMNS = 12
"""A word narrower than this is not left alone on a line or a screen."""

_ALONE, _TORN = 10.0, 3.0
_FLOW, _INSIDE, _AFTER_SHORT, _BEFORE_CONJUNCTION, _AFTER_CLAUSE = 0.6, 0.7, 1.0, 0.3, 0.15
_SCREEN_WEIGHT = 2.0
_ONE_MORE_SCREEN = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What is shown at once: one or two lines."""

    lines: tuple[str, ...]

    @property
    def columns(self) -> int:
        """Width of all lines together."""
        return sum(map(columns, self.lines))

    @property
    def characters(self) -> int:
        """Number of characters that are not spaces."""
        return sum(len(line.replace(" ", "")) for line in self.lines)


def columns(text: str) -> int:
    """Width of a text: two for a Han character, kana or syllable of Hangul, none for what combines."""
    return sum(map(_width, text))


def screens(text: str, language: str) -> list[Screen]:
    """A text without line breaks as the fewest screens that hold it, each of at most two lines of 42 columns.

    Screens and lines end where it hurts least: after sentences and clauses, before conjunctions, never after an
    article; they are about as wide as each other, and a short word is not left alone. A screen that fits on one line
    has one. Words wider than a line are torn.
    """
    return _Layout(units=tuple(_units(text)), language=language).screens() if text.strip() else []


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """What is not torn: a word, or a character of a script without spaces; ``width`` is without the space before."""

    text: str
    spaced: bool
    torn: bool
    width: int


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Dynamic programming over units: the cheapest row of screens that ends before each."""

    units: tuple[_Unit, ...]
    language: str

    def screens(self) -> list[Screen]:
        """The cheapest row of screens over all units."""
        count = len(self.units)
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, count + 1):
            options = []
            for start in range(end - 1, -1, -1):
                if self._columns(start, end) > MAX_COLUMNS * MAX_LINES:
                    break
                cost, _ = self._lines(start, end)
                options.append((best[start][0] + cost + self._screen_cost(start, end), start))
            cost, start = min(options)
            best.append((cost + (_SCREEN_WEIGHT * self.break_costs[end] if end < count else 0.0), start))
        marks = [count]
        while marks[-1]:
            marks.append(best[marks[-1]][1])
        return [self._screen(start, end) for start, end in pairwise(marks[::-1])]

    @cached_property
    def break_costs(self) -> list[float]:
        """What it costs to break before each unit."""
        return [0.0, *(self._break_cost(left, right) for left, right in pairwise(self.units))]

    @cached_property
    def _ends(self) -> list[int]:
        """Columns up to the end of each unit, all on one line."""
        return list(accumulate((unit.width + unit.spaced for unit in self.units), initial=0))

    def _columns(self, start: int, end: int) -> int:
        return self._ends[end] - self._ends[start] - self.units[start].spaced

    def _is_alone(self, start: int, end: int) -> bool:
        """Whether these units are one short word."""
        one_word = not any(unit.spaced for unit in self.units[start + 1 : end])
        return one_word and self._columns(start, end) < _ALONE_COLUMNS

    def _screen_cost(self, start: int, end: int) -> float:
        """What one more screen costs: the less, the nearer it comes to an even share of all columns."""
        count, total = len(self.units), self._columns(0, len(self.units))
        share = total / max(1, -(-total // (MAX_COLUMNS * MAX_LINES)))
        uneven = ((self._columns(start, end) - share) / MAX_COLUMNS) ** 2
        return _ONE_MORE_SCREEN + uneven + (_ALONE if count > 1 and self._is_alone(start, end) else 0.0)

    def _lines(self, start: int, end: int) -> tuple[float, int]:
        """The cost of a screen, and the unit that its second line begins with (``end``: there is none)."""
        width = self._columns(start, end)
        if width <= MAX_COLUMNS:
            return 0.0, end
        fitting = [at for at in range(start + 1, end) if self._fits(start, at) and self._fits(at, end)]
        return min(((self._two_lines(start, at, end), at) for at in fitting), default=(float("inf"), end))

    def _fits(self, start: int, end: int) -> bool:
        return self._columns(start, end) <= MAX_COLUMNS

    def _two_lines(self, start: int, at: int, end: int) -> float:
        first, second = self._columns(start, at), self._columns(at, end)
        alone = self._is_alone(start, at) + self._is_alone(at, end)
        return self.break_costs[at] + ((first - second) / MAX_COLUMNS) ** 2 + _ALONE * alone

    def _screen(self, start: int, end: int) -> Screen:
        _, at = self._lines(start, end)
        parts = [(start, at), (at, end)] if at < end else [(start, end)]
        return Screen(lines=tuple(self._text(*part) for part in parts))

    def _text(self, start: int, end: int) -> str:
        return "".join(f" {unit.text}" if unit.spaced else unit.text for unit in self.units[start:end]).strip()

    def _break_cost(self, left: _Unit, right: _Unit) -> float:
        if right.torn:
            return _TORN
        if ends_sentence(left.text, right.text):
            return 0.0
        if ends_clause(left.text):
            return _AFTER_CLAUSE
        if is_conjunction(right.text, self.language):
            return _BEFORE_CONJUNCTION
        if not right.spaced:
            return _INSIDE
        return _AFTER_SHORT if left.width <= _SHORT_WORD else _FLOW


def _units(text: str) -> list[_Unit]:
    units: list[_Unit] = []
    for word in text.split():
        marks = sorted({0, len(word), *(mark for match in _BREAKABLE.finditer(word) for mark in match.span())})
        spaced = True
        for begin, end in pairwise(marks):
            for number, piece in enumerate(_no_wider(word[begin:end])):
                units.append(_Unit(text=piece, spaced=spaced, torn=number > 0, width=columns(piece)))
                spaced = False
    return units


def _no_wider(piece: str) -> Sequence[str]:
    result = [""]
    for character in piece:
        if columns(result[-1] + character) > MAX_COLUMNS:
            result.append("")
        result[-1] += character
    return result


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
