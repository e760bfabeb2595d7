"""Times as the page shows them."""

from __future__ import annotations


def clock(ms: int) -> str:
    """Minutes and seconds, hours where there are any: ``1:02:03.4``."""
    tenths = ms // 100
    hours, minutes, seconds = tenths // 36_000, tenths // 600 % 60, f"{tenths // 10 % 60:02}.{tenths % 10}"
    return f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"
