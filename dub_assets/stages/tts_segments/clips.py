"""The clip of each line: its speech stretched, placed and brought to the level of the original speech."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import median

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.marking import CLIP_NOTICE
from dub_assets.core.ports import StageContext
from dub_assets.core.signal.level import active_speech_level_dbfs, apply_gain_db, peak_dbfs, rms_dbfs
from dub_assets.core.signal.sound import Sound, silence
from dub_assets.core.timing import FRAMES_PER_MS, SAMPLE_RATE_HZ, Interval
from dub_assets.options import DubOptions
from dub_assets.stages.segment_mixes.options import MixOptions
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.tts_segments.fitting import Placement, UnplacedLine, place
from dub_assets.stages.tts_segments.values import SpokenLine, SynthesisedSpeech, TtsSegment, TtsSegments
from dub_assets.text_normalisation.speaking_rate import ordinary_ms

CLIP_VERSION = 3
"""Version of the clips: part of each line's fingerprint. Raise it together with ``STAGE_VERSION``."""

_THREADS = 2

_MAX_GAIN_DB = 20.0
"""Largest gain of a line: more would only raise its noise."""

_PEAK_DBFS = -1.0
"""Highest sample of a line: a quiet voice is raised until here and does not clip."""

CLEAR_DB = 6.0
"""A soft line is kept this far above the background, unless that makes it louder than soft."""


def fit_speech(
    lines: Sequence[SpokenLine],
    speeches: Mapping[int, SynthesisedSpeech],
    stems: Stems,
    *,
    options: DubOptions,
    ctx: StageContext,
    previous: TtsSegments | None,
) -> tuple[TtsSegment, ...]:
    """Return every line with its clip; clips of ``previous`` with the same fingerprint are kept."""
    placements = place(
        [_unplaced(line, speeches[line.index]) for line in lines],
        duration_ms=stems.info.duration_ms,
        options=options.fit,
    )
    levels = _target_levels(lines, stems, options.mix, ctx)
    earlier = {segment.fingerprint: segment for segment in previous.segments} if previous else {}

    def fit(line: SpokenLine, placement: Placement, target_dbfs: float | None) -> TtsSegment:
        speech = speeches[line.index]
        clip_fingerprint = fingerprint(
            "tts_segment",
            version=CLIP_VERSION,
            line=[line.index, line.segment, line.slot, line.rendering],
            speech=[speech.fingerprint, speech.media.sha256],
            placement=placement,
            target_dbfs=target_dbfs,
        )
        kept = earlier.get(clip_fingerprint)
        if kept:
            return replace(kept, speech=speech)
        return _write_clip(line, speech, placement, target_dbfs, clip_fingerprint, ctx)

    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        return tuple(pool.map(fit, lines, placements, levels))


def line_levels(
    originals: Sequence[float | None], backgrounds: Sequence[float], options: MixOptions
) -> list[float | None]:
    """Return the active speech level (dBFS) that each line should have; None for all if no original has a level.

    ``originals`` are the levels of the original speech, ``backgrounds`` those of the background under it (dBFS). A line
    may be ``level_range_db`` louder than the median and ``soft_range_db`` softer. A softer line is raised to
    ``CLEAR_DB`` over the background, but not above the median less ``level_range_db``. A line whose original has no
    level gets the median.
    """
    known = [level for level in originals if level is not None]
    if not known:
        return [None] * len(originals)
    middle = median(known)
    high, soft = middle + options.level_range_db, middle - options.level_range_db
    lowest = min(soft, middle - options.soft_range_db)

    def limited(level: float, background: float) -> float:
        return min(max(level, lowest, min(background + CLEAR_DB, soft)), high)

    return [
        round(limited(middle if level is None else level, background), 2)
        for level, background in zip(originals, backgrounds, strict=True)
    ]


def level_gain_db(sound: Sound, target_dbfs: float | None) -> float:
    """Return the gain that brings speech to an active speech level, within limits of noise and full scale.

    It is 0 without a target or without speech.
    """
    level_dbfs = active_speech_level_dbfs(sound)
    if level_dbfs is None or target_dbfs is None:
        return 0.0
    return round(min(target_dbfs - level_dbfs, _MAX_GAIN_DB, _PEAK_DBFS - peak_dbfs(sound)), 2)


def _unplaced(line: SpokenLine, speech: SynthesisedSpeech) -> UnplacedLine:
    return UnplacedLine(
        segment=line.segment,
        slot=line.slot,
        ordinary_ms=ordinary_ms(speech.text, line.utterance.language),
        speed=speech.speed,
        duration_ms=speech.duration_ms,
        shortened=line.rendering > 0,
    )


def _target_levels(
    lines: Sequence[SpokenLine], stems: Stems, options: MixOptions, ctx: StageContext
) -> list[float | None]:
    vocals, background = ctx.workspace.open(stems.vocals), ctx.workspace.open(stems.background)
    originals = [active_speech_level_dbfs(ctx.sounds.read(vocals, line.segment)) for line in lines]
    backgrounds = [rms_dbfs(ctx.sounds.read(background, line.segment)) for line in lines]
    return line_levels(originals, backgrounds, options)


def _write_clip(
    line: SpokenLine,
    speech: SynthesisedSpeech,
    placement: Placement,
    target_dbfs: float | None,
    clip_fingerprint: str,
    ctx: StageContext,
) -> TtsSegment:
    sound = ctx.sounds.read(ctx.workspace.open(speech.media))
    if placement.stretch > 1.0:
        sound = ctx.media.stretch(sound, placement.stretch)
    sound = ctx.sounds.resample(sound, SAMPLE_RATE_HZ)
    gain_db = level_gain_db(sound, target_dbfs)
    key = ctx.keys.clip(line.index, "tts")
    path = ctx.workspace.new(key)
    with ctx.sounds.writer(path, channels=1, rate_hz=SAMPLE_RATE_HZ, comment=CLIP_NOTICE) as file:
        file.write(_lead_in(line.segment, placement.placed))
        file.write(apply_gain_db(sound, gain_db))
    return TtsSegment(
        index=line.index,
        segment=line.segment,
        slot=line.slot,
        placed=placement.placed,
        ordinary_ms=ordinary_ms(speech.text, line.utterance.language),
        rendering=line.rendering,
        rung=placement.rung,
        stretch=placement.stretch,
        gain_db=gain_db,
        issues=placement.issues,
        speech=speech,
        clip=ctx.workspace.seal(key),
        fingerprint=clip_fingerprint,
    )


def _lead_in(segment: Interval, placed: Interval) -> Sound:
    """Return the silence from the segment's start to the start of a late line."""
    frames = max(0, placed.start_ms - segment.start_ms) * FRAMES_PER_MS
    return silence(frames, 1, SAMPLE_RATE_HZ)
