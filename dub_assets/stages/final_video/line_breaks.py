"""Breaks the text of subtitles into screens of one or two balanced lines, preferably between clauses."""

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

# A character of a script that breaks anywhere (kana, Han), with the opening signs before it, which must not end a line,
# and the closing signs and small kana after it, which must not begin a line (JIS X 4051).
_OPENING = "（〈《「『【〔“‘"  # noqa: RUF001 - full-width signs are intended
_CLOSING = "、。・ー…，．！？：；）〉》」』】〕”’々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"  # noqa: RUF001 - the same
_BREAKABLE = re.compile(f"[{_OPENING}]*[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff][{_CLOSING}]*")

_SHORT_WORD_COLUMNS = 3
"""Width up to which a word (article, preposition) should not end a line."""
_ORPHAN_COLUMNS = 12
"""Width below which a single word should not have a line or a screen of its own."""

# Costs of a break, by what stands before and after it.
_WITHIN_WORD, _AFTER_SHORT_WORD, _WITHIN_UNSPACED, _BETWEEN_WORDS = 3.0, 1.0, 0.7, 0.6
_BEFORE_CONJUNCTION, _AFTER_CLAUSE, _AFTER_SENTENCE = 0.3, 0.15, 0.0
_ORPHAN = 10.0
_SCREEN_BREAK_WEIGHT = 2.0
"""Weight of a break between screens over one between lines."""
_ONE_MORE_SCREEN = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """The text of one subtitle: one or two lines."""

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
    """Return the width of a text: 2 for Han, kana and Hangul syllables, 0 for combining characters, else 1."""
    return sum(map(_width, text))


def screens(text: str, language: str) -> list[Screen]:
    """Break a text into as few screens as possible, each of at most two lines of 42 columns.

    Breaks are preferred after sentences and clauses and before conjunctions, and avoided after short words. Screens and
    lines have similar widths, and a short word is not left alone. A screen that fits on one line has one. Words wider
    than a line are split.

    >>> screens("It was the best of times, it was the worst of times.", "en")
    [Screen(lines=('It was the best of times,', 'it was the worst of times.'))]
    """
    return _Layout(units=tuple(_units(text)), language=language).screens() if text.strip() else []


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """Text that is not split: a word, a piece of an overlong word, or a character of a script without spaces.

    ``spaced`` is True if a space precedes it, ``continues`` if it is not the first piece of an overlong word. ``width``
    excludes the space.
    """

    text: str
    spaced: bool
    continues: bool
    width: int


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Dynamic programming over units: finds the cheapest sequence of screens."""

    units: tuple[_Unit, ...]
    language: str

    def screens(self) -> list[Screen]:
        """Return the cheapest sequence of screens over all units."""
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
            best.append((cost + (_SCREEN_BREAK_WEIGHT * self.break_costs[end] if end < count else 0.0), start))
        borders = [count]
        while borders[-1]:
            borders.append(best[borders[-1]][1])
        return [self._screen(start, end) for start, end in pairwise(borders[::-1])]

    @cached_property
    def break_costs(self) -> list[float]:
        """The cost of a break before each unit."""
        return [0.0, *(self._break_cost(left, right) for left, right in pairwise(self.units))]

    @cached_property
    def _ends(self) -> list[int]:
        """Columns up to the end of each unit if all stand on one line."""
        return list(accumulate((unit.width + unit.spaced for unit in self.units), initial=0))

    def _columns(self, start: int, end: int) -> int:
        return self._ends[end] - self._ends[start] - self.units[start].spaced

    def _is_orphan(self, start: int, end: int) -> bool:
        """Return True if these units are one short word."""
        one_word = not any(unit.spaced for unit in self.units[start + 1 : end])
        return one_word and self._columns(start, end) < _ORPHAN_COLUMNS

    def _screen_cost(self, start: int, end: int) -> float:
        """Return the cost of a screen: lower if its width is nearer to an even share of all columns."""
        count, total = len(self.units), self._columns(0, len(self.units))
        even = total / max(1, -(-total // (MAX_COLUMNS * MAX_LINES)))
        uneven = ((self._columns(start, end) - even) / MAX_COLUMNS) ** 2
        return _ONE_MORE_SCREEN + uneven + (_ORPHAN if count > 1 and self._is_orphan(start, end) else 0.0)

    def _lines(self, start: int, end: int) -> tuple[float, int]:
        """Return the cost of the best line break of a screen, and the unit after it; ``end`` if one line is enough."""
        width = self._columns(start, end)
        if width <= MAX_COLUMNS:
            return 0.0, end
        fitting = [at for at in range(start + 1, end) if self._fits(start, at) and self._fits(at, end)]
        return min(((self._two_lines(start, at, end), at) for at in fitting), default=(float("inf"), end))

    def _fits(self, start: int, end: int) -> bool:
        return self._columns(start, end) <= MAX_COLUMNS

    def _two_lines(self, start: int, at: int, end: int) -> float:
        first, second = self._columns(start, at), self._columns(at, end)
        orphans = self._is_orphan(start, at) + self._is_orphan(at, end)
        return self.break_costs[at] + ((first - second) / MAX_COLUMNS) ** 2 + _ORPHAN * orphans

    def _screen(self, start: int, end: int) -> Screen:
        _, at = self._lines(start, end)
        parts = [(start, at), (at, end)] if at < end else [(start, end)]
        return Screen(lines=tuple(self._text(*part) for part in parts))

    def _text(self, start: int, end: int) -> str:
        return "".join(f" {unit.text}" if unit.spaced else unit.text for unit in self.units[start:end]).strip()

    def _break_cost(self, left: _Unit, right: _Unit) -> float:
        if right.continues:
            return _WITHIN_WORD
        if ends_sentence(left.text, right.text):
            return _AFTER_SENTENCE
        if ends_clause(left.text):
            return _AFTER_CLAUSE
        if is_conjunction(right.text, self.language):
            return _BEFORE_CONJUNCTION
        if not right.spaced:
            return _WITHIN_UNSPACED
        return _AFTER_SHORT_WORD if left.width <= _SHORT_WORD_COLUMNS else _BETWEEN_WORDS


def _units(text: str) -> list[_Unit]:
    """Return the units of a text; a word without width belongs to the word before it."""
    units: list[_Unit] = []
    for word in _visible_words(text):
        borders = sorted({0, len(word), *(at for match in _BREAKABLE.finditer(word) for at in match.span())})
        spaced = True
        for begin, end in pairwise(borders):
            for number, piece in enumerate(_pieces(word[begin:end])):
                units.append(_Unit(text=piece, spaced=spaced, continues=number > 0, width=columns(piece)))
                spaced = False
    return units


def _pieces(word: str) -> Sequence[str]:
    """Split a word into pieces that each fit on a line."""
    pieces: list[list[str]] = [[]]
    room = MAX_COLUMNS
    for character in word:
        if _width(character) > room:
            pieces.append([])
            room = MAX_COLUMNS
        room -= _width(character)
        pieces[-1].append(character)
    return ["".join(piece) for piece in pieces]


def _visible_words(text: str) -> list[str]:
    """Return the words of a text; one without width joins the word before it."""
    words: list[list[str]] = []
    for word in text.split():
        if words and not columns(word):
            words[-1].append(word)
        else:
            words.append([word])
    return ["".join(parts) for parts in words]


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
