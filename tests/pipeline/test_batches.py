from __future__ import annotations

import pytest
from fakes import FakeProgress

from dub_assets.domain.errors import DeviceMemoryError
from dub_assets.pipeline.batches import in_batches


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
