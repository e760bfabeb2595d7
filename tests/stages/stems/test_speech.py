"""Speech by several detectors, and vocals by their level."""

from __future__ import annotations

import numpy as np

from dub_assets.core.timing import Interval
from dub_assets.stages.stems.speech import VocalLevels, combined


def at(start_ms: int, end_ms: int) -> Interval:
    return Interval(start_ms=start_ms, end_ms=end_ms)


def test_other_detectors_add_what_is_not_the_edge_of_a_known_region():
    precise = [at(1000, 3000), at(6000, 7000)]
    others = [at(900, 3250), at(3900, 4500), at(5650, 7100), at(9000, 9050)]
    assert combined(precise, others) == [at(1000, 3000), at(3900, 4500), at(6000, 7000)]


def test_a_region_that_goes_on_far_beyond_a_known_one_is_added():
    assert combined([at(1000, 3000)], [at(1000, 8000)]) == [at(1000, 3000), at(3300, 8000)]


def test_without_a_precise_detector_the_others_decide():
    assert combined([], [at(500, 900), at(800, 2000)]) == [at(500, 2000)]


def loud(vocals, mixture, block: int) -> list[Interval]:
    levels = VocalLevels()
    for start in range(0, len(vocals), block):
        levels.add(mixture[start : start + block, None], vocals[start : start + block, None])
    return levels.loud()


def programme():
    """Return ten seconds: a voice from 2 to 5 s, and noise from 6 to 9 s of which a separator leaves little."""
    random = np.random.default_rng(1)
    vocals, mixture = np.zeros(480_000, np.float32), np.zeros(480_000, np.float32)
    vocals[96_000:240_000] = random.normal(0, 0.1, 144_000)
    mixture[:] = vocals
    mixture[288_000:432_000] = random.normal(0, 0.1, 144_000)
    vocals[288_000:432_000] = mixture[288_000:432_000] * 0.3
    return vocals, mixture


def test_vocals_are_loud_where_the_separator_leaves_most_of_the_sound():
    vocals, mixture = programme()
    (found,) = loud(vocals, mixture, 48_000)
    assert abs(found.start_ms - 2000) <= 100
    assert abs(found.end_ms - 5000) <= 100


def test_blocks_of_any_length_give_the_same_levels():
    vocals, mixture = programme()
    assert loud(vocals, mixture, 1234) == loud(vocals, mixture, 480_000)


def test_silence_is_not_loud():
    assert loud(np.zeros(48_000, np.float32), np.zeros(48_000, np.float32), 48_000) == []
