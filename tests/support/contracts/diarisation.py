"""Contract tests of diarisers. A test module defines the fixture ``diariser`` and subclasses the contract."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dub_assets.core.ports import Diariser
from dub_assets.core.signal.sound import Sound

RATE_HZ = 16_000
HUM_S, HISS_S = 6, 6


def two_voices() -> np.ndarray:
    """Return a hum, a hiss, and the hum again, six seconds each: as different as two speakers can be."""
    time = np.arange(HUM_S * RATE_HZ) / RATE_HZ
    hum = 0.2 * np.sin(2 * np.pi * 150 * time) * (1 + np.sin(2 * np.pi * 3 * time))
    hiss = 0.1 * np.random.default_rng(1).normal(size=HISS_S * RATE_HZ)
    return np.concatenate([hum, hiss, hum]).astype(np.float32)


def blocks(track: np.ndarray, frames: int = 10 * RATE_HZ, rate_hz: int = RATE_HZ) -> list[Sound]:
    """Return a mono track in blocks."""
    return [
        Sound(samples=track[start : start + frames, np.newaxis], rate_hz=rate_hz)
        for start in range(0, len(track), frames)
    ]


class DiariserContract:
    """What every diariser does, whatever its weights."""

    @pytest.mark.parametrize("count", [None, 1, 2, 3])
    def test_turns_are_sorted_disjoint_and_inside_the_programme(self, diariser: Diariser, count: int | None):
        turns = diariser.turns(blocks(two_voices()), count)
        assert turns
        assert all(turn.interval.duration_ms > 0 for turn in turns)
        assert all(one.interval.end_ms <= other.interval.start_ms for one, other in pairwise(turns))
        assert turns[-1].interval.end_ms <= len(two_voices()) * 1000 // RATE_HZ
        assert len({turn.speaker for turn in turns}) <= (count or len(turns))

    def test_block_length_does_not_change_the_turns(self, diariser: Diariser):
        turns = diariser.turns(blocks(two_voices()), 2)
        assert diariser.turns(blocks(two_voices(), 12_345), 2) == turns
        assert diariser.turns(iter(blocks(two_voices())), 2) == turns

    def test_diarises_again_after_closing(self, diariser: Diariser):
        turns = diariser.turns(blocks(two_voices()), 2)
        diariser.close()
        assert diariser.turns(blocks(two_voices()), 2) == turns
