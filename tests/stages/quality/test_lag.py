from __future__ import annotations

import numpy as np
import pytest

from dub_assets.core.signal.sound import Sound, silence
from dub_assets.stages.quality.lag import lag_frames


def sound(samples) -> Sound:
    return Sound(samples=np.asarray(samples, dtype=np.float32).reshape(len(samples), -1), rate_hz=48_000)


@pytest.mark.parametrize("lag", [-4_000, -1, 0, 1, 960, 9_999])
def test_finds_the_lag_to_the_frame_under_noise(lag):
    random = np.random.default_rng(1)
    programme = random.standard_normal(60_000)
    reference = programme[10_000:50_000]
    late = programme[10_000 - lag : 50_000 - lag] + random.standard_normal(40_000)
    assert lag_frames(sound(late), sound(reference)) == lag


def test_silence_has_no_lag():
    assert lag_frames(silence(100, 2, 48_000), sound(np.ones(100))) is None
    assert lag_frames(sound(np.ones(100)), silence(100, 1, 48_000)) is None
