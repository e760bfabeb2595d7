"""Chunks of speech that are short enough for a recogniser."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dub_assets.core.timing import Interval

QuietestPoint = Callable[[Interval], int]
"""Returns the time (ms) inside an interval at which the sound is quietest."""


def chunks(regions: Sequence[Interval], *, max_ms: int, quietest: QuietestPoint) -> list[Interval]:
    """Return intervals of at most ``max_ms`` that together cover the disjoint, sorted ``regions``.

    Neighbouring regions share a chunk as long as they fit, so that the recogniser has their context. A region longer
    than a chunk is cut at the quietest point of the chunk's last third.
    """
    result: list[Interval] = []
    for region in (part for whole in regions for part in _cut(whole, max_ms, quietest)):
        if result and region.end_ms - result[-1].start_ms <= max_ms:
            result[-1] = Interval(start_ms=result[-1].start_ms, end_ms=region.end_ms)
        else:
            result.append(region)
    return result


def _cut(region: Interval, max_ms: int, quietest: QuietestPoint) -> list[Interval]:
    parts: list[Interval] = []
    start = region.start_ms
    while region.end_ms - start > max_ms:
        search = Interval(start_ms=start + max_ms * 2 // 3, end_ms=start + max_ms)
        cut = min(max(quietest(search), search.start_ms), search.end_ms)
        parts.append(Interval(start_ms=start, end_ms=cut))
        start = cut
    return [*parts, Interval(start_ms=start, end_ms=region.end_ms)]
