"""Judges translations by the probability of the original given the translation, and replaces those that fail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dub_assets.engines.firefox.marian_file import Array
from dub_assets.engines.firefox.marian_search import MarianTranslator

_WEAK_MEAN, _WEAK_TOKEN = -1.5, -4.0
"""Log probabilities, in nats, of the source's tokens on average and of the worst one, under both of which another
translation is looked for."""

_DOUBTFUL_MEAN, _DOUBTFUL_TOKEN = -1.5, -5.0
"""The same for a doubtful translation.

"Desligar-se!" for "Shut up!" is under this; "Acho que" for "Guess", which is right, is not.
"""

_UNLIKE = re.compile(r"\d|\bXX[A-Z]")
"""Figures, which are translated by convention, and placeholders of copies: their tokens say nothing about the rest."""

_BEAM = 6
_ALTERNATIVES = 5
_LEAST_GAIN = 2.0
"""Gain in nats, of both directions together, from which another translation replaces the engine's own."""


@dataclass(frozen=True, kw_only=True)
class BackTranslation:
    """The ``forward`` model of a pair and its ``backward`` model."""

    forward: MarianTranslator
    backward: MarianTranslator

    def judged(self, sentences: Sequence[str], translations: Sequence[str]) -> list[tuple[str, bool]]:
        """Return the translation of each sentence, or a better one, and whether it is doubtful."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1, user_api="blas"):  # the matrices are too small for a second thread to help
            scores = self.backward.quick_scores(list(zip(translations, sentences, strict=True)))
            return [
                self._best(sentence, translation)
                if _is_under(score, _WEAK_MEAN, _WEAK_TOKEN) and _is_judged(sentence, translation)
                else (translation, False)
                for sentence, translation, score in zip(sentences, translations, scores, strict=True)
            ]

    def _best(self, sentence: str, translation: str) -> tuple[str, bool]:
        """Return the most probable translation in both directions among the engine's own and those of a wider beam."""
        no_costs = [np.zeros(len(self.forward.target.pieces), np.float32)]
        found = self.forward.translations(sentence, no_costs, beam=_BEAM)
        if translation not in found:
            (score,) = self.forward.scores([(sentence, translation)])
            found[translation] = float(score.sum())
        others = sorted((text for text in found if any(map(str.isalnum, text))), key=found.__getitem__, reverse=True)
        texts = list(dict.fromkeys([translation, *others[:_ALTERNATIVES]]))
        backward = self.backward.quick_scores([(text, sentence) for text in texts])
        totals = [found[text] + float(score.sum()) for text, score in zip(texts, backward, strict=True)]
        best = max(range(len(texts)), key=lambda at: totals[at] + (_LEAST_GAIN if at == 0 else 0.0))
        return texts[best], _is_under(backward[best], _DOUBTFUL_MEAN, _DOUBTFUL_TOKEN)


def _is_judged(sentence: str, translation: str) -> bool:
    return _UNLIKE.search(sentence) is None and any(map(str.isalnum, translation))


def _is_under(score: Array, mean: float, token: float) -> bool:
    return bool(score.mean() < mean and score.min() < token)
