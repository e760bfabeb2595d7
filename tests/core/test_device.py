from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from dub_assets.core.device import FittingBatches, ResidentModel, batch_size, compute_type_for, models_to_unload
from dub_assets.core.errors import DeviceMemoryError


@pytest.mark.parametrize(
    ("device", "capability", "wanted"),
    [
        ("cpu", None, "int8"),
        ("cuda:0", (9, 0), "float16"),
        ("cuda:0", (7, 0), "float16"),
        ("cuda:0", (6, 1), "float32"),
    ],
)
def test_the_arithmetic_is_what_the_device_is_fast_at(device, capability, wanted):
    assert compute_type_for(device, capability) == wanted


@pytest.mark.parametrize(("free_mib", "size"), [(100_000, 16), (10_000, 8), (2_000, 1), (200, 1), (0, 1), (None, 3)])
def test_a_batch_fills_the_free_memory_less_a_reserve(free_mib, size):
    assert batch_size(free_mib, item_mib=1000, most=16, otherwise=3) == size


def resident(need_mib: int, *, at_work: bool = False) -> ResidentModel:
    return ResidentModel(need_mib=need_mib, at_work=at_work)


def test_nobody_leaves_while_there_is_room():
    assert models_to_unload([resident(3000), resident(3000)], free_mib=4000, need_mib=4000) == []


def test_those_used_longest_ago_leave_first_and_no_more_than_needed():
    assert models_to_unload([resident(1000), resident(3000), resident(3000)], free_mib=500, need_mib=4000) == [0, 1]


def test_a_model_at_work_stays_and_all_others_leave_where_that_is_not_enough():
    assert models_to_unload([resident(9000, at_work=True), resident(1000)], free_mib=0, need_mib=4000) == [1]


def test_where_memory_is_not_managed_nobody_leaves():
    assert models_to_unload([resident(3000)], free_mib=None, need_mib=4000) == []


class Small:
    """A device that takes ``most`` items at once, and remembers what it was given."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.sizes: list[int] = []

    def __call__(self, items):
        self.sizes.append(len(items))
        if len(items) > self.most:
            raise DeviceMemoryError("out of memory")
        return [item * 10 for item in items]


def test_a_batch_that_does_not_fit_is_halved_and_later_ones_stay_small():
    device, fitting = Small(most=3), FittingBatches(8)
    assert fitting.results(device, range(20)) == [item * 10 for item in range(20)]
    assert device.sizes == [8, 4, *[2] * 10]
    assert fitting.results(device, range(4)) == [0, 10, 20, 30]
    assert device.sizes[-2:] == [2, 2]


def test_it_gives_up_at_a_single_item():
    device = Small(most=0)
    with pytest.raises(DeviceMemoryError):
        FittingBatches(5).results(device, range(5))
    assert device.sizes == [5, 2, 1]


def test_a_short_last_batch_that_does_not_fit_is_halved_from_its_own_length():
    device = Small(most=1)
    assert FittingBatches(16).results(device, range(3)) == [0, 10, 20]
    assert device.sizes == [3, 1, 1, 1]


def test_threads_share_what_one_of_them_learns():
    device, fitting = Small(most=2), FittingBatches(8)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda start: fitting.results(device, range(start, start + 8)), range(0, 64, 8)))
    assert made == [[item * 10 for item in range(start, start + 8)] for start in range(0, 64, 8)]
    assert device.sizes[-1] <= 2
