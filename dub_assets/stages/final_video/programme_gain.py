"""The programme's gain: fixed when a job is first mixed, and kept when its segments are edited."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.ports import StageContext
from dub_assets.core.signal.loudness import (
    KWeighting,
    LayerPowers,
    Powers,
    hop_frames,
    integrated_lufs,
    loudness_powers,
    powers,
)
from dub_assets.stages.final_video.programme_layers import layers
from dub_assets.stages.final_video.values import ProgrammeGain
from dub_assets.stages.products import Products
from dub_assets.stages.segment_mixes.options import MixOptions
from dub_assets.stages.segment_mixes.values import Gains

_VERSION = 1

_MOST_SPEECH_DB = 3.0
"""How far all speech together is moved to make the dub as loud as the original."""

_LEFT_ALONE_LU = 0.2
"""A difference that is not worth a gain."""


def programme_gain(
    products: Products, *, options: MixOptions, ctx: StageContext, earlier: ProgrammeGain | None
) -> ProgrammeGain:
    """The earlier gain where it was fixed for this original, profile and these engines, whatever was edited since.

    So the samples outside an edited segment stay as they were. Else a new one: as loud as the original, by a gain on
    the speech alone, or as loud as the profile says, by one gain on everything.
    """
    mark = _mark(products, options)
    if earlier is not None and earlier.mark == mark:
        return earlier
    source, found = _measured(products, options, ctx)
    target = source if options.target_lufs is None else options.target_lufs
    speech_db = programme_db = 0.0
    if target is not None and found is not None:
        plain = found.lufs(0.0)
        if plain is not None and abs(plain - target) > _LEFT_ALONE_LU:
            if options.target_lufs is None:
                speech_db = found.speech_db_for(target, most_db=_MOST_SPEECH_DB)
            else:
                programme_db = target - plain
    elif target is not None and source is not None:
        programme_db = target - source
    return ProgrammeGain(
        source_lufs=None if source is None else round(source, 2),
        target_lufs=None if target is None else round(target, 2),
        speech_db=round(speech_db, 2),
        programme_db=round(programme_db, 2),
        mark=mark,
    )


def _mark(products: Products, options: MixOptions) -> str:
    """Over what the gain is fixed for: nothing that editors change is in it."""
    return fingerprint(
        "programme_gain",
        version=_VERSION,
        stems=[products.stems.original.sha256, products.stems.background.sha256],
        translation=products.translation.provenance.fingerprint,
        spoken_by=products.tts.provenance.engines,
        options=options,
    )


def _unedited(products: Products, options: MixOptions) -> Products:
    """The products with the job's own gains: what an editor sets for a segment is not made up for elsewhere."""
    usual = Gains(background=options.background_gain, speech=options.speech_gain)
    segments = tuple(replace(segment, gains=usual) for segment in products.mixes.segments)
    return replace(products, mixes=replace(products.mixes, segments=segments))


def _measured(products: Products, options: MixOptions, ctx: StageContext) -> tuple[float | None, LayerPowers | None]:
    """The original's loudness, and the powers of the mix's layers where anything is said: side by side."""
    original = ctx.sounds.blocks(ctx.workspace.open(products.stems.original))
    with ThreadPoolExecutor(max_workers=1) as pool:
        source = pool.submit(lambda: integrated_lufs(loudness_powers(original)))
        mixed = _layer_powers(_unedited(products, options), options, ctx) if products.tts.segments else None
        return source.result(), mixed


def _layer_powers(products: Products, options: MixOptions, ctx: StageContext) -> LayerPowers:
    of_background, of_speech = KWeighting(), KWeighting()
    found: list[tuple[Powers, Powers, Powers]] = []
    rest_background = rest_speech = np.zeros((0, 0), dtype=np.float32)
    for block in layers(products, options=options, ctx=ctx):
        background, speech = of_background.weigh(block.background), of_speech.weigh(block.speech)
        if len(rest_background):
            background, speech = np.concatenate([rest_background, background]), np.concatenate([rest_speech, speech])
        whole = hop_frames(len(background))
        rest_background, rest_speech = background[whole:], speech[whole:]
        background, speech = background[:whole], speech[:whole]
        found.append((powers(background, background), powers(background, speech), powers(speech, speech)))
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    return LayerPowers(background=columns[0], cross=columns[1], speech=columns[2])
