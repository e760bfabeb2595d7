from __future__ import annotations

import math

from dub_assets.core.timing import Interval
from dub_assets.stages.tts_segments.voice_references import SegmentClarity, reference_stretches


def clarity(
    index: int,
    start_ms: int,
    end_ms: int,
    *,
    clearance_db: float = 30.0,
    leftover_db: float = -40.0,
    probability: float | None = 1.0,
) -> SegmentClarity:
    return SegmentClarity(
        index=index,
        interval=Interval(start_ms=start_ms, end_ms=end_ms),
        probability=probability,
        clearance_db=clearance_db,
        leftover_db=leftover_db,
    )


def stretches_of(*segments: SegmentClarity) -> list[tuple[int, int]]:
    return [(stretch.start_ms, stretch.end_ms) for stretch in reference_stretches(segments)]


def test_joins_neighbours_up_to_fifteen_seconds():
    assert stretches_of(clarity(0, 0, 4_000), clarity(1, 4_500, 9_000), clarity(2, 9_800, 14_900)) == [(0, 14_900)]
    assert stretches_of(clarity(0, 0, 4_000), clarity(1, 4_500, 9_000), clarity(2, 9_800, 15_100)) == [(4_500, 15_100)]


def test_does_not_join_across_a_long_pause_or_another_speaker():
    assert stretches_of(clarity(0, 0, 7_000), clarity(1, 8_001, 14_000)) == [(0, 7_000)]
    assert stretches_of(clarity(0, 0, 7_000), clarity(2, 7_500, 14_000)) == [(0, 7_000)]
    assert stretches_of(clarity(0, 0, 7_000), clarity(1, 8_000, 14_000)) == [(0, 14_000)]


def test_takes_the_cleanest_of_equally_long_stretches():
    first, clean = (0, 7_000), (20_000, 27_000)
    for worse in ({"clearance_db": 20.0}, {"leftover_db": -30.0}, {"probability": 0.7}):
        assert stretches_of(clarity(0, *first, **worse), clarity(5, *clean)) == [clean]
        assert stretches_of(clarity(0, *first), clarity(5, *clean, **worse)) == [first]


def test_does_not_join_a_neighbour_that_is_not_clean():
    dirty = {"clearance_db": 8.0, "leftover_db": -20.0}
    assert stretches_of(clarity(0, 0, 7_000), clarity(1, 7_100, 10_000, **dirty)) == [(0, 7_000)]


def test_speech_without_background_is_clean():
    assert stretches_of(clarity(0, 0, 7_000, clearance_db=math.inf, leftover_db=-math.inf)) == [(0, 7_000)]
    assert stretches_of(clarity(0, 0, 7_000, probability=None)) == [(0, 7_000)]


def test_adds_short_stretches_up_to_six_seconds():
    apart = [clarity(index, index * 10_000, index * 10_000 + 2_500) for index in range(0, 10, 2)]
    assert stretches_of(*apart) == [(0, 2_500), (20_000, 22_500), (40_000, 42_500)]


def test_adds_the_cleanest_short_stretches():
    apart = [
        clarity(index, index * 10_000, index * 10_000 + 3_000, clearance_db=db)
        for index, db in ((0, 10.0), (2, 29.0), (4, 20.0), (6, 28.0))
    ]
    assert stretches_of(*apart) == [(20_000, 23_000), (60_000, 63_000)]


def test_never_takes_more_than_fifteen_seconds():
    stretches = reference_stretches(
        [
            clarity(0, 0, 5_900),
            clarity(3, 30_000, 45_000, leftover_db=20.0),
            clarity(6, 60_000, 61_000, leftover_db=40.0),
        ]
    )
    assert sum(stretch.duration_ms for stretch in stretches) == 15_000


def test_takes_everything_between_two_and_six_seconds():
    assert stretches_of(clarity(0, 0, 1_000), clarity(2, 5_000, 6_200)) == [(0, 1_000), (5_000, 6_200)]
    assert stretches_of(clarity(0, 0, 2_000)) == [(0, 2_000)]


def test_has_no_reference_under_two_seconds():
    assert stretches_of(clarity(0, 0, 1_000), clarity(2, 5_000, 5_900)) == []
    assert stretches_of() == []


def test_never_takes_uncertain_or_soft_speech():
    assert stretches_of(clarity(0, 0, 9_000, probability=0.49)) == []
    assert stretches_of(clarity(0, 0, 9_000, clearance_db=-0.1)) == []
    assert stretches_of(clarity(0, 0, 9_000, probability=0.5, clearance_db=0.0)) == [(0, 9_000)]
    assert stretches_of(clarity(0, 0, 7_000), clarity(1, 7_100, 8_000, probability=0.1), clarity(2, 8_100, 14_000)) == [
        (0, 7_000)
    ]


def test_cuts_a_segment_longer_than_fifteen_seconds():
    assert stretches_of(clarity(0, 1_000, 21_000)) == [(1_000, 16_000)]
