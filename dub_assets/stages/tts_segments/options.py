"""Every number that decides how speech is fitted to its slot: the options, and the limits that are fixed.

Two measures of speed:

- **Tempo** is what a listener hears: the length of a text at the language's ordinary rate
  (``text_normalisation/speaking_rate.py``) over the time that it takes.
- **Speed-up** is how much one voice is hurried: its natural length for a text over the time that it takes. A slow voice
  can need a speed-up of 1.3 to reach a tempo of 1.1.

In the order in which a line meets them:

1. The translator is asked for shorter renderings of lines that have more syllables than a voice at ``SLOW_VOICE_TEMPO``
   speaks in their time.
2. A rendering is chosen (``rendering_choice.py``) with ``SAME_MEANING_CHRF``, ``UNNOTICED_SPEED_UP``,
   ``TOLERABLE_SPEED_UP`` and ``BRISK_TEMPO``.
3. The engine is asked for the needed speed times ``SPEED_MARGIN``, at most its ``max_speed``
   (``SynthesiserCapabilities``), and within the limits of step 4 (``fitting.py``).
4. A stretch does the rest. Engine speed and stretch together stay within ``FitOptions.max_tempo`` and ``MAX_SPEED_UP``.
   Only a programme that is too short for all its lines exceeds them.
5. A line that was hurried over ``FitOptions.free_tempo``, or starts more than ``ON_TIME_MS`` off, is flagged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import FiniteFloat

from dub_assets.core.option import Seconds, option

SLOW_VOICE_TEMPO = 0.85
"""Natural rate of the slowest voice over the language's ordinary rate."""

SAME_MEANING_CHRF = 70.0
"""Least chrF of a shorter rendering against the full one that counts as saying the same: it misses a word at most."""

UNNOTICED_SPEED_UP = 1.15
"""Largest speed-up that listeners do not notice. A rendering within it is preferred to a shorter one."""

TOLERABLE_SPEED_UP = 1.3
"""Largest speed-up that is accepted to keep a rendering that says the same, if every rendering has to be hurried."""

BRISK_TEMPO = 1.2
"""Largest tempo that is accepted together with ``TOLERABLE_SPEED_UP``: brisk, and not yet fast."""

MAX_SPEED_UP = 1.6
"""Largest speed-up of any voice, however slow it is: faster speech is hard to follow."""

SPEED_MARGIN = 1.02
"""Factor on the speed that the engine is asked for: speech that turns out longer than predicted needs a stretch."""

ON_TIME_MS = 40
"""Largest deviation of a line's start that viewers do not see on the lips (EBU R 37: sound may be 40 ms early)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """Options of fitting; tempo is a factor over the language's ordinary speaking rate."""

    pause_ms: Annotated[int, Seconds(0, 2), option("FIT_PAUSE", "seconds kept between two lines")] = 80
    free_tempo: Annotated[
        FiniteFloat,
        option(
            "FIT_FREE_TEMPO", "tempo over the language's ordinary rate up to which a line is not flagged", ge=1, le=2
        ),
    ] = 1.25
    max_tempo: Annotated[
        FiniteFloat,
        option("FIT_MAX_TEMPO", "highest tempo; a line that needs more makes the next line start late", ge=1, le=2),
    ] = 1.35
