"""The colours of spectrograms: from near black over violet and orange to pale yellow, ever lighter."""

from __future__ import annotations

from dub_assets.stages.report.page.png import Colour
from dub_assets.stages.report.values import SHADES

_ANCHORS: tuple[Colour, ...] = (
    (13, 15, 24),
    (48, 24, 96),
    (128, 38, 120),
    (212, 72, 88),
    (250, 146, 72),
    (253, 231, 160),
)


def _mixed(share: float) -> Colour:
    """The colour at a share of the way, 0 to 1."""
    at = min(int(share * (len(_ANCHORS) - 1)), len(_ANCHORS) - 2)
    inside = share * (len(_ANCHORS) - 1) - at
    low, high = _ANCHORS[at], _ANCHORS[at + 1]
    red, green, blue = (round(a + (b - a) * inside) for a, b in zip(low, high, strict=True))
    return red, green, blue


PALETTE: tuple[Colour, ...] = tuple(_mixed(shade / (SHADES - 1)) for shade in range(SHADES))
