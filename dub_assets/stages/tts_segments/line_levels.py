"""How loud each line of a dub is: as loud as the original's, within limits."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from dub_assets.stages.segment_mixes.options import MixOptions

CLEAR_DB = 6.0
"""How far over the background a soft line is kept, where that does not make it louder than soft."""


def line_levels(
    originals: Sequence[float | None], backgrounds: Sequence[float], options: MixOptions
) -> list[float | None]:
    """The active speech level (dBFS) of each line; None for all where no original has one.

    ``originals`` are the levels of the original speech, ``backgrounds`` those of what lies under it (dBFS). A line may
    be ``level_range_db`` louder than the median and ``soft_range_db`` softer; one softer than ``level_range_db`` keeps
    clear of the background, as far as that takes it no higher. A line whose original has no level is at the median.
    """
    known = [level for level in originals if level is not None]
    if not known:
        return [None] * len(originals)
    middle = median(known)
    high, soft = middle + options.level_range_db, middle - options.level_range_db
    lowest = min(soft, middle - options.soft_range_db)

    def held(level: float, background: float) -> float:
        return min(max(level, lowest, min(background + CLEAR_DB, soft)), high)

    return [
        round(held(middle if level is None else level, background), 2)
        for level, background in zip(originals, backgrounds, strict=True)
    ]
