"""chrF: similarity of two texts by their character n-grams."""

from __future__ import annotations

from collections import Counter

_ORDER = 6
_BETA = 2.0


def chrf(text: str, reference: str) -> float:
    """Return the mean F-score of character n-grams of order 1 to 6, from 0 to 100 (chrF2; Popović, WMT 2015).

    Recall weighs twice. Spaces do not count. Orders for which one of the texts is too short are left out.
    """
    scores = []
    for order in range(1, _ORDER + 1):
        grams, reference_grams = _grams(text, order), _grams(reference, order)
        if not grams or not reference_grams:
            break
        common = (grams & reference_grams).total()
        precision, recall = common / grams.total(), common / reference_grams.total()
        weight = _BETA**2 * precision + recall
        scores.append((1 + _BETA**2) * precision * recall / weight if weight else 0.0)
    return 100 * sum(scores) / len(scores) if scores else 0.0


def _grams(text: str, order: int) -> Counter[str]:
    letters = "".join(text.casefold().split())
    return Counter(letters[at : at + order] for at in range(len(letters) - order + 1))
