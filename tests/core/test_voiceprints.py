from __future__ import annotations

import numpy as np
import pytest

from dub_assets.core.signal.voiceprints import clusters, ever_finer_clusters, mean_voiceprint

RANDOM = np.random.default_rng(5)
PEOPLE = np.linalg.qr(RANDOM.standard_normal((64, 8)))[0].T
"""Eight directions at right angles."""


def in_groups(voices: list[np.ndarray], weights: list[float], count: int) -> list[int]:
    return next(ever_finer_clusters(voices, weights, count=count))


def voice_of(person: int, likeness: float = 0.8) -> np.ndarray:
    """A voice whose cosine with its person's direction is ``likeness``, and with the others' about none."""
    away = RANDOM.standard_normal(64)
    away -= PEOPLE.T @ (PEOPLE @ away)
    away /= np.linalg.norm(away)
    return (likeness * PEOPLE[person] + np.sqrt(1 - likeness**2) * away).astype(np.float32)


def test_voices_of_one_person_are_one():
    assert clusters([voice_of(0) for _ in range(30)], [1.0] * 30) == [0] * 30


@pytest.mark.parametrize("people", [2, 3, 8])
def test_people_are_numbered_as_they_appear(people: int):
    order = [5, *range(people)] if people > 5 else [people - 1, *range(people)]
    said = order + list(RANDOM.integers(0, people, 60))
    numbers = {person: place for place, person in enumerate(dict.fromkeys(said))}
    assert clusters([voice_of(person) for person in said], [1.0] * len(said)) == [numbers[person] for person in said]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_known_number_of_people_is_kept_to(count: int):
    assert len(set(in_groups([voice_of(0) for _ in range(9)], [1.0] * 9, count))) == count


def test_a_known_number_parts_voices_that_are_alike():
    twin = (PEOPLE[0] + 0.7 * PEOPLE[1]) / np.linalg.norm(PEOPLE[0] + 0.7 * PEOPLE[1])
    voices = [PEOPLE[0], twin, PEOPLE[0], twin, twin]
    assert clusters(voices, [1.0] * 5) == [0, 0, 0, 0, 0]
    assert in_groups(voices, [1.0] * 5, 2) == [0, 1, 0, 1, 1]


def test_groups_get_finer_one_by_one_and_one_voice_is_never_parted():
    voices = [PEOPLE[0], PEOPLE[1], PEOPLE[1], (PEOPLE[1] + 1.5 * PEOPLE[2]) / np.sqrt(3.25)]
    assert list(ever_finer_clusters(voices, [1.0] * 4, count=1)) == [[0, 0, 0, 0], [0, 1, 1, 1], [0, 1, 1, 2]]


def test_more_people_than_voices_are_as_many_as_voices():
    assert in_groups([voice_of(0), voice_of(1)], [1.0, 1.0], 7) == [0, 1]
    assert clusters([], []) == in_groups([], [], 2) == []


def test_the_chain_of_neighbours_joins_as_joining_the_nearest_of_all_does():
    """Average linkage, written the slow way."""
    voices = [voice_of(int(person), 0.75) for person in RANDOM.integers(0, 4, 25)]
    lengths = RANDOM.uniform(0.5, 4, 25)
    for count in range(1, 10):
        assert in_groups(voices, list(lengths), count) == slowly(np.stack(voices), lengths, count)


def slowly(voices: np.ndarray, lengths: np.ndarray, count: int) -> list[int]:
    alike = voices @ voices.T
    groups = [[index] for index in range(len(voices))]
    while len(groups) > count:
        pairs = [(i, j) for i in range(len(groups)) for j in range(i)]
        i, j = max(pairs, key=lambda pair: likeness(groups[pair[0]], groups[pair[1]], alike, lengths))
        groups[j] += groups.pop(i)
    number = {index: place for place, group in enumerate(groups) for index in group}
    order = {group: place for place, group in enumerate(dict.fromkeys(number[index] for index in range(len(voices))))}
    return [order[number[index]] for index in range(len(voices))]


def likeness(one: list[int], other: list[int], alike: np.ndarray, lengths: np.ndarray) -> float:
    shares = np.outer(lengths[one], lengths[other])
    return float((alike[np.ix_(one, other)] * shares).sum() / shares.sum())


def test_a_mean_voice_is_a_direction():
    mean = mean_voiceprint([3 * PEOPLE[0], PEOPLE[1]])
    assert mean == pytest.approx((PEOPLE[0] + PEOPLE[1]) / np.sqrt(2), abs=1e-6)
