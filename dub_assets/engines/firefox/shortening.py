"""Shorter translations of a sentence that keep its meaning, checked by translating back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dub_assets.core.chrf import chrf
from dub_assets.engines.firefox.back_translation import BackTranslation
from dub_assets.engines.firefox.marian_file import Array
from dub_assets.engines.firefox.null_subjects import without_subjects
from dub_assets.text_normalisation.speaking_rate import syllables

_SYLLABLE_COSTS = tuple(map(np.float32, (0.4, 0.8, 1.2, 2.0)))
"""Cost of a syllable in nats, for one beam search each; higher costs find much shorter translations."""

_BEAM = 8

_MAX_TOKEN_LOSS = 3.0
"""Largest drop, in nats, of a source token's log probability from the full to the shorter translation.

In 30 shorter translations read by a person, this kept those with the same meaning ("Não tínhamos" for "Nós não
tínhamos") and dropped those with a wrong word ("fonte" for "primavera"), a missing word or no full stop, whose drop was
3.2 to 18.
"""

_MAX_TRANSLATION_LOSS = 4.0
"""Largest distance, in nats, from the most probable translation; less probable ones are badly worded."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_VOWELS = re.compile("[aeiouyáàâãäåéèêëíìîïóòôõöúùûüýæøœаеёиоуыэюяіїєαεηιουωάέήίόύώ]+")  # noqa: RUF001


@dataclass(frozen=True, kw_only=True)
class Shortener:
    """Finds shorter translations with the models of a pair whose target is ``language``."""

    models: BackTranslation
    language: str

    def shorter(self, sentence: str, full: str, *, limit: int) -> tuple[str, ...]:
        """Return up to ``limit`` translations shorter than ``full``, each with fewer syllables than the one before."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1, user_api="blas"):  # the matrices are too small for a second thread to help
            candidates = self._candidates(sentence, full)
            (full_scores,) = self.models.backward.scores([(full, sentence)])
            result: list[str] = []
            for text in candidates:
                is_shorter = len(result) < limit and self._is_shorter(text, result[-1] if result else full)
                if is_shorter and _is_translated(text, sentence, full) and self._keeps_all(text, sentence, full_scores):
                    result.append(text)
            return tuple(result)

    def _candidates(self, sentence: str, full: str) -> list[str]:
        """Return probable translations, also without their subjects: most syllables first, then closest to ``full``."""
        costs = [self._syllables_by_token * cost for cost in _SYLLABLE_COSTS]
        translations = self.models.forward.translations(sentence, costs, beam=_BEAM)
        best = max(translations.values())
        probable = [text for text, score in translations.items() if score >= best - _MAX_TRANSLATION_LOSS]
        subjectless = [text for base in (full, *probable) for text in without_subjects(base, self.language)]
        unique = dict.fromkeys([*probable, *subjectless])  # a set would order ties differently in each process
        return sorted(unique, key=lambda text: (-syllables(text, self.language), -chrf(text, full)))

    def _is_shorter(self, text: str, before: str) -> bool:
        fewer = syllables(text, self.language) < syllables(before, self.language)
        return fewer and len(text) <= len(before) and any(map(str.isalnum, text))

    def _keeps_all(self, text: str, sentence: str, full_scores: Array) -> bool:
        (scores,) = self.models.backward.scores([(text, sentence)])
        return float((full_scores - scores).max()) <= _MAX_TOKEN_LOSS

    @cached_property
    def _syllables_by_token(self) -> Array:
        """The approximate number of syllables of each token."""
        pieces = self.models.forward.target.pieces
        return np.array([len(_VOWELS.findall(piece.casefold())) for piece in pieces], np.float32)


def _is_translated(text: str, sentence: str, full: str) -> bool:
    """True if every source word left in ``text`` is also left in the full translation."""
    words, source_words, full_words = (set(_WORD.findall(value.casefold())) for value in (text, sentence, full))
    return words & source_words <= full_words
