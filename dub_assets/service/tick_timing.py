"""When Dagster's daemon turns to its sensors: every five seconds, and to one that is busy then at the next turn.

A look that lasts a little over some turns leaves its queue or its runs alone until the next; so looks end just before.
"""

import math

_TURN_S = 5.0
_MARGIN_S = 0.7
"""What Dagster takes to start a look and to be done with it."""


def rounded_to_turns(seconds: float) -> float:
    """How long a look may last that is to last so many seconds, and to be over before a turn; 0 stays 0."""
    return math.ceil(seconds / _TURN_S) * _TURN_S - _MARGIN_S if seconds > 0 else 0.0


def left_of_turn(elapsed_s: float) -> float:
    """How long a look may go on that has lasted ``elapsed_s`` already."""
    return rounded_to_turns(elapsed_s + _MARGIN_S) - elapsed_s
