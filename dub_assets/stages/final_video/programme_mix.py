"""The mix of the programme: the background under its gains, and every line's speech at its place.

Any interval of a programme can be mixed by itself, so memory does not grow with its length, and an edit mixes only what
it changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.errors import PermanentError
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.ports import StageContext
from dub_assets.core.signal.level import factor
from dub_assets.core.signal.limiter import limit_true_peak
from dub_assets.core.signal.mixing import gate, spread
from dub_assets.core.signal.sound import Samples, Sound
from dub_assets.core.timing import FRAMES_PER_MS, SAMPLE_RATE_HZ, Interval, merged
from dub_assets.stages.final_video.values import ProgrammeGain
from dub_assets.stages.products import Products
from dub_assets.stages.segment_mixes.background import kept_speech, restore_original
from dub_assets.stages.segment_mixes.options import MixOptions
from dub_assets.stages.segment_mixes.values import SegmentMix
from dub_assets.stages.tts_segments.values import TtsSegment

ENCODER_HEADROOM_DB = 0.5
"""Distance of the mix's true peak from the limit. AAC changes peaks, and a dub over the limit is encoded again."""

_VERSION = 1
"""Version of the mix: part of the fingerprint of every interval."""

_BLOCK_MS = 10_000
_FADE_MS = 50
"""Length of the fade into and out of a segment's background gain."""

_MARGIN_MS = 1_000
"""Time around a line that it may change: its fades, and a clip that is longer than its window."""

_LIMITER_MS = 2_000
"""Time after a peak in which the limiter may still lower the gain: it releases 60 dB a second."""
_LOOK_AHEAD_MS = 10
"""Time before a peak in which the limiter may lower the gain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixLayers:
    """An interval of the programme: both layers at 48 kHz, of equal shape, on the channels of the background."""

    background: Samples
    speech: Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class _MixedLine:
    """A segment's speech and its mix."""

    speech: TtsSegment
    mix: SegmentMix


class ProgrammeLayers:
    """Background and speech of a programme."""

    def __init__(self, products: Products, options: MixOptions, ctx: StageContext) -> None:
        self.products, self.options, self.ctx = products, options, ctx
        self._lines = _mixed_lines(products)
        self._kept = kept_of(products)
        windows = [(line.speech.window, line.speech.placed, line.mix.window) for line in self._lines]
        self._starts = _times([min(window.start_ms for window in each) for each in windows])
        self._ends = _times([max(window.end_ms for window in each) for each in windows])

    @property
    def duration_ms(self) -> int:
        """Length of the programme."""
        return self.products.stems.info.duration_ms

    def read(self, interval: Interval) -> MixLayers:
        """Return an interval of both layers. Outside the segments, the background is unchanged.

        Speech of the original that no line replaces is part of the background.
        """
        lines, start = self._near(interval), interval.start_frame
        stem = self.ctx.workspace.open(self.products.stems.background)
        background = self.ctx.sounds.read(stem, interval).samples
        restore_original(background, start, self._kept, self.products.stems, self.ctx)
        _apply_background_gains(background, start, lines)
        if self.options.duck_db:
            _duck(background, start, lines, self.options)
        speech = np.zeros_like(background)
        for line in lines:
            _add_speech(speech, start, line, self.ctx)
        return MixLayers(background=background, speech=speech)

    def blocks(self) -> Iterator[MixLayers]:
        """Yield both layers from beginning to end."""
        for block in blocks_of(self.duration_ms, _BLOCK_MS):
            yield self.read(block)

    def fingerprint(self, interval: Interval) -> str:
        """Return the fingerprint of everything that changes the layers of an interval."""
        lines = [
            (line.speech.clip.sha256, line.speech.placed, line.speech.window, line.mix.window, line.mix.gains)
            for line in self._near(interval)
        ]
        stems = self.products.stems
        near = interval.widened(_MARGIN_MS, self.duration_ms)
        kept = [stretch for stretch in self._kept if stretch.overlap_ms(near)]
        return fingerprint(
            "mix_layers",
            stems=[stems.background.sha256, stems.original.sha256],
            options=self.options,
            interval=interval,
            lines=lines,
            kept=kept,
        )

    def _near(self, interval: Interval) -> list[_MixedLine]:
        """Return the lines that change an interval, and some around it."""
        margin_ms = max(self.options.duck_attack_ms, self.options.duck_release_ms) + _MARGIN_MS
        near = (self._starts < interval.end_ms + margin_ms) & (self._ends > interval.start_ms - margin_ms)
        return [self._lines[number] for number in np.flatnonzero(near)]


def kept_of(products: Products) -> list[Interval]:
    """Return where the original's speech stays, because no line replaces it."""
    return kept_speech(products.stems, (line.segment for line in products.tts.segments))


def speech_only(products: Products, *, ctx: StageContext) -> Iterator[Sound]:
    """Yield every line's speech at its place and its segment's gain, over silence: blocks of mono at 48 kHz."""
    lines = _mixed_lines(products)
    for block in blocks_of(products.stems.info.duration_ms, _BLOCK_MS):
        speech = np.zeros((block.duration_ms * FRAMES_PER_MS, 1), dtype=np.float32)
        for line in lines:
            _add_speech(speech, block.start_frame, line, ctx)
        yield Sound(samples=speech, rate_hz=SAMPLE_RATE_HZ)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeMix:
    """The mix of a programme before it is encoded: 48 kHz, the channels of the background.

    Outside the segments, the samples are those of the background times the programme gain, apart from limited peaks.
    """

    layers: ProgrammeLayers
    gain: ProgrammeGain

    def read(self, interval: Interval) -> Sound:
        """Return an interval of the mix. Its samples do not depend on how the programme is cut into intervals.

        Peaks are limited to 0.5 dB under the limit of the options.
        """
        context = self._context(interval)
        layers = self.layers.read(context)
        samples = layers.background + layers.speech * np.float32(factor(self.gain.speech_db))
        if self.gain.programme_db:
            samples *= np.float32(factor(self.gain.programme_db))
        ceiling_dbtp = self.layers.options.true_peak_dbtp - ENCODER_HEADROOM_DB
        (limited,) = limit_true_peak([Sound(samples=samples, rate_hz=SAMPLE_RATE_HZ)], ceiling_dbtp)
        start = interval.start_frame - context.start_frame
        wanted = limited.samples[start : start + interval.end_frame - interval.start_frame]
        return Sound(samples=wanted, rate_hz=SAMPLE_RATE_HZ)

    def blocks(self) -> Iterator[Sound]:
        """Yield the mix from beginning to end."""
        for block in blocks_of(self.layers.duration_ms, _BLOCK_MS):
            yield self.read(block)

    def fingerprint(self, interval: Interval) -> str:
        """Return the fingerprint of everything that changes the samples of an interval."""
        return fingerprint(
            "programme_mix",
            version=_VERSION,
            layers=self.layers.fingerprint(self._context(interval)),
            gain=[self.gain.speech_db, self.gain.programme_db],
        )

    def _context(self, interval: Interval) -> Interval:
        """Return an interval with the time around it whose peaks the limiter lowers it for."""
        return Interval(
            start_ms=max(0, interval.start_ms - _LIMITER_MS),
            end_ms=min(self.layers.duration_ms, interval.end_ms + _LOOK_AHEAD_MS),
        )


def blocks_of(duration_ms: int, block_ms: int) -> list[Interval]:
    """Return the blocks of a programme; the last one may be shorter."""
    starts = range(0, duration_ms, block_ms)
    return [Interval(start_ms=start, end_ms=min(start + block_ms, duration_ms)) for start in starts]


def _times(times_ms: Sequence[int]) -> NDArray[np.int64]:
    return np.array(times_ms, dtype=np.int64)


def _mixed_lines(products: Products) -> list[_MixedLine]:
    """Pair speech and mixes. Raise PermanentError if they are of different segments."""
    mixes = {mix.index: mix for mix in products.mixes.segments}
    if set(mixes) != {speech.index for speech in products.tts.segments}:
        raise PermanentError("segment_mixes and tts_segments have different segments: run segment_mixes again")
    return [_MixedLine(speech=speech, mix=mixes[speech.index]) for speech in products.tts.segments]


def _apply_background_gains(samples: Samples, start: int, lines: Sequence[_MixedLine]) -> None:
    """Multiply a block of the background, which begins at frame ``start``, by the gains of its segments."""
    for gain, windows in _windows_by_gain(lines).items():
        inside = gate(windows, ramp_ms=_FADE_MS, start_frame=start, frames=len(samples))
        samples *= (1.0 + (gain - 1.0) * inside)[:, None].astype(np.float32)


def _windows_by_gain(lines: Sequence[_MixedLine]) -> dict[float, list[Interval]]:
    """Return the windows of every background gain except 1. Windows of one gain that touch are joined."""
    gains = {line.mix.gains.background for line in lines} - {1.0}
    return {
        gain: merged((line.mix.window for line in lines if line.mix.gains.background == gain), gap_ms=2 * _FADE_MS)
        for gain in sorted(gains)
    }


def _duck(samples: Samples, start: int, lines: Sequence[_MixedLine], options: MixOptions) -> None:
    """Lower the background under each line, with ramps that are linear in dB."""
    inside = gate(
        (line.speech.placed for line in lines),
        ramp_ms=options.duck_attack_ms,
        release_ms=options.duck_release_ms,
        start_frame=start,
        frames=len(samples),
    )
    samples *= np.power(np.float32(factor(-options.duck_db)), inside)[:, None]


def _add_speech(samples: Samples, start: int, line: _MixedLine, ctx: StageContext) -> None:
    """Add the part of a line's speech that lies in the block that begins at frame ``start``."""
    offset = line.speech.window.start_ms * FRAMES_PER_MS - start
    max_frames = line.speech.window.duration_ms * FRAMES_PER_MS + SAMPLE_RATE_HZ
    if offset >= len(samples) or offset + max_frames <= 0:
        return
    speech = spread(ctx.sounds.read(ctx.workspace.open(line.speech.clip)), samples.shape[1]).samples
    first, last = max(0, offset), min(len(samples), offset + len(speech))
    if first < last:
        samples[first:last] += speech[first - offset : last - offset] * np.float32(line.mix.gains.speech)
