from __future__ import annotations

from threading import Barrier, Event

import pytest
from support.fakes import FakeProgress

from dub_assets.core.batches import in_batches, map_in_order, prefetched
from dub_assets.core.errors import DeviceMemoryError


@pytest.mark.parametrize("threads", [1, 3])
def test_batches_that_do_not_fit_are_halved_and_results_stay_in_order(threads: int):
    def call(batch):
        if len(batch) > 2:
            raise DeviceMemoryError("out of memory")
        return [item * 10 for item in batch]

    progress = FakeProgress()
    made = in_batches(call, range(20), size=8, threads=threads, progress=progress, stage="stage")
    assert made == [item * 10 for item in range(20)]
    assert progress.reports == [("stage", 0, 20), ("stage", 8, 20), ("stage", 16, 20), ("stage", 20, 20)]


def test_an_item_that_does_not_fit_by_itself_is_an_error():
    def call(batch):
        raise DeviceMemoryError("out of memory")

    with pytest.raises(DeviceMemoryError):
        in_batches(call, range(3), size=2, progress=FakeProgress(), stage="stage")


def test_an_item_is_made_while_the_one_before_is_used():
    making = [Event() for _ in range(3)]

    def source():
        for number, event in enumerate(making):
            event.set()
            yield number

    used = []
    for number in prefetched(source()):
        assert all(event.wait(10) for event in making[: number + 2])
        used.append(number)
    assert used == [0, 1, 2]


def test_an_error_of_a_prefetched_item_is_raised_when_it_is_used():
    def source():
        yield 1
        raise DeviceMemoryError("out of memory")

    items = prefetched(source())
    assert next(items) == 1
    with pytest.raises(DeviceMemoryError):
        next(items)


def test_a_source_is_closed_with_those_who_read_ahead_of_it():
    closed = Event()

    def source():
        try:
            yield from range(10)
        finally:
            closed.set()

    items = prefetched(source())
    assert next(items) == 0
    items.close()
    assert closed.is_set()


def test_some_are_made_side_by_side_and_come_in_order():
    both = Barrier(2)

    def call(item):
        both.wait(10)
        return item * 10

    assert list(map_in_order(call, range(6), threads=2)) == [0, 10, 20, 30, 40, 50]


def test_who_stops_asking_has_no_more_made_than_are_under_way():
    made = []

    def call(item):
        made.append(item)
        return item

    results = map_in_order(call, range(100), threads=2)
    assert next(results) == 0
    results.close()
    assert set(made) <= {0, 1, 2}
