from __future__ import annotations

import numpy as np
import pytest

from dub_assets.core.signal.level import leakage_db
from dub_assets.core.signal.sound import Sound, silence


def sound(samples) -> Sound:
    return Sound(samples=samples.astype(np.float32), rate_hz=48_000)


@pytest.mark.parametrize("left_db", [-40.0, -20.0, -6.0])
def test_measures_the_leakage_of_one_sound_into_another(left_db):
    random = np.random.default_rng(1)
    speech, bed = random.normal(0, 0.1, (480_000, 2)), random.normal(0, 0.05, (480_000, 2))
    left = 10 ** (left_db / 20)
    assert leakage_db(sound(bed + left * speech), sound(speech)) == pytest.approx(left_db, abs=1.5)


def test_of_silence_nothing_is_left_and_strangers_leave_next_to_nothing():
    random = np.random.default_rng(2)
    one, other = (sound(random.normal(0, 0.1, (480_000, 1))) for _ in range(2))
    assert leakage_db(one, silence(480_000, 1, 48_000)) is None
    assert leakage_db(one, other) < -50
    assert leakage_db(silence(480_000, 1, 48_000), other) == -60.0
