"""``report``: one page about a job for editors, with the texts, sounds, pictures and findings of every segment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from dub_assets.core.batches import map_in_order
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.ports import StageContext
from dub_assets.core.provenance import Provenance
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval
from dub_assets.stages.final_video.programme_mix import blocks_of, speech_only
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.products import Products
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.report.page.render import render_page, template_hash
from dub_assets.stages.report.spectrogram import SPECTROGRAM_RATE_HZ, Spectrogram, shades, spectrogram
from dub_assets.stages.report.values import (
    SHADES,
    Report,
    ReportSegment,
    ReportView,
    SoundClip,
    Track,
    TrackImage,
    by_priority,
)
from dub_assets.stages.report.view import report_view
from dub_assets.stages.tts_segments.options import FitOptions

STAGE = "report"
STAGE_VERSION = 1
"""Version of this stage's code: part of the fingerprint, and Dagster's code version."""
_DEFAULT_FIT = FitOptions()

_COLUMNS_PER_S = (50, 40, 25, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2, 1)
_MAX_COLUMNS = 48_000
"""Columns of a track's image: 16 minutes at the finest resolution, four hours at three columns a second."""
_IMAGE_BLOCK_MS = 20_000
_RANGE_DB = 65.0
"""Levels from the brightest shade to the darkest."""

_FULL_SOUND_MS = 10 * 60_000
"""Length up to which the page holds all four tracks from beginning to end: about 1.7 MB a minute."""
_MAX_SOUND_BYTES = 12 * 2**20
"""Size at which the sounds of a longer programme end: original and mix of each segment, by priority."""
_MARGIN_MS = 1000


def write_report(
    products: Products,
    final: FinalVideo,
    quality: Quality,
    *,
    ctx: StageContext,
    previous: Report | None,
    fit: FitOptions = _DEFAULT_FIT,
) -> Report:
    """Write the page of a finished job, or return ``previous`` if nothing on the page has changed."""
    view = report_view(ctx.keys.request, products, final, quality, free_tempo=fit.free_tempo)
    inputs_fingerprint = _fingerprint(view, products, final)
    if previous is not None and previous.provenance.fingerprint == inputs_fingerprint:
        return previous
    with ctx.meter.measure() as measurement:
        with ThreadPoolExecutor(max_workers=1) as pool:
            images = pool.submit(_track_images, products, final, ctx)
            sounds = list(_sounds(view, products, final, ctx))
        page = ctx.workspace.write(ctx.keys.report, render_page(view, images.result(), sounds))
    return Report(
        page=page,
        flagged_count=len(view.flagged),
        provenance=Provenance(
            fingerprint=inputs_fingerprint,
            engines=(),
            figures=measurement.figures(media_ms=products.stems.info.duration_ms),
        ),
    )


def _fingerprint(view: ReportView, products: Products, final: FinalVideo) -> str:
    return fingerprint(
        STAGE,
        version=STAGE_VERSION,
        templates=template_hash(),
        view=view,
        sounds=[products.stems.original.sha256, products.stems.background.sha256, final.dub_fingerprint],
        speech=[(segment.clip.sha256, segment.placed, segment.window) for segment in products.tts.segments],
    )


def _track_images(products: Products, final: FinalVideo, ctx: StageContext) -> list[TrackImage]:
    """Return images of the original and of the mix, with one scale of shades for both."""
    duration_s = max(1, products.stems.info.duration_ms // 1000)
    columns_per_s = next((rate for rate in _COLUMNS_PER_S if rate * duration_s <= _MAX_COLUMNS), 1)
    original, dubbed = ctx.workspace.open(products.stems.original), ctx.workspace.open(final.video)
    tracks: Mapping[Track, Iterator[Sound]] = {
        "original": ctx.sounds.blocks(original, rate_hz=SPECTROGRAM_RATE_HZ),
        "mix": _dub_of(dubbed, products.stems.info.duration_ms, ctx),
    }
    spectrograms = {track: spectrogram(blocks, columns_per_s=columns_per_s) for track, blocks in tracks.items()}
    brightest_db = max(float(drawn.levels_db.max(initial=-_RANGE_DB)) for drawn in spectrograms.values())
    return [_track_image(track, drawn, brightest_db) for track, drawn in spectrograms.items()]


def _dub_of(video: Path, duration_ms: int, ctx: StageContext) -> Iterator[Sound]:
    """Yield the dub of a video in blocks at the rate of spectrograms."""
    for block in blocks_of(duration_ms, _IMAGE_BLOCK_MS):
        yield ctx.sounds.resample(ctx.media.excerpt(video, block), SPECTROGRAM_RATE_HZ)


def _track_image(track: Track, drawn: Spectrogram, brightest_db: float) -> TrackImage:
    numbers = shades(drawn.levels_db, brightest_db=brightest_db, range_db=_RANGE_DB, count=SHADES)
    columns, bands = numbers.shape
    return TrackImage(
        track=track,
        columns=columns,
        bands=bands,
        peaks=np.rint(np.minimum(drawn.peaks, 1.0) * 255).astype(np.uint8).tobytes(),
        shades=np.ascontiguousarray(numbers.T[::-1]).tobytes(),
    )


def _sounds(view: ReportView, products: Products, final: FinalVideo, ctx: StageContext) -> Iterator[SoundClip]:
    """Yield the sounds of the page."""
    programme = Interval(start_ms=0, end_ms=view.duration_ms)
    original, mix = ctx.workspace.open(products.stems.original), ctx.workspace.open(final.video)
    if view.duration_ms > _FULL_SOUND_MS:
        yield from _sounds_of_segments(view, original, mix, ctx)
        return
    tracks: Mapping[Track, Path] = {
        "original": original,
        "dub": _write_dub(products, ctx),
        "background": ctx.workspace.open(products.stems.background),
        "mix": mix,
    }
    with ThreadPoolExecutor(max_workers=min(len(tracks), os.cpu_count() or 1)) as pool:
        yield from pool.map(lambda track: _sound_clip(track, tracks[track], programme, ctx), tracks)


def _sounds_of_segments(view: ReportView, original: Path, mix: Path, ctx: StageContext) -> Iterator[SoundClip]:
    """Yield original and mix of each segment, by priority, up to ``_MAX_SOUND_BYTES``."""

    def clips_of(segment: ReportSegment) -> tuple[SoundClip, SoundClip]:
        placed = segment.placed or segment.original
        window = Interval(
            start_ms=min(segment.original.start_ms, placed.start_ms),
            end_ms=max(segment.original.end_ms, placed.end_ms),
        ).widened(_MARGIN_MS, view.duration_ms)
        return _sound_clip("original", original, window, ctx), _sound_clip("mix", mix, window, ctx)

    size = 0
    for clips in map_in_order(clips_of, by_priority(view.segments), threads=os.cpu_count() or 1):
        yield from clips
        size += sum(len(clip.content) for clip in clips)
        if size >= _MAX_SOUND_BYTES:
            return


def _sound_clip(track: Track, path: Path, interval: Interval, ctx: StageContext) -> SoundClip:
    return SoundClip(track=track, interval=interval, content=ctx.media.preview(path, interval))


def _write_dub(products: Products, ctx: StageContext) -> Path:
    """Write the lines at their places over silence, and return the path of the sound file."""
    path = ctx.workspace.new(ctx.keys.stem("dub"))
    with ctx.sounds.writer(path, channels=1, rate_hz=SAMPLE_RATE_HZ) as file:
        for block in speech_only(products, ctx=ctx):
            file.write(block)
    return path
