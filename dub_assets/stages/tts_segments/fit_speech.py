"""Fitting the spoken lines into the programme: place, stretch, level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.ports import StageContext
from dub_assets.core.signal.level import active_speech_level_dbfs, apply_gain_db, peak_dbfs, rms_dbfs
from dub_assets.core.signal.sound import Sound, silence
from dub_assets.core.timing import FRAMES_PER_MS, SAMPLE_RATE_HZ, Interval
from dub_assets.options import DubOptions
from dub_assets.stages.segment_mixes.options import MixOptions
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.tts_segments.fitting import Line, Placement, place
from dub_assets.stages.tts_segments.line_levels import line_levels
from dub_assets.stages.tts_segments.values import SpokenLine, SynthesisedSpeech, TtsSegment, TtsSegments
from dub_assets.text_normalisation.speaking_rate import ordinary_ms

_VERSION = 3
_THREADS = 2

_MAX_GAIN_DB = 20.0
"""The most that a line is raised: more would only raise its noise."""

_PEAK_DBFS = -1.0
"""A line's highest sample: raising a quiet voice stops here rather than clipping it."""


def fit_speech(
    lines: Sequence[SpokenLine],
    speeches: Mapping[int, SynthesisedSpeech],
    stems: Stems,
    *,
    options: DubOptions,
    ctx: StageContext,
    previous: TtsSegments | None,
) -> tuple[TtsSegment, ...]:
    """Every line placed, stretched and at the original's level; clips of ``previous`` are kept where they are right."""
    placements = place(
        [_line(line, speeches[line.index]) for line in lines], duration_ms=stems.info.duration_ms, options=options.fit
    )
    targets = _target_levels(lines, stems, options.mix, ctx)
    earlier = {segment.fingerprint: segment for segment in previous.segments} if previous else {}

    def fit(line: SpokenLine, placement: Placement, target_dbfs: float | None) -> TtsSegment:
        speech = speeches[line.index]
        mark = fingerprint(
            "tts_segment",
            version=_VERSION,
            line=[line.index, line.segment, line.slot, line.rendering],
            speech=[speech.fingerprint, speech.media.sha256],
            placement=placement,
            target_dbfs=target_dbfs,
        )
        kept = earlier.get(mark)
        return replace(kept, speech=speech) if kept else _fitted(line, speech, placement, target_dbfs, mark, ctx)

    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        return tuple(pool.map(fit, lines, placements, targets))


def _line(line: SpokenLine, speech: SynthesisedSpeech) -> Line:
    return Line(
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
    """The active speech level (dBFS) that each line should have."""
    vocals, background = ctx.workspace.open(stems.vocals), ctx.workspace.open(stems.background)
    originals = [active_speech_level_dbfs(ctx.sounds.read(vocals, line.segment)) for line in lines]
    under = [rms_dbfs(ctx.sounds.read(background, line.segment)) for line in lines]
    return line_levels(originals, under, options)


def _fitted(
    line: SpokenLine,
    speech: SynthesisedSpeech,
    placement: Placement,
    target_dbfs: float | None,
    mark: str,
    ctx: StageContext,
) -> TtsSegment:
    sound = ctx.sounds.read(ctx.workspace.open(speech.media))
    if placement.stretch > 1.0:
        sound = ctx.media.stretch(sound, placement.stretch)
    sound = ctx.sounds.resample(sound, SAMPLE_RATE_HZ)
    gain_db = level_gain_db(sound, target_dbfs)
    path = ctx.workspace.new(ctx.keys.clip(line.index, "tts"))
    with ctx.sounds.writer(path, channels=1, rate_hz=SAMPLE_RATE_HZ) as file:
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
        clip=ctx.workspace.seal(ctx.keys.clip(line.index, "tts")),
        fingerprint=mark,
    )


def level_gain_db(sound: Sound, target_dbfs: float | None) -> float:
    """The gain that brings speech to a level, as far as it stays clear of noise and of full scale; 0 without a level.

    ``target_dbfs`` is an active speech level.
    """
    level = active_speech_level_dbfs(sound)
    if level is None or target_dbfs is None:
        return 0.0
    return round(min(target_dbfs - level, _MAX_GAIN_DB, _PEAK_DBFS - peak_dbfs(sound)), 2)


def _lead_in(segment: Interval, placed: Interval) -> Sound:
    """Silence from the segment's start to a late line's."""
    frames = max(0, placed.start_ms - segment.start_ms) * FRAMES_PER_MS
    return silence(frames, 1, SAMPLE_RATE_HZ)
