"""The background of a dub: the original without the speech that lines replace.

The background stem has no vocals wherever someone speaks. Where no line replaces them, the original stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from dub_assets.core.ports import StageContext
from dub_assets.core.signal.mixing import gate
from dub_assets.core.signal.sound import Samples
from dub_assets.core.timing import FRAMES_PER_MS, Interval, covered_ms, merged, without
from dub_assets.stages.stems.values import CLOSED_GAP_MS, Stems, vocal_intervals

_LINE_MARGIN_MS = 200
"""Time around the original of a line in which its vocals are removed too: onsets, ends and breath."""

_SHORTEST_MS = 250
"""Shorter speech beside the original of a line belongs to it: the end of its last word, or breath."""

_FADE_MS = 50
"""Length of the fade between the original and the background; inside the margin of a line."""


def kept_speech(stems: Stems, lines: Iterable[Interval]) -> list[Interval]:
    """Return the sorted, disjoint intervals in which the original's vocals stay, because no line replaces them.

    ``lines`` are the times of the original speech that has a line.
    """
    duration_ms = stems.info.duration_ms
    # The stems have fades of their own around each interval.
    regions = [interval.widened(_FADE_MS, duration_ms) for interval in vocal_intervals(stems.speech, duration_ms)]
    return _without_lines(regions, stems.speech, lines, stems)


def undubbed_speech(stems: Stems, lines: Iterable[Interval]) -> list[Interval]:
    """Return the sorted, disjoint stretches of speech without a line, and of vocals that no detector took for speech.

    Each of them stays in the dub as it is in the original.
    """
    heard = merged([*stems.speech, *stems.loud_vocals])
    return _without_lines(merged(heard, gap_ms=CLOSED_GAP_MS), heard, lines, stems)


def restore_original(
    background: Samples, start_frame: int, kept: Sequence[Interval], stems: Stems, ctx: StageContext
) -> None:
    """Put the original into a block of the background inside the kept intervals.

    The block begins at ``start_frame``, which is a whole millisecond.
    """
    start_ms = start_frame // FRAMES_PER_MS
    block = Interval(start_ms=start_ms, end_ms=start_ms + -(-len(background) // FRAMES_PER_MS))
    near = [interval for interval in kept if block.widened(_FADE_MS, block.end_ms + _FADE_MS).overlap_ms(interval)]
    if near:
        original = ctx.sounds.read(ctx.workspace.open(stems.original), block).samples[: len(background)]
        share = gate(near, ramp_ms=_FADE_MS, start_frame=start_frame, frames=len(background))[:, np.newaxis]
        background[:] = np.where(share == 1.0, original, background + (original - background) * share)


def _without_lines(
    regions: Iterable[Interval], speech: Sequence[Interval], lines: Iterable[Interval], stems: Stems
) -> list[Interval]:
    """Return the regions without a line, and of all others the parts beside their lines that hold enough speech."""
    replaced = merged(line.widened(_LINE_MARGIN_MS, stems.info.duration_ms) for line in lines)
    stretches: list[Interval] = []
    for region in regions:
        parts = without(region, replaced)
        is_whole = parts == [region]
        stretches += [part for part in parts if is_whole or covered_ms(part, speech) >= _SHORTEST_MS]
    return stretches
