"""What a Marian model can say of a sentence: translations short and long, and how likely a given one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.engines.translation.marian_file import Array, Shortlist
from dub_assets.engines.translation.marian_model import Chooser, MarianModel, Reading
from dub_assets.engines.translation.vocabulary import END, Vocabulary

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
        chooser, longest = self.model.chooser(needed), int(_LONGEST * len(source)) + _PIECES_BESIDE
        found: dict[str, float] = {}
        for price in prices:
            search = _Search(
                model=self.model, reading=reading, chooser=chooser, pieces=needed, price=price[needed], beam=beam
            )
            found |= {self.target.decode(pieces): chance for pieces, chance in search.run(longest)}
        return found

    def likelihoods(self, sentence: str, translation: str) -> Array:
        """The logarithm of the probability of each piece of a translation, one after the other, its end included."""
        wanted = self.target.encode(translation)
        outputs = self.model.rewrite(wanted, self.model.read(self.source.encode(sentence)))
        return self._every.log_probabilities(outputs)[np.arange(len(wanted)), wanted]

    @cached_property
    def _every(self) -> Chooser:
        return self.model.chooser(slice(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    model: MarianModel
    reading: Reading
    chooser: Chooser
    pieces: NDArray[np.int64]
    price: Array
    beam: int

    def run(self, longest: int) -> list[tuple[list[int], float]]:
        """The pieces of what was found, and the logarithms of their probabilities."""
        writing, scores, chances = self.model.begin(), np.zeros(1), np.zeros(1)
        under_way: list[list[int]] = [[]]
        done: list[tuple[list[int], float]] = []
        best = -np.inf
        for _ in range(longest):
            outputs, writing = self.model.write(writing, self.reading)
            steps = self.chooser.log_probabilities(outputs)
            totals, sums = scores[:, None] + steps - self.price, chances[:, None] + steps
            places = self._best(totals)
            ends = [place for place in places if self.pieces[place[1]] == END]
            done += [(under_way[row], float(sums[row, column])) for row, column in ends]
            best = max([best, *(float(totals[place]) for place in ends)])
            rows, columns = np.array([place for place in places if place not in ends][: self.beam]).T
            scores, chances = totals[rows, columns], sums[rows, columns]
            if len(done) >= self.beam and best > scores.max():
                break
            under_way = [[*under_way[row], int(self.pieces[column])] for row, column in zip(rows, columns, strict=True)]
            writing = self.model.given(writing.of(rows), [pieces[-1] for pieces in under_way])
        return done

    def _best(self, totals: NDArray[Any]) -> list[tuple[int, int]]:
        """The places of the best totals, twice as many as the beam is wide, the best first."""
        flat = totals.ravel()
        count = min(2 * self.beam, flat.size)
        best = np.argpartition(-flat, count - 1)[:count]
        return [divmod(int(at), totals.shape[1]) for at in best[np.argsort(-flat[best])]]
