import pytest

from dub_assets.core.timing import Interval, covered_ms, frames_to_ms, merged, seconds


def interval(start_ms: int, end_ms: int) -> Interval:
    return Interval(start_ms=start_ms, end_ms=end_ms)


def test_an_interval_runs_forward_from_zero_or_later():
    for start_ms, end_ms in ((5, 4), (-1, 4)):
        with pytest.raises(ValueError, match="not an interval"):
            interval(start_ms, end_ms)


def test_a_millisecond_is_48_frames():
    assert (interval(1, 3).start_frame, interval(1, 3).end_frame) == (48, 144)


def test_widening_stays_inside_the_programme():
    assert interval(50, 900).widened(100, 1000) == interval(0, 1000)


def test_merging_sorts_joins_and_closes_gaps():
    parts = [interval(500, 600), interval(0, 100), interval(150, 300), interval(50, 120)]
    assert merged(parts) == [interval(0, 120), interval(150, 300), interval(500, 600)]
    assert merged(parts, gap_ms=30) == [interval(0, 300), interval(500, 600)]


def test_merging_keeps_an_interval_that_lies_inside_another():
    assert merged([interval(0, 1000), interval(100, 200)]) == [interval(0, 1000)]


def test_cover_counts_each_millisecond_once():
    assert covered_ms(interval(0, 100), [interval(0, 10), interval(90, 200)]) == 20


def test_conversions():
    assert frames_to_ms(47) == 0
    assert frames_to_ms(48_000) == 1000
    assert seconds(1234) == 1.234
