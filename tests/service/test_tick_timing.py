"""Looks that are over just before Dagster turns to its sensors, every five seconds."""

from __future__ import annotations

import pytest

from dub_assets.service.tick_timing import left_until_tick, rounded_to_ticks


@pytest.mark.parametrize(("wanted_s", "lasting_s"), [(0, 0.0), (1, 4.3), (5, 4.3), (8, 9.3), (20, 19.3)])
def test_a_look_is_rounded_to_turns(wanted_s: int, lasting_s: float):
    assert rounded_to_ticks(wanted_s) == pytest.approx(lasting_s)


@pytest.mark.parametrize(("elapsed_s", "left_s"), [(0.0, 4.3), (4.2, 0.1), (4.4, 4.9), (20.2, 4.1)])
def test_a_look_goes_on_until_just_before_a_turn(elapsed_s: float, left_s: float):
    assert left_until_tick(elapsed_s) == pytest.approx(left_s)
