"""Shorter renderings of a sentence that lose nothing of it, found and judged with Marian models in both directions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dub_assets.core.chrf import chrf
from dub_assets.engines.firefox.marian_file import Array
from dub_assets.engines.firefox.marian_search import MarianLanguages
from dub_assets.engines.firefox.null_subjects import without_subjects
from dub_assets.text_normalisation.speaking_rate import syllables

_PRICES = tuple(map(np.float32, (0.4, 0.8, 1.2, 2.0)))
"""What a syllable costs in the search, in nats: one search each, the last ones for much shorter renderings."""

_BEAM = 8

_LOST = 3.0
"""A piece of the source is lost where the rendering makes it less likely by more than this (nats) than the full one.

Of 30 shorter renderings looked at, this kept those that say the same ("Não tínhamos" for "Nós não tínhamos") and
dropped those with another word ("fonte" for "primavera"), a word too few or no full stop: theirs is 3.2 to 18.
"""

_UNLIKELY = 4.0
"""A rendering that is less likely than the likeliest by more than this (nats) is not well put."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_VOWELS = re.compile("[aeiouyáàâãäåéèêëíìîïóòôõöúùûüýæøœаеёиоуыэюяіїєαεηιουωάέήίόύώ]+")  # noqa: RUF001


@dataclass(frozen=True, kw_only=True)
class Shortener:
    """Finds shorter renderings with a model, and judges them with the one of the other direction.

    ``language`` is the one of the renderings.
    """

    forward: MarianLanguages
    backward: MarianLanguages
    language: str

    def shorter(self, sentence: str, full: str, *, most: int) -> tuple[str, ...]:
        """At most ``most`` renderings of a sentence, each with fewer syllables and letters than the one before.

        On one thread: the network's matrices are so small that a second one only waits.
        """
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1, user_api="blas"):
            return self._found(sentence, full, most)

    def _found(self, sentence: str, full: str, most: int) -> tuple[str, ...]:
        found = self.forward.translations(sentence, [self._syllables * price for price in _PRICES], beam=_BEAM)
        likeliest = max(found.values())
        likely = [text for text, chance in found.items() if chance >= likeliest - _UNLIKELY]
        bare = [text for one in (full, *likely) for text in without_subjects(one, self.language)]
        ranked = sorted(  # of equal ones the first that was found: sets have another order in every process
            dict.fromkeys([*likely, *bare]), key=lambda text: (-syllables(text, self.language), -chrf(text, full))
        )
        known = self.backward.likelihoods(full, sentence)
        result: list[str] = []
        for text in ranked:
            shorter = len(result) < most and self._is_shorter(text, result[-1] if result else full)
            if shorter and _translated(text, sentence, full) and self._keeps_all(text, sentence, known):
                result.append(text)
        return tuple(result)

    def _is_shorter(self, text: str, before: str) -> bool:
        fewer = syllables(text, self.language) < syllables(before, self.language)
        return fewer and len(text) <= len(before) and any(map(str.isalnum, text))

    def _keeps_all(self, text: str, sentence: str, known: Array) -> bool:
        return float((known - self.backward.likelihoods(text, sentence)).max()) <= _LOST

    @cached_property
    def _syllables(self) -> Array:
        """About how many syllables each piece has."""
        pieces = self.forward.target.pieces
        return np.array([len(_VOWELS.findall(piece.casefold())) for piece in pieces], np.float32)


def _translated(text: str, sentence: str, full: str) -> bool:
    """Whether a rendering leaves no word of the source as it is, but for those that the full one leaves too."""
    given, source, wanted = (set(_WORD.findall(one.casefold())) for one in (text, sentence, full))
    return given & source <= wanted


def combined(sentences: Sequence[str], shorter: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Shorter renderings of several sentences together, from those of each: all give way a step at a time."""
    steps = max(map(len, shorter), default=0)
    choices = [[full, *less] for full, less in zip(sentences, shorter, strict=True)]
    return tuple(
        " ".join(filter(None, (texts[min(step, len(texts) - 1)] for texts in choices))) for step in range(1, steps + 1)
    )
