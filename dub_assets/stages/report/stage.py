"""``report``: one page on a job for editors: what was said and is said now, how both sound, what to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from dub_assets.core.batches import some_ahead
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.ports import StageContext
from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval
from dub_assets.stages.final_video.programme_layers import lines_alone
from dub_assets.stages.products import Products
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.report.page.html import look, page
from dub_assets.stages.report.spectrogram import STRIP_RATE_HZ, Spectrogram, shades, strip
from dub_assets.stages.report.values import (
    SHADES,
    Lane,
    Report,
    ReportSegment,
    ReportView,
    SoundPiece,
    Track,
    by_attention,
)
from dub_assets.stages.report.view import report_view
from dub_assets.stages.segment_mixes.values import FinalVideo
from dub_assets.stages.tts_segments.options import FitOptions

STAGE = "report"
_VERSION = 1
_DEFAULT_FIT = FitOptions()

_COLUMNS_PER_S = (50, 40, 25, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2, 1)
_MOST_COLUMNS = 48_000
"""Of a lane's picture: 16 minutes at the finest, four hours at three columns a second."""
_RANGE_DB = 65.0
"""From the brightest shade to the darkest."""

_WHOLE_MS = 10 * 60_000
"""Programmes up to this long are in the page whole, on all four tracks: about 1.7 MB a minute."""
_MOST_SOUND_BYTES = 12 * 2**20
"""Of longer ones there are segments, original and mix, those that need attention first, until this is used up."""
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
    """Write the page of a finished job: one HTML document that needs nothing beside it."""
    view = report_view(ctx.keys.request, products, final, quality, free_tempo=fit.free_tempo)
    mark = _fingerprint(view, products, final)
    if previous is not None and previous.provenance.fingerprint == mark:
        return previous
    with ctx.meter.measure() as measurement:
        with ThreadPoolExecutor(max_workers=1) as pool:
            lanes = pool.submit(_lanes, products, final, ctx)
            pieces = list(_pieces(view, products, final, ctx))
        written = ctx.workspace.write(ctx.keys.report, page(view, lanes.result(), pieces))
    return Report(
        page=written,
        flagged_count=len(view.flagged),
        provenance=Provenance(
            fingerprint=mark, engines=(), figures=measurement.figures(media_ms=products.stems.info.duration_ms)
        ),
    )


def _fingerprint(view: ReportView, products: Products, final: FinalVideo) -> str:
    return fingerprint(
        STAGE,
        version=_VERSION,
        look=look(),
        view=view,
        sounds=[products.stems.original.sha256, products.stems.background.sha256, final.mix.sha256],
        speech=[(segment.clip.sha256, segment.placed, segment.window) for segment in products.tts.segments],
    )


def _lanes(products: Products, final: FinalVideo, ctx: StageContext) -> list[Lane]:
    """The original and the mix as pictures, on one scale of shades."""
    duration_s = max(1, products.stems.info.duration_ms // 1000)
    columns_per_s = next((rate for rate in _COLUMNS_PER_S if rate * duration_s <= _MOST_COLUMNS), 1)
    tracks: Mapping[Track, Path] = {
        "original": ctx.workspace.open(products.stems.original),
        "mix": ctx.workspace.open(final.mix),
    }
    strips = {
        track: strip(ctx.sounds.blocks(path, rate_hz=STRIP_RATE_HZ), columns_per_s=columns_per_s)
        for track, path in tracks.items()
    }
    brightest_db = max(float(one.levels_db.max(initial=-_RANGE_DB)) for one in strips.values())
    return [_lane(track, one, brightest_db) for track, one in strips.items()]


def _lane(track: Track, drawn: Spectrogram, brightest_db: float) -> Lane:
    shaded = shades(drawn.levels_db, brightest_db=brightest_db, range_db=_RANGE_DB, count=SHADES)
    columns, bands = shaded.shape
    return Lane(
        track=track,
        columns=columns,
        bands=bands,
        peaks=np.rint(np.minimum(drawn.peaks, 1.0) * 255).astype(np.uint8).tobytes(),
        shades=np.ascontiguousarray(shaded.T[::-1]).tobytes(),
    )


def _pieces(view: ReportView, products: Products, final: FinalVideo, ctx: StageContext) -> Iterator[SoundPiece]:
    """The sounds of the page."""
    whole = Interval(start_ms=0, end_ms=view.duration_ms)
    original, mix = ctx.workspace.open(products.stems.original), ctx.workspace.open(final.mix)
    if view.duration_ms > _WHOLE_MS:
        yield from _pieces_of_segments(view, original, mix, ctx)
        return
    tracks: Mapping[Track, Path] = {
        "original": original,
        "dub": _dub_alone(products, ctx),
        "background": ctx.workspace.open(products.stems.background),
        "mix": mix,
    }
    with ThreadPoolExecutor(max_workers=min(len(tracks), os.cpu_count() or 1)) as pool:
        yield from pool.map(lambda track: _piece(track, tracks[track], whole, ctx), tracks)


def _pieces_of_segments(view: ReportView, original: Path, mix: Path, ctx: StageContext) -> Iterator[SoundPiece]:
    def heard(segment: ReportSegment) -> tuple[SoundPiece, SoundPiece]:
        placed = segment.placed or segment.original
        window = Interval(
            start_ms=min(segment.original.start_ms, placed.start_ms),
            end_ms=max(segment.original.end_ms, placed.end_ms),
        ).widened(_MARGIN_MS, view.duration_ms)
        return _piece("original", original, window, ctx), _piece("mix", mix, window, ctx)

    used = 0
    for pieces in some_ahead(heard, by_attention(view.segments), threads=os.cpu_count() or 1):
        yield from pieces
        used += sum(len(piece.content) for piece in pieces)
        if used >= _MOST_SOUND_BYTES:
            return


def _piece(track: Track, path: Path, interval: Interval, ctx: StageContext) -> SoundPiece:
    return SoundPiece(track=track, interval=interval, content=ctx.media.preview(path, interval))


def _dub_alone(products: Products, ctx: StageContext) -> Path:
    """A sound file of the lines in their places, over silence."""
    path = ctx.workspace.new(ctx.keys.stem("dub"))
    with ctx.sounds.writer(path, channels=1, rate_hz=SAMPLE_RATE_HZ) as file:
        for block in lines_alone(products, ctx=ctx):
            file.write(block)
    return path
