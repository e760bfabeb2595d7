"""How much of one sound is left in another."""

from __future__ import annotations

import numpy as np

from dub_assets.core.signal.level import decibels
from dub_assets.core.signal.sound import Sound

_FLOOR_DB = -60.0


def leakage_db(sound: Sound, of: Sound) -> float | None:
    """The level at which ``of`` is inside ``sound``, over its own level, in dB; None where ``of`` is silent.

    It is the part of ``sound`` that goes with ``of``, by projection: for the two parts of a separation an estimate of
    what was left of the one in the other, a dB or two too high where some of the other was taken away with it.
    Both have equal shape. Never under -60 dB, where chance decides.
    """
    one, other = (each.samples.astype(np.float64).ravel() for each in (sound, of))
    energy = float(other @ other)
    if energy == 0.0:
        return None
    return max(_FLOOR_DB, decibels(abs(float(one @ other)) / energy))
