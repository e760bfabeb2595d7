"""Assignment of phrases to speakers: by groups of similar voices, then also by the order of turns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.signal.voiceprints import Voiceprint, clusters, ever_finer_clusters, mean_voiceprint
from dub_assets.stages.transcript.phrases import Phrase

VOICE_MS = 700
"""Shortest phrase by which a voice is recognised. Shorter phrases go to the speakers of longer ones."""
LEAST_SPEECH_MS = 2_500
"""Least speech of a speaker if the number of speakers is unknown: less is more often a cough than a person."""
LEAST_SPEECH_OF_KNOWN_MS = 1_000
"""Least speech of a speaker if the number of speakers is known."""

_EVIDENCE = 12.0
"""Points for a cosine of 1 over a second of speech; a phrase counts for two seconds at most."""
_CHANGE_AT_PAUSE, _CHANGE_WITHIN = 0.6, 3.0
"""Points that a change of speaker costs at a pause or after a sentence, and in the flow of speech."""
_ROUNDS = 3


def speakers_of_phrases(
    phrases: Sequence[Phrase], voices: Sequence[Voiceprint], *, count: int | None = None
) -> list[int]:
    """Return the speaker of each phrase, numbered from 0 in order of appearance.

    Longer phrases are grouped by voice into ``count`` speakers, or into as many as are heard. Then, in a few rounds,
    every phrase is assigned to the speaker that fits best by voice and order of turns.
    """
    long_phrases = [index for index, phrase in enumerate(phrases) if phrase.interval.duration_ms >= VOICE_MS]
    if not long_phrases or count == 1 or len(phrases) < 2:
        return [0] * len(phrases)
    lengths = np.array([phrase.interval.duration_ms for phrase in phrases], np.float64)
    groups = (
        _group_unknown_number(long_phrases, voices, lengths)
        if count is None
        else _group_known_number(long_phrases, voices, lengths, count)
    )
    all_voices = np.stack(voices)
    for _ in range(_ROUNDS):
        centres = np.stack([_centre(all_voices[members], lengths[members]) for members in groups])
        speakers = _most_likely(phrases, all_voices @ centres.T, lengths)
        members_now = _by_group(list(range(len(phrases))), speakers)
        if len(members_now) < len(groups):
            break
        groups = members_now
    order = {number: place for place, number in enumerate(dict.fromkeys(speakers))}
    return [order[number] for number in speakers]


def _group_unknown_number(
    long_phrases: Sequence[int], voices: Sequence[Voiceprint], lengths: NDArray[np.float64]
) -> list[list[int]]:
    """Return the phrases of each speaker with enough speech, or of the one with most."""
    groups = _by_group(long_phrases, clusters([voices[index] for index in long_phrases], list(lengths[long_phrases])))
    longest = max(groups, key=lambda members: lengths[members].sum())
    return [members for members in groups if lengths[members].sum() >= LEAST_SPEECH_MS] or [longest]


def _group_known_number(
    long_phrases: Sequence[int], voices: Sequence[Voiceprint], lengths: NDArray[np.float64], count: int
) -> list[list[int]]:
    """Return the phrases of ``count`` speakers, or of fewer if there are not as many phrases.

    Odd sounds become groups of their own before two similar voices do. Therefore the number of groups grows until
    ``count`` of them have enough speech. If that never happens, the division with most such groups is used, and its
    groups with most speech.
    """
    best, most = [], -1
    long_voices = [voices[index] for index in long_phrases]
    for numbers in ever_finer_clusters(long_voices, list(lengths[long_phrases]), count=count):
        groups = sorted(_by_group(long_phrases, numbers), key=lambda members: -lengths[members].sum())[:count]
        enough = sum(bool(lengths[members].sum() >= LEAST_SPEECH_OF_KNOWN_MS) for members in groups)
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
    """Return the mean voice, weighted by length."""
    return mean_voiceprint([(voices * lengths[:, np.newaxis]).sum(axis=0)])


def _most_likely(phrases: Sequence[Phrase], similarity: NDArray[np.float32], lengths: NDArray[np.float64]) -> list[int]:
    """Return the sequence of speakers with the most points (Viterbi): similarity, less the cost of changes."""
    points = _EVIDENCE * np.minimum(lengths, 2_000.0)[:, np.newaxis] / 1_000.0 * similarity
    best, came_from = points[0], []
    for index in range(1, len(phrases)):
        change = _CHANGE_AT_PAUSE if phrases[index].opens else _CHANGE_WITHIN
        other = int(best.argmax())
        stays = best >= best[other] - change
        came_from.append(np.where(stays, np.arange(len(best)), other))
        best = np.where(stays, best, best[other] - change) + points[index]
    speakers = [int(best.argmax())]
    for earlier in reversed(came_from):
        speakers.append(int(earlier[speakers[-1]]))
    return speakers[::-1]
