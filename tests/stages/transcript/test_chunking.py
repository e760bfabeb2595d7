from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dub_assets.core.timing import Interval, covered_ms, merged
from dub_assets.stages.transcript.chunking import chunks


def interval(start_ms: int, end_ms: int) -> Interval:
    return Interval(start_ms=start_ms, end_ms=end_ms)


def middle(search: Interval) -> int:
    return (search.start_ms + search.end_ms) // 2


def test_neighbours_share_a_chunk_if_they_fit():
    found_chunks = chunks([interval(0, 10), interval(12, 25), interval(26, 40)], max_ms=30, quietest=middle)
    assert found_chunks == [interval(0, 25), interval(26, 40)]


def test_cuts_a_long_region_at_its_quietest_point():
    assert chunks([interval(0, 100)], max_ms=60, quietest=lambda _: 47) == [interval(0, 47), interval(47, 100)]


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 3000)), max_size=20), st.integers(30, 500))
def test_chunks_cover_every_region_in_order_within_the_limit(parts: list[tuple[int, int]], max_ms: int):
    regions = merged(interval(start, start + length) for start, length in parts)
    found_chunks = chunks(regions, max_ms=max_ms, quietest=middle)
    assert all(chunk.duration_ms <= max_ms for chunk in found_chunks)
    assert all(one.end_ms <= two.start_ms for one, two in pairwise(found_chunks))
    assert all(covered_ms(region, found_chunks) == region.duration_ms for region in regions)
