"""The constant gains of a programme: chosen when a job is first mixed, and kept when its segments are edited."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from dub_assets.core.batches import prefetched
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
from dub_assets.stages.final_video.programme_mix import ProgrammeLayers, kept_of
from dub_assets.stages.final_video.values import ProgrammeGain
from dub_assets.stages.products import Products
from dub_assets.stages.segment_mixes.options import MixOptions
from dub_assets.stages.segment_mixes.values import Gains

_VERSION = 1

_MAX_SPEECH_DB = 3.0
"""Largest change of all speech that makes the dub as loud as the original."""

_TOLERANCE_LU = 0.2
"""Difference from the target that is left as it is."""


def programme_gain(
    products: Products, *, options: MixOptions, ctx: StageContext, earlier: ProgrammeGain | None
) -> ProgrammeGain:
    """Return the earlier gain if the original, the options and the engines are the same; otherwise a new one.

    Edits keep the gain, so that samples outside the edited segments do not change. A new gain makes the dub as loud as
    the original, by a gain on the speech alone, or as loud as ``options.target_lufs``, by a gain on everything.
    """
    inputs_fingerprint = _fingerprint(products, options)
    if earlier is not None and earlier.mark == inputs_fingerprint:
        return earlier
    source_lufs, layers = _measure(products, options, ctx)
    target_lufs = source_lufs if options.target_lufs is None else options.target_lufs
    speech_db = programme_db = 0.0
    if target_lufs is not None and layers is not None:
        mix_lufs = layers.lufs(0.0)
        if mix_lufs is not None and abs(mix_lufs - target_lufs) > _TOLERANCE_LU:
            if options.target_lufs is None:
                speech_db = layers.speech_db_for(target_lufs, most_db=_MAX_SPEECH_DB)
            else:
                programme_db = target_lufs - mix_lufs
    elif target_lufs is not None and source_lufs is not None:
        programme_db = target_lufs - source_lufs
    return ProgrammeGain(
        source_lufs=None if source_lufs is None else round(source_lufs, 2),
        target_lufs=None if target_lufs is None else round(target_lufs, 2),
        speech_db=round(speech_db, 2),
        programme_db=round(programme_db, 2),
        mark=inputs_fingerprint,
    )


def _fingerprint(products: Products, options: MixOptions) -> str:
    """Return the fingerprint of what the gain is chosen for: nothing that editors change."""
    kept = kept_of(products)
    return fingerprint(
        "programme_gain",
        version=_VERSION,
        stems=[products.stems.original.sha256, products.stems.background.sha256],
        translation=products.translation.provenance.fingerprint,
        spoken_by=products.tts.provenance.engines,
        options=options,
        **({"kept": kept} if kept else {}),
    )


def _without_edited_gains(products: Products, options: MixOptions) -> Products:
    """Return the products with the job's own gains: the programme gain does not compensate for edits."""
    gains = Gains(background=options.background_gain, speech=options.speech_gain)
    segments = tuple(replace(segment, gains=gains) for segment in products.mixes.segments)
    return replace(products, mixes=replace(products.mixes, segments=segments))


def _measure(products: Products, options: MixOptions, ctx: StageContext) -> tuple[float | None, LayerPowers | None]:
    """Return the loudness of the original, and the powers of the mix's layers, None without any line."""
    original = ctx.sounds.blocks(ctx.workspace.open(products.stems.original))
    with ThreadPoolExecutor(max_workers=1) as pool:
        source_lufs = pool.submit(lambda: integrated_lufs(loudness_powers(original)))
        unedited = _without_edited_gains(products, options)
        layers = _layer_powers(unedited, options, ctx) if products.tts.segments else None
        return source_lufs.result(), layers


def _layer_powers(products: Products, options: MixOptions, ctx: StageContext) -> LayerPowers:
    """Return the K-weighted powers of both layers and of their product, hop by hop."""
    background_weighting, speech_weighting = KWeighting(), KWeighting()
    hops: list[tuple[Powers, Powers, Powers]] = []
    rest_background = rest_speech = np.zeros((0, 0), dtype=np.float32)
    for block in prefetched(ProgrammeLayers(products, options, ctx).blocks()):
        background = background_weighting.weigh(block.background)
        speech = speech_weighting.weigh(block.speech)
        if len(rest_background):
            background, speech = np.concatenate([rest_background, background]), np.concatenate([rest_speech, speech])
        whole = hop_frames(len(background))
        rest_background, rest_speech = background[whole:], speech[whole:]
        background, speech = background[:whole], speech[:whole]
        hops.append((powers(background, background), powers(background, speech), powers(speech, speech)))
    columns = [np.concatenate(column) for column in zip(*hops, strict=True)]
    return LayerPowers(background=columns[0], cross=columns[1], speech=columns[2])
