"""What every diariser does, whatever its weights: a test module binds ``diariser`` and subclasses this."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dub_assets.core.ports import Diariser
from dub_assets.core.signal.sound import Sound

RATE_HZ = 16_000
HUMMED_S, HISSED_S = 6, 6


def two_voices() -> np.ndarray:
    """A hum, a hiss, and the hum again, six seconds each: as unlike as two speakers can be."""
    time = np.arange(HUMMED_S * RATE_HZ) / RATE_HZ
    hum = 0.2 * np.sin(2 * np.pi * 150 * time) * (1 + np.sin(2 * np.pi * 3 * time))
    hiss = 0.1 * np.random.default_rng(1).normal(size=HISSED_S * RATE_HZ)
    return np.concatenate([hum, hiss, hum]).astype(np.float32)


def blocks(track: np.ndarray, frames: int = 10 * RATE_HZ, rate_hz: int = RATE_HZ) -> list[Sound]:
    """A mono track, block by block."""
    return [
        Sound(samples=track[start : start + frames, np.newaxis], rate_hz=rate_hz)
        for start in range(0, len(track), frames)
    ]


class DiariserContract:
    """Order, bounds, sameness, and what is not taken."""

    @pytest.mark.parametrize("count", [None, 1, 2, 3])
    def test_turns_are_in_order_apart_and_inside_the_programme(self, diariser: Diariser, count: int | None):
        turns = diariser.turns(blocks(two_voices()), count)
        assert turns
        assert all(turn.interval.duration_ms > 0 for turn in turns)
        assert all(one.interval.end_ms <= other.interval.start_ms for one, other in pairwise(turns))
        assert turns[-1].interval.end_ms <= len(two_voices()) * 1000 // RATE_HZ
        assert len({turn.speaker for turn in turns}) <= (count or len(turns))

    def test_one_programme_has_the_same_turns_however_it_is_cut(self, diariser: Diariser):
        turns = diariser.turns(blocks(two_voices()), 2)
        assert diariser.turns(blocks(two_voices(), 12_345), 2) == turns
        assert diariser.turns(iter(blocks(two_voices())), 2) == turns

    def test_a_closed_diariser_opens_again(self, diariser: Diariser):
        turns = diariser.turns(blocks(two_voices()), 2)
        diariser.close()
        assert diariser.turns(blocks(two_voices()), 2) == turns
