"""Beam search for translations of different lengths, and the probability of a given translation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.engines.firefox.marian_file import Array, Shortlist
from dub_assets.engines.firefox.marian_model import EncoderState, MarianModel, OutputLayer
from dub_assets.engines.firefox.vocabulary import END_ID, Vocabulary

_MAX_GROWTH, _MIN_TOKENS = 2.0, 5
"""A search stops at ``_MAX_GROWTH`` tokens for each token of the source, and ``_MIN_TOKENS`` more."""

_BATCH = 16
"""Translations that are scored together."""


@dataclass(frozen=True, kw_only=True)
class MarianTranslator:
    """A model with the vocabularies of its two languages. Without a ``shortlist``, searches take longer."""

    model: MarianModel
    source: Vocabulary
    target: Vocabulary
    shortlist: Shortlist | None

    def translations(self, sentence: str, costs: Sequence[Array], *, beam: int) -> dict[str, float]:
        """Return translations of a sentence with their log probabilities.

        Each array of ``costs`` is one beam search of ``beam`` hypotheses. It has the cost of each token in nats, which
        is subtracted from the token's log probability. A search ends when no open hypothesis can beat the best finished
        one.
        """
        source = self.source.encode(sentence)
        (encoder_state,) = self.model.encode([source])
        candidates = self.shortlist.candidates(source) if self.shortlist else np.arange(len(self.target.pieces))
        searches = [_BeamSearch(candidates=candidates, costs=cost[candidates], beam=beam) for cost in costs]
        max_tokens = int(_MAX_GROWTH * len(source)) + _MIN_TOKENS
        self._run(searches, encoder_state, self.model.output_layer(candidates), max_tokens)
        return {
            self.target.decode(tokens): log_probability
            for search in searches
            for tokens, log_probability in search.finished
        }

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[Array]:
        """Return the log probabilities of translations, given as (sentence, translation).

        There is one for each token of a translation and for its end, given the tokens before it.
        """
        return [
            np.take_along_axis(self._whole_output_layer.log_probabilities(outputs), np.array(tokens)[:, None], 1)[:, 0]
            for _, tokens, outputs in self._outputs(pairs)
        ]

    def quick_scores(self, pairs: Sequence[tuple[str, str]]) -> list[Array]:
        """Return about the same as ``scores``, among the tokens of the shortlist and of the translation only."""
        if self.shortlist is None:
            return self.scores(pairs)
        scores = []
        for source, tokens, outputs in self._outputs(pairs):
            candidates = np.union1d(self.shortlist.candidates(source), tokens)
            log_probabilities = self.model.output_layer(candidates).log_probabilities(outputs)
            scores.append(log_probabilities[np.arange(len(tokens)), np.searchsorted(candidates, tokens)])
        return scores

    def _outputs(self, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[list[int], list[int], Array]]:
        """Yield source tokens, tokens of the translation and the decoder's outputs for each pair."""
        for start in range(0, len(pairs), _BATCH):
            batch = pairs[start : start + _BATCH]
            sources = [self.source.encode(sentence) for sentence, _ in batch]
            translations = [self.target.encode(translation) for _, translation in batch]
            outputs = self.model.outputs(translations, self.model.encode(sources))
            yield from zip(sources, translations, outputs, strict=True)

    def _run(
        self,
        searches: Sequence[_BeamSearch],
        encoder_state: EncoderState,
        output_layer: OutputLayer,
        max_tokens: int,
    ) -> None:
        """Run searches to their ends, token by token; the hypotheses of all searches are one batch."""
        state = self.model.begin().select(np.zeros(len(searches), np.int64))
        for _ in range(max_tokens):
            outputs, state = self.model.step(state, encoder_state)
            log_probabilities = output_layer.log_probabilities(outputs)
            rows: list[NDArray[np.int64]] = []
            unfinished, start = [], 0
            for search in searches:
                end = start + len(search.hypotheses)
                if len(kept := search.extend(log_probabilities[start:end])):
                    rows.append(start + kept)
                    unfinished.append(search)
                start = end
            if not unfinished:
                return
            searches = unfinished
            last_tokens = [tokens[-1] for search in searches for tokens in search.hypotheses]
            state = self.model.append(state.select(np.concatenate(rows)), last_tokens)

    @cached_property
    def _whole_output_layer(self) -> OutputLayer:
        return self.model.output_layer(slice(None))


@dataclass(slots=True, kw_only=True)
class _BeamSearch:
    """A beam search over ``candidates`` (token ids), whose ``costs`` are subtracted from their log probabilities.

    ``hypotheses`` are open, with scores after costs and log probabilities before costs. ``finished`` are tokens and
    log probabilities.
    """

    candidates: NDArray[np.int64]
    costs: Array
    beam: int
    hypotheses: list[list[int]] = field(default_factory=lambda: [[]])
    finished: list[tuple[list[int], float]] = field(default_factory=list)
    _scores: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    _log_probabilities: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    _best_score: float = -np.inf

    def extend(self, log_probabilities: Array) -> NDArray[np.int64]:
        """Extend each hypothesis by a token, given the log probabilities of all candidates (a row a hypothesis).

        Return the row that each new hypothesis extends; an empty array if the search has ended.
        """
        scores = self._scores[:, None] + log_probabilities - self.costs
        totals = self._log_probabilities[:, None] + log_probabilities
        places = self._best_places(scores)
        ends = [place for place in places if self.candidates[place[1]] == END_ID]
        self.finished += [(self.hypotheses[row], float(totals[row, column])) for row, column in ends]
        self._best_score = max([self._best_score, *(float(scores[place]) for place in ends)])
        rows, columns = np.array([place for place in places if place not in ends][: self.beam]).T
        self._scores, self._log_probabilities = scores[rows, columns], totals[rows, columns]
        if len(self.finished) >= self.beam and self._best_score > self._scores.max():
            return np.zeros(0, np.int64)
        self.hypotheses = [
            [*self.hypotheses[row], int(self.candidates[column])] for row, column in zip(rows, columns, strict=True)
        ]
        return np.asarray(rows, np.int64)

    def _best_places(self, scores: NDArray[Any]) -> list[tuple[int, int]]:
        """Return (row, column) of the best scores, best first: up to twice as many as the beam is wide."""
        flat = scores.ravel()
        count = min(2 * self.beam, flat.size)
        best = np.argpartition(-flat, count - 1)[:count]
        return [divmod(int(place), scores.shape[1]) for place in best[np.argsort(-flat[best])]]
