"""The mix of the whole programme: the background under its gains, and every line's speech at its place.

Long programmes are mixed in blocks, so memory does not grow with their length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dub_assets.core.batches import prefetched
from dub_assets.core.errors import PermanentError
from dub_assets.core.media import MediaObject
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

STAGE = "final_video"

ENCODER_HEADROOM_DB = 0.5
"""Distance of the mix's true peak from the limit. AAC changes peaks, and a dub over the limit is encoded again."""

_BLOCK_FRAMES = 10 * SAMPLE_RATE_HZ
_FADE_MS = 50
"""Length of the fade into and out of a segment's background gain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixLayers:
    """A block of the programme: both layers at 48 kHz, of equal shape, on the channels of the background."""

    background: Samples
    speech: Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class _MixedLine:
    """A segment's speech and its mix."""

    speech: TtsSegment
    mix: SegmentMix


def mix_programme(products: Products, gain: ProgrammeGain, *, options: MixOptions, ctx: StageContext) -> MediaObject:
    """Write the mix of the programme before encoding: 48 kHz, the channels of the background.

    Outside the segments, the samples are those of the background times the programme gain, apart from limited peaks.
    Speech that no line replaces is part of the background.
    """
    key = ctx.keys.stem("mix")
    path = ctx.workspace.new(key)
    channels = ctx.sounds.channels(ctx.workspace.open(products.stems.background))
    blocks = prefetched(_mixed_blocks(products, gain, options, ctx))
    frames = 0
    with ctx.sounds.writer(path, channels=channels, rate_hz=SAMPLE_RATE_HZ) as file:
        for block in limit_true_peak(blocks, options.true_peak_dbtp - ENCODER_HEADROOM_DB):
            file.write(block)
            frames += block.frames
            ctx.progress.report(STAGE, frames // SAMPLE_RATE_HZ, products.stems.info.duration_ms // 1000)
    return ctx.workspace.seal(key)


def mix_layers(products: Products, *, options: MixOptions, ctx: StageContext) -> Iterator[MixLayers]:
    """Yield both layers from beginning to end. Outside the segments, the background is unchanged.

    Speech of the original that no line replaces is part of the background.
    """
    lines = _mixed_lines(products)
    kept = kept_of(products)
    start = 0
    for block in ctx.sounds.blocks(ctx.workspace.open(products.stems.background)):
        background = block.samples.copy()
        restore_original(background, start, kept, products.stems, ctx)
        _apply_background_gains(background, start, lines)
        if options.duck_db:
            _duck(background, start, lines, options)
        speech = np.zeros_like(background)
        for line in lines:
            _add_speech(speech, start, line, ctx)
        yield MixLayers(background=background, speech=speech)
        start += block.frames


def kept_of(products: Products) -> list[Interval]:
    """Return where the original's speech stays, because no line replaces it."""
    return kept_speech(products.stems, (line.segment for line in products.tts.segments))


def speech_only(products: Products, *, ctx: StageContext) -> Iterator[Sound]:
    """Yield every line's speech at its place and its segment's gain, over silence: blocks of mono at 48 kHz."""
    lines, frames = _mixed_lines(products), products.stems.info.sound_frames
    for start in range(0, frames, _BLOCK_FRAMES):
        speech = np.zeros((min(_BLOCK_FRAMES, frames - start), 1), dtype=np.float32)
        for line in lines:
            _add_speech(speech, start, line, ctx)
        yield Sound(samples=speech, rate_hz=SAMPLE_RATE_HZ)


def _mixed_blocks(products: Products, gain: ProgrammeGain, options: MixOptions, ctx: StageContext) -> Iterator[Sound]:
    speech_gain, programme_gain = np.float32(factor(gain.speech_db)), np.float32(factor(gain.programme_db))
    for layers in mix_layers(products, options=options, ctx=ctx):
        samples = layers.background + layers.speech * speech_gain
        yield Sound(samples=samples if programme_gain == 1.0 else samples * programme_gain, rate_hz=SAMPLE_RATE_HZ)


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
