"""The two layers of the programme's mix, block by block: the background under its gains, and every line's speech."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dub_assets.core.errors import PermanentError
from dub_assets.core.ports import StageContext
from dub_assets.core.signal.level import factor
from dub_assets.core.signal.mixing import gate, spread
from dub_assets.core.signal.sound import Samples, Sound
from dub_assets.core.timing import FRAMES_PER_MS, SAMPLE_RATE_HZ, Interval, merged
from dub_assets.stages.products import Products
from dub_assets.stages.segment_mixes.options import MixOptions
from dub_assets.stages.segment_mixes.values import SegmentMix
from dub_assets.stages.tts_segments.values import TtsSegment

_BLOCK_FRAMES = 10 * SAMPLE_RATE_HZ
_FADE_MS = 50
"""Length of the fade into and out of a segment's background gain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A segment's speech and how it is mixed."""

    speech: TtsSegment
    mix: SegmentMix


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """A block of the programme at 48 kHz: both layers on the background's channels, of equal shape."""

    background: Samples
    speech: Samples


def layers(products: Products, *, options: MixOptions, ctx: StageContext) -> Iterator[Layers]:
    """Both layers from the beginning to the end; where no segment lies, the background is untouched."""
    parts = _parts(products)
    start = 0
    for block in ctx.sounds.blocks(ctx.workspace.open(products.stems.background)):
        samples = block.samples.copy()
        _set_gains(samples, start, parts)
        if options.duck_db:
            _duck(samples, start, parts, options)
        speech = np.zeros_like(samples)
        for part in parts:
            _add_speech(speech, start, part, ctx)
        yield Layers(background=samples, speech=speech)
        start += block.frames


def lines_alone(products: Products, *, ctx: StageContext) -> Iterator[Sound]:
    """Every line's speech in its place, at its segment's gain, over silence: mono, 48 kHz, in blocks."""
    parts, frames = _parts(products), products.stems.info.sound_frames
    for start in range(0, frames, _BLOCK_FRAMES):
        speech = np.zeros((min(_BLOCK_FRAMES, frames - start), 1), dtype=np.float32)
        for part in parts:
            _add_speech(speech, start, part, ctx)
        yield Sound(samples=speech, rate_hz=SAMPLE_RATE_HZ)


def _parts(products: Products) -> list[Part]:
    mixes = {mix.index: mix for mix in products.mixes.segments}
    if set(mixes) != {speech.index for speech in products.tts.segments}:
        raise PermanentError("segment_mixes are of other segments than tts_segments: make segment_mixes again")
    return [Part(speech=speech, mix=mixes[speech.index]) for speech in products.tts.segments]


def _set_gains(samples: Samples, start: int, parts: Sequence[Part]) -> None:
    for gain, windows in _windows_by_gain(parts).items():
        inside = gate(windows, ramp_ms=_FADE_MS, start_frame=start, frames=len(samples))
        samples *= (1.0 + (gain - 1.0) * inside)[:, None].astype(np.float32)


def _windows_by_gain(parts: Sequence[Part]) -> dict[float, list[Interval]]:
    """The windows of every background gain but 1; those of one gain that touch are one, without a dent between."""
    gains = {part.mix.gains.background for part in parts} - {1.0}
    return {
        gain: merged((part.mix.window for part in parts if part.mix.gains.background == gain), gap_ms=2 * _FADE_MS)
        for gain in sorted(gains)
    }


def _duck(samples: Samples, start: int, parts: Sequence[Part], options: MixOptions) -> None:
    """Lower the background under each line, in dB along the ramps; each line acts on its own surroundings alone."""
    inside = gate(
        (part.speech.placed for part in parts),
        ramp_ms=options.duck_attack_ms,
        release_ms=options.duck_release_ms,
        start_frame=start,
        frames=len(samples),
    )
    samples *= np.power(np.float32(factor(-options.duck_db)), inside)[:, None]


def _add_speech(samples: Samples, start: int, part: Part, ctx: StageContext) -> None:
    """Add what lies of a segment's speech in the block that begins at frame ``start``."""
    at = part.speech.window.start_ms * FRAMES_PER_MS - start
    longest = part.speech.window.duration_ms * FRAMES_PER_MS + SAMPLE_RATE_HZ
    if at >= len(samples) or at + longest <= 0:
        return
    speech = spread(ctx.sounds.read(ctx.workspace.open(part.speech.clip)), samples.shape[1]).samples
    first, last = max(0, at), min(len(samples), at + len(speech))
    if first < last:
        samples[first:last] += speech[first - at : last - at] * np.float32(part.mix.gains.speech)
