"""Who says which phrase: voices in groups, and then the order of turns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.signal.voiceprints import Voiceprint, clusters, ever_finer_clusters, mean_of
from dub_assets.stages.transcript.phrases import Phrase

TELLING_MS = 700
"""A phrase from this length on tells a voice; shorter ones go to the speakers that longer ones make known."""
LEAST_SPEECH_MS = 2_500
"""What a speaker says at least, where nobody said how many there are: less is more often a cough than a person."""
LEAST_OF_KNOWN_MS = 1_000
"""The same where their number is known."""

_EVIDENCE = 12.0
"""Points for a cosine of 1 over a second of speech; what a phrase can say is used up after two."""
_CHANGE_AT_PAUSE, _CHANGE_WITHIN = 0.6, 3.0
"""Points that a change of speaker costs at a pause or after a sentence, and in the flow of speech."""
_ROUNDS = 3


def speakers_of(phrases: Sequence[Phrase], voices: Sequence[Voiceprint], *, count: int | None = None) -> list[int]:
    """The speaker of each phrase, numbered from 0 in order of appearance.

    Longer phrases are grouped by voice into ``count`` speakers, or as many as are heard; then every phrase goes where
    voice and order of turns together say, in a few rounds.
    """
    telling = [index for index, phrase in enumerate(phrases) if phrase.interval.duration_ms >= TELLING_MS]
    if not telling or count == 1 or len(phrases) < 2:
        return [0] * len(phrases)
    lengths = np.array([phrase.interval.duration_ms for phrase in phrases], np.float64)
    groups = _heard(telling, voices, lengths) if count is None else _known(telling, voices, lengths, count)
    known = np.stack(voices)
    for _ in range(_ROUNDS):
        centres = np.stack([_centre(known[members], lengths[members]) for members in groups])
        told = _most_likely(phrases, known @ centres.T, lengths)
        members_now = _by_group(list(range(len(phrases))), told)
        if len(members_now) < len(groups):
            break
        groups = members_now
    order = {number: place for place, number in enumerate(dict.fromkeys(told))}
    return [order[number] for number in told]


def _heard(telling: Sequence[int], voices: Sequence[Voiceprint], lengths: NDArray[np.float64]) -> list[list[int]]:
    """The phrases of everyone who is heard for long enough, or of the one who is heard longest."""
    groups = _by_group(telling, clusters([voices[index] for index in telling], list(lengths[telling])))
    longest = max(groups, key=lambda members: lengths[members].sum())
    return [members for members in groups if lengths[members].sum() >= LEAST_SPEECH_MS] or [longest]


def _known(
    telling: Sequence[int], voices: Sequence[Voiceprint], lengths: NDArray[np.float64], count: int
) -> list[list[int]]:
    """The phrases of ``count`` speakers, or of fewer where there are not as many phrases.

    Odd sounds are groups of their own before two alike voices are: there are ever more groups, until ``count`` of them
    say enough. Where that never comes, those that say most are taken from the groups among which most say enough.
    """
    best, most = [], -1
    telling_voices = [voices[index] for index in telling]
    for found in ever_finer_clusters(telling_voices, list(lengths[telling]), count=count):
        groups = sorted(_by_group(telling, found), key=lambda members: -lengths[members].sum())[:count]
        enough = sum(bool(lengths[members].sum() >= LEAST_OF_KNOWN_MS) for members in groups)
        if enough > most:
            best, most = groups, enough
        if enough == count:
            break
    return best


def _by_group(indexes: Sequence[int], numbers: Sequence[int]) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for index, number in zip(indexes, numbers, strict=True):
        groups.setdefault(number, []).append(index)
    return [groups[number] for number in sorted(groups)]


def _centre(voices: NDArray[np.float32], lengths: NDArray[np.float64]) -> Voiceprint:
    """The mean voice, each counted by how long it was heard."""
    return mean_of([(voices * lengths[:, np.newaxis]).sum(axis=0)])


def _most_likely(phrases: Sequence[Phrase], alike: NDArray[np.float32], lengths: NDArray[np.float64]) -> list[int]:
    """The sequence of speakers with the most points (Viterbi): likeness, less what changes cost."""
    points = _EVIDENCE * np.minimum(lengths, 2_000.0)[:, np.newaxis] / 1_000.0 * alike
    best, came_from = points[0], []
    for index in range(1, len(phrases)):
        change = _CHANGE_AT_PAUSE if phrases[index].opens else _CHANGE_WITHIN
        other = int(best.argmax())
        stays = best >= best[other] - change
        came_from.append(np.where(stays, np.arange(len(best)), other))
        best = np.where(stays, best, best[other] - change) + points[index]
    told = [int(best.argmax())]
    for earlier in reversed(came_from):
        told.append(int(earlier[told[-1]]))
    return told[::-1]
