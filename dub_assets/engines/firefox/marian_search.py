"""What a Marian model can say of a sentence: translations short and long, and how likely a given one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.engines.firefox.marian_file import Array, Shortlist
from dub_assets.engines.firefox.marian_model import Chooser, MarianModel, Reading
from dub_assets.engines.firefox.vocabulary import END, Vocabulary

_LONGEST = 2.0
"""Pieces of a translation for each of its source, before it is given up."""

_PIECES_BESIDE = 5


@dataclass(frozen=True, kw_only=True)
class MarianLanguages:
    """A model with the vocabularies of its two languages; ``shortlist`` may be missing, which costs time only."""

    model: MarianModel
    source: Vocabulary
    target: Vocabulary
    shortlist: Shortlist | None

    def translations(self, sentence: str, prices: Sequence[Array], *, beam: int) -> dict[str, float]:
        """Translations of a sentence, and the logarithms of their probabilities.

        There is a beam search for each list of prices, in which every piece costs that beside its improbability. A
        search of ``beam`` hypotheses side by side ends when none under way can beat the best that is done.
        """
        source = self.source.encode(sentence)
        reading = self.model.read(source)
        needed = self.shortlist.needed(source) if self.shortlist else np.arange(len(self.target.pieces))
        searches = [_Search(pieces=needed, price=price[needed], beam=beam) for price in prices]
        self._run(searches, reading, self.model.chooser(needed), int(_LONGEST * len(source)) + _PIECES_BESIDE)
        return {self.target.decode(pieces): chance for search in searches for pieces, chance in search.done}

    def _run(self, searches: Sequence[_Search], reading: Reading, chooser: Chooser, longest: int) -> None:
        """Run searches side by side, a piece at a time, to their ends: one product serves the hypotheses of all."""
        writing = self.model.begin().of(np.zeros(len(searches), np.int64))
        for _ in range(longest):
            outputs, writing = self.model.write(writing, reading)
            steps = chooser.log_probabilities(outputs)
            rows: list[NDArray[np.int64]] = []
            under_way, start = [], 0
            for search in searches:
                after = start + len(search.under_way)
                if len(kept := search.step(steps[start:after])):
                    rows.append(start + kept)
                    under_way.append(search)
                start = after
            if not under_way:
                return
            searches = under_way
            pieces = [pieces[-1] for search in searches for pieces in search.under_way]
            writing = self.model.given(writing.of(np.concatenate(rows)), pieces)

    def likelihoods(self, sentence: str, translation: str) -> Array:
        """The logarithm of the probability of each piece of a translation, one after the other, its end included."""
        wanted = self.target.encode(translation)
        outputs = self.model.rewrite(wanted, self.model.read(self.source.encode(sentence)))
        return self._every.log_probabilities(outputs)[np.arange(len(wanted)), wanted]

    @cached_property
    def _every(self) -> Chooser:
        return self.model.chooser(slice(None))


@dataclass(slots=True, kw_only=True)
class _Search:
    """A beam search: hypotheses under way with their scores, less what their pieces cost, and with their chances.

    ``done`` are the pieces of what was found, and the logarithms of their probabilities.
    """

    pieces: NDArray[np.int64]
    price: Array
    beam: int
    under_way: list[list[int]] = field(default_factory=lambda: [[]])
    done: list[tuple[list[int], float]] = field(default_factory=list)
    _scores: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    _chances: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    _best: float = -np.inf

    def step(self, steps: Array) -> NDArray[np.int64]:
        """Go on by a piece, given how likely each piece is after each hypothesis (a row each).

        The rows of those that went on are returned, none where the search is at its end.
        """
        totals, sums = self._scores[:, None] + steps - self.price, self._chances[:, None] + steps
        places = self._best_of(totals)
        ends = [place for place in places if self.pieces[place[1]] == END]
        self.done += [(self.under_way[row], float(sums[row, column])) for row, column in ends]
        self._best = max([self._best, *(float(totals[place]) for place in ends)])
        rows, columns = np.array([place for place in places if place not in ends][: self.beam]).T
        self._scores, self._chances = totals[rows, columns], sums[rows, columns]
        if len(self.done) >= self.beam and self._best > self._scores.max():
            return np.zeros(0, np.int64)
        before = self.under_way
        self.under_way = [[*before[row], int(self.pieces[column])] for row, column in zip(rows, columns, strict=True)]
        return np.asarray(rows, np.int64)

    def _best_of(self, totals: NDArray[Any]) -> list[tuple[int, int]]:
        """The places of the best totals, twice as many as the beam is wide, the best first."""
        flat = totals.ravel()
        count = min(2 * self.beam, flat.size)
        best = np.argpartition(-flat, count - 1)[:count]
        return [divmod(int(at), totals.shape[1]) for at in best[np.argsort(-flat[best])]]
