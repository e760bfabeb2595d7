"""When Dagster's daemon evaluates sensors: every 5 s, or at the next such time if the sensor is still busy.

If a tick ends just after a multiple of 5 s, nothing happens until the next multiple. So ticks end shortly before one.
"""

import math

_INTERVAL_S = 5.0
_MARGIN_S = 0.7
"""Dagster's own time to start a tick and to store its result."""


def rounded_to_ticks(seconds: float) -> float:
    """Return how long a tick of about ``seconds`` may take to end just before the next; 0 stays 0."""
    return math.ceil(seconds / _INTERVAL_S) * _INTERVAL_S - _MARGIN_S if seconds > 0 else 0.0


def left_until_tick(elapsed_s: float) -> float:
    """Return how long a tick that has taken ``elapsed_s`` may still take to end just before the next."""
    return rounded_to_ticks(elapsed_s + _MARGIN_S) - elapsed_s
