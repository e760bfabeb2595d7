"""``quality``: measures a finished dub and evaluates its checks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import get_args

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.marking import Marks
from dub_assets.core.ports import Engines, LanguageIdentifier, StageContext
from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import FRAMES_PER_MS, Interval
from dub_assets.options import DubOptions
from dub_assets.stages.final_video.programme_mix import ProgrammeLayers, ProgrammeMix
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.products import Products
from dub_assets.stages.quality.checks import CheckedAsset, CheckInputs, run_checks
from dub_assets.stages.quality.judge_lines import LineJudge
from dub_assets.stages.quality.lag import lag_frames
from dub_assets.stages.quality.values import DubFigures, LineQuality, Quality
from dub_assets.stages.segment_mixes.options import MixOptions

STAGE = "quality"
STAGE_VERSION = 8
"""Version of this stage's code: part of the fingerprint, and Dagster's code version."""

_EXCERPTS_COUNT = 3
_EXCERPT_MS = 4_000


def measure_quality(
    products: Products,
    final: FinalVideo,
    *,
    engines: Engines,
    options: DubOptions,
    ctx: StageContext,
    previous: Quality | None,
) -> Quality:
    """Measure a finished dub and evaluate every check."""
    identifier = engines.language_identifier()
    inputs_fingerprint = _fingerprint(products, final, identifier, options)
    if previous is not None and previous.provenance.fingerprint == inputs_fingerprint:
        return previous
    measured = measure_assets(
        products, final, assets=get_args(CheckedAsset), engines=engines, options=options, ctx=ctx, previous=previous
    )
    return replace(measured, provenance=replace(measured.provenance, fingerprint=inputs_fingerprint))


def measure_assets(
    products: Products,
    final: FinalVideo | None,
    *,
    assets: Collection[str],
    engines: Engines,
    options: DubOptions,
    ctx: StageContext,
    previous: Quality | None,
) -> Quality:
    """Measure these assets of a dub, and evaluate their checks.

    Later products are not read, and ``final`` may be None. Levels of lines that ``previous`` measured are kept.
    """
    identifier = engines.language_identifier()
    with ctx.meter.measure() as measurement:
        judge = LineJudge(
            products=products,
            identifier=identifier,
            options=options.checks,
            ctx=ctx,
            assets=assets,
            earlier={line.index: line for line in previous.lines} if previous else {},
        )
        lines = tuple(judge.lines())
        figures = _figures(products, final, lines, judge, options.mix)
        video = ctx.workspace.open(final.video) if final is not None and "final_video" in assets else None
        marks = ctx.media.marks(video) if video else Marks()
        inputs = CheckInputs(products=products, final=final, lines=lines, figures=figures, marks=marks, options=options)
        checks = run_checks(inputs, assets)
    return Quality(
        lines=lines,
        figures=figures,
        checks=checks,
        provenance=Provenance(
            fingerprint=fingerprint(STAGE, version=STAGE_VERSION, assets=list(assets)),
            engines=(identifier.identity,),
            figures=measurement.figures(media_ms=_duration_ms(products, assets)),
        ),
    )


def _fingerprint(products: Products, final: FinalVideo, identifier: LanguageIdentifier, options: DubOptions) -> str:
    """Return the fingerprint of everything that is measured and checked."""
    return fingerprint(
        STAGE,
        version=STAGE_VERSION,
        identifier=identifier.identity,
        stems=[products.stems.source.sha256, products.stems.speech, products.stems.loud_vocals],
        texts=[
            [(segment.interval, segment.text) for segment in products.transcript.segments],
            products.translation.lines,
            products.transcript.findings,
        ],
        speech=[
            (line.placed, line.clip.sha256, line.issues, line.speech.read_back, line.speech.unheard)
            for line in products.tts.segments
        ],
        gains=[mix.gains for mix in products.mixes.segments],
        final=[final.video.sha256, final.dub_fingerprint, final.loudness],
        options=[options.checks, options.mix, options.fit],
    )


def _mean_agreement(lines: Sequence[LineQuality], products: Products) -> float | None:
    letters = {line.index: len(line.text) for line in products.translation.lines}
    weighted = [(line.agreement, letters.get(line.index, 0)) for line in lines if line.agreement is not None]
    total = sum(weight for _, weight in weighted)
    return round(sum(agreement * weight for agreement, weight in weighted) / total, 3) if total else None


def _duration_ms(products: Products, assets: Collection[str]) -> int:
    """Return the length of the programme, from a product that the steps of these assets read."""
    return products.transcript.duration_ms if "translation" in assets else products.stems.info.duration_ms


def _figures(
    products: Products, final: FinalVideo | None, lines: Sequence[LineQuality], judge: LineJudge, options: MixOptions
) -> DubFigures:
    """Return the measurements of the judged assets; all others are None."""
    assets, ctx = judge.assets, judge.ctx
    undubbed = products.undubbed() if "transcript" in assets else None
    video = ctx.workspace.open(final.video) if final is not None and "final_video" in assets else None
    return DubFigures(
        unspoken_ms=None if undubbed is None else sum(stretch.duration_ms for stretch in undubbed),
        text_language=judge.text_language() if "translation" in assets else None,
        agreement=_mean_agreement(lines, products) if "tts_segments" in assets else None,
        leftover_db=max((line.leftover_db for line in lines if line.leftover_db is not None), default=None),
        sound_lag_ms=_sound_lag_ms(products, final, video, options, ctx) if video and final else None,
        length_difference_ms=ctx.media.duration_ms(video) - products.stems.info.duration_ms if video else None,
    )


def _sound_lag_ms(
    products: Products, final: FinalVideo, video: Path, options: MixOptions, ctx: StageContext
) -> float | None:
    """Return the median lag of three excerpts that start with a line: the first, the middle and the last one."""
    mix = ProgrammeMix(layers=ProgrammeLayers(products, options, ctx), gain=final.gain)
    lags = []
    for interval in _excerpts(products):
        lag = lag_frames(ctx.media.excerpt(video, interval), mix.read(interval))
        if lag is not None:
            lags.append(lag / FRAMES_PER_MS)
    return round(median(lags), 2) if lags else None


def _excerpts(products: Products) -> list[Interval]:
    duration_ms = products.stems.info.duration_ms
    starts = [line.placed.start_ms for line in products.tts.segments] or [0]
    chosen = {starts[(len(starts) - 1) * number // (_EXCERPTS_COUNT - 1)] for number in range(_EXCERPTS_COUNT)}
    return [Interval(start_ms=start, end_ms=min(duration_ms, start + _EXCERPT_MS)) for start in sorted(chosen)]
