"""The whole programme's mix: both layers under the programme's gain, limited, as one sound file."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dub_assets.core.batches import one_ahead
from dub_assets.core.media import MediaObject
from dub_assets.core.ports import StageContext
from dub_assets.core.signal.level import factor
from dub_assets.core.signal.limiter import limit_true_peak
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import SAMPLE_RATE_HZ
from dub_assets.stages.final_video.programme_layers import layers
from dub_assets.stages.final_video.values import ProgrammeGain
from dub_assets.stages.products import Products
from dub_assets.stages.segment_mixes.options import MixOptions

STAGE = "final_video"

ENCODER_ROOM_DB = 0.5
"""How far under the limit the mix is kept: AAC moves peaks, and a dub that is over the limit is encoded again."""


def mix_programme(products: Products, gain: ProgrammeGain, *, options: MixOptions, ctx: StageContext) -> MediaObject:
    """Write the mix of the programme, before encoding: 48 kHz, the background's channels.

    Worked through in blocks. Where no segment lies, the samples are the background's times the programme's gain (but
    for peaks over the limit).
    """
    mixed = one_ahead(_mixed(products, gain, options, ctx))
    channels = ctx.sounds.channels(ctx.workspace.open(products.stems.background))
    path = ctx.workspace.new(ctx.keys.stem("mix"))
    done = 0
    with ctx.sounds.writer(path, channels=channels, rate_hz=SAMPLE_RATE_HZ) as file:
        for block in limit_true_peak(mixed, options.true_peak_dbtp - ENCODER_ROOM_DB):
            file.write(block)
            done += block.frames
            ctx.progress.report(STAGE, done // SAMPLE_RATE_HZ, products.stems.info.duration_ms // 1000)
    return ctx.workspace.seal(ctx.keys.stem("mix"))


def _mixed(products: Products, gain: ProgrammeGain, options: MixOptions, ctx: StageContext) -> Iterator[Sound]:
    on_speech, on_all = np.float32(factor(gain.speech_db)), np.float32(factor(gain.programme_db))
    for block in layers(products, options=options, ctx=ctx):
        samples = block.background + block.speech * on_speech
        yield Sound(samples=samples if on_all == 1.0 else samples * on_all, rate_hz=SAMPLE_RATE_HZ)
