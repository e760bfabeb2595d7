"""How much of a text another one keeps."""

from __future__ import annotations

from collections import Counter

_ORDER = 6
_BETA = 2.0


def chrf(text: str, reference: str) -> float:
    """Mean F-score of character n-grams, recall weighing twice, from 0 to 100 (chrF2; Popović, WMT 2015).

    Spaces do not count; orders that a text is too short for are left out.
    """
    scores = []
    for order in range(1, _ORDER + 1):
        given, wanted = _grams(text, order), _grams(reference, order)
        if not given or not wanted:
            break
        common = (given & wanted).total()
        precision, recall = common / given.total(), common / wanted.total()
        weight = _BETA**2 * precision + recall
        scores.append((1 + _BETA**2) * precision * recall / weight if weight else 0.0)
    return 100 * sum(scores) / len(scores) if scores else 0.0


def _grams(text: str, order: int) -> Counter[str]:
    letters = "".join(text.casefold().split())
    return Counter(letters[at : at + order] for at in range(len(letters) - order + 1))
