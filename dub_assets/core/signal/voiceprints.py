"""Voiceprints: voices as vectors, and their clustering by speaker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Voiceprint = NDArray[np.float32]
"""A voice as a vector of shape ``(dimensions,)``; embedders return vectors of length 1."""

Merge = tuple[float, int, int]
"""A merge of two clusters: their mean cosine, an index of the one, an index of the other."""

SAME_SPEAKER = 0.45
"""Mean cosine from which two clusters of phrases belong to one speaker.

Chosen on conversations built of recorded prompts (``benchmarks/quality/prompts.py`` measures the errors).
"""

ONE_VOICE = 0.6
"""Mean cosine from which two clusters are not separated, whatever number of speakers was requested."""


def mean_voiceprint(voices: Sequence[NDArray[np.floating]]) -> Voiceprint:
    """Return the mean direction of voices, of length 1."""
    total = np.sum([voice / np.linalg.norm(voice) for voice in voices], axis=0)
    return np.asarray(total / max(np.linalg.norm(total), 1e-9), np.float32)


def clusters(voices: Sequence[Voiceprint], weights: Sequence[float]) -> list[int]:
    """Return the speaker of each voice, numbered from 0 in order of appearance.

    Agglomerative clustering by the mean cosine between clusters (average linkage, weighted by ``weights``). The most
    similar clusters merge first, down to ``SAME_SPEAKER``.
    """
    merges = _merges(voices, weights)
    return _joined(len(voices), [merge for merge in merges if merge[0] >= SAME_SPEAKER])


def ever_finer_clusters(voices: Sequence[Voiceprint], weights: Sequence[float], *, count: int) -> Iterator[list[int]]:
    """Yield the same for ``count`` speakers, then one more at a time while that separates less than ``ONE_VOICE``."""
    merges = _merges(voices, weights)
    fewest = max(0, len(voices) - count)
    for joins in range(fewest, -1, -1):
        if joins < fewest and merges[joins][0] >= ONE_VOICE:
            return
        yield _joined(len(voices), merges[:joins])


def _joined(count: int, merges: Sequence[Merge]) -> list[int]:
    """Return the clusters of ``count`` voices after these merges."""
    group = np.arange(count)
    for _, first, second in merges:
        group[group == group[second]] = group[first]
    order = {number: place for place, number in enumerate(dict.fromkeys(group.tolist()))}
    return [order[number] for number in group.tolist()]


def _merges(voices: Sequence[Voiceprint], weights: Sequence[float]) -> list[Merge]:
    """Return all merges of the tree, the most similar first.

    The nearest-neighbour chain algorithm takes time proportional to the square of the number of voices.
    """
    if not voices:
        return []
    mean = (np.stack(voices) @ np.stack(voices).T).astype(np.float64)
    np.fill_diagonal(mean, -np.inf)
    weight, alive = np.array(weights, np.float64), list(range(len(weights)))
    merges: list[Merge] = []
    chain: list[int] = []
    while len(merges) < len(weights) - 1:
        if not chain:
            chain = [next(index for index in alive if weight[index] > 0)]
        last = chain[-1]
        nearest = int(mean[last].argmax())
        if len(chain) > 1 and mean[last, nearest] <= mean[last, chain[-2]]:
            first, second = chain[-2], chain[-1]
            del chain[-2:]
            merges.append((float(mean[first, second]), first, second))
            share = weight[first] / (weight[first] + weight[second])
            joined = share * mean[first] + (1 - share) * mean[second]
            mean[first], mean[:, first] = joined, joined
            mean[second], mean[:, second], mean[first, first] = -np.inf, -np.inf, -np.inf
            weight[first], weight[second] = weight[first] + weight[second], 0.0
        else:
            chain.append(nearest)
    return sorted(merges, reverse=True)
