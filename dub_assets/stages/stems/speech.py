"""Where someone speaks: by several detectors, and independently of them by the level of the separated vocals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.batches import prefetched
from dub_assets.core.ports import SpeechDetectors, StageContext, VoiceActivityDetector
from dub_assets.core.signal.sound import Samples
from dub_assets.core.timing import FRAMES_PER_MS, Interval, merged, without

_NEAR_MS = 300
"""Speech that only another detector finds counts from this distance on: nearer, it is the edge of a known region."""
_SHORTEST_MS = 60
"""Shorter additions are clicks."""

_FRAME_MS = 20
_WINDOW_FRAMES = 15
_LOUD_SHARE = 0.5
_BELOW_LOUDEST_DB = 25.0
_BELOW_MIXTURE_DB = 5.0
"""Vocals are loud in a window of 300 ms if half of its frames are at most 25 dB under the programme's loud vocals
(their 90th percentile), and at most 5 dB under the mixture. Separators leave less than that of noise and music."""
_CLOSED_GAP_MS = 300
_SILENCE_DB = -120.0


def find_speech(original: Path, vocals: Path, detectors: SpeechDetectors, ctx: StageContext) -> list[Interval]:
    """Return the sorted, disjoint intervals of speech in the programme.

    They are those of the precise detector, and what the others find apart from them.
    """

    def regions(detector: VoiceActivityDetector, path: Path) -> list[Interval]:
        blocks = ctx.sounds.blocks(path, rate_hz=detector.sample_rate_hz)
        return detector.regions(block.mono() for block in prefetched(blocks))

    return combined(
        regions(detectors.precise, vocals),
        [*regions(detectors.sensitive, vocals), *regions(detectors.original, original)],
    )


def combined(precise: Sequence[Interval], others: Iterable[Interval]) -> list[Interval]:
    """Return the precise regions, and the parts of other regions that are not merely their edges."""
    if not precise:
        return merged(others)
    known = merged(
        Interval(start_ms=max(0, region.start_ms - _NEAR_MS), end_ms=region.end_ms + _NEAR_MS) for region in precise
    )
    added = [part for region in merged(others) for part in without(region, known) if part.duration_ms >= _SHORTEST_MS]
    return merged([*precise, *added])


@dataclass(slots=True)
class VocalLevels:
    """Collects the levels of a programme's vocals and mixture, block by block."""

    _rest: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    _powers: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, mixture: Samples, vocals: Samples) -> None:
        """Add a block of each, at 48 kHz and of equal shape."""
        pair = np.stack([np.square(mixture).mean(axis=1), np.square(vocals).mean(axis=1)], axis=1)
        pair = np.concatenate([self._rest, pair])
        size = _FRAME_MS * FRAMES_PER_MS
        whole = len(pair) // size * size
        self._powers.append(pair[:whole].reshape(-1, size, 2).mean(axis=1, dtype=np.float64))
        self._rest = pair[whole:]

    def loud(self) -> list[Interval]:
        """Return where the vocals are loud: sorted, disjoint intervals."""
        powers = np.concatenate([np.zeros((0, 2)), *self._powers])
        levels = 10 * np.log10(np.maximum(powers, 10 ** (_SILENCE_DB / 10)))
        if not len(levels) or levels[:, 1].max() <= _SILENCE_DB:
            return []
        mixture, vocals = levels[:, 0], levels[:, 1]
        is_loud = (vocals > np.percentile(vocals, 90) - _BELOW_LOUDEST_DB) & (vocals > mixture - _BELOW_MIXTURE_DB)
        is_loud &= vocals > _SILENCE_DB
        share = np.convolve(is_loud, np.ones(_WINDOW_FRAMES) / _WINDOW_FRAMES, mode="same")
        frames = np.flatnonzero(share > _LOUD_SHARE).tolist()
        return merged(
            (Interval(start_ms=frame * _FRAME_MS, end_ms=(frame + 1) * _FRAME_MS) for frame in frames),
            gap_ms=_CLOSED_GAP_MS,
        )
