"""Voice references: the stretches of a speaker's own speech, cut out of the vocals, that a voice is cloned from.

A reference is the run of neighbouring segments with the best value, of at most 15 s. If it is shorter than 6 s, the
next best runs are added. Speakers with less than 2 s in all have no reference.

The value of a run is in dB. Its segments count by their speech over the background, up to 30 dB; less the level of the
background left in the vocals, as far as it is nearer than 40 dB to the speech; less 30 dB times the recogniser's doubt
about the words. Each second adds 3 dB up to 6 s, and half a dB beyond. The numbers are chosen, not measured.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.ports import StageContext
from dub_assets.core.signal.level import active_speech_level_dbfs, apply_gain_db, leakage_db, rms_dbfs
from dub_assets.core.signal.sound import Sound, silence
from dub_assets.core.speech import VoiceReference
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript, TranscriptSegment
from dub_assets.stages.tts_segments.clips import level_gain_db

REFERENCE_VERSION = 1
"""Version of the references: part of their fingerprints and of the stage's."""

LEAST_MS = 2_000
ENOUGH_MS = 6_000
MOST_MS = 15_000

_MAX_GAP_MS = 1_000
"""Segments farther apart are no neighbours."""

_LEAST_PROBABILITY = 0.5
_LEAST_CLEARANCE_DB = 0.0
"""Segments recognised with less certainty, or softer than the background under them, are never taken."""

_CLEAR_DB = 30.0
_INAUDIBLE_DB = 40.0
_DOUBT_DB = 30.0
_SECOND_DB, _FURTHER_SECOND_DB = 3.0, 0.5

_LEVEL_DBFS = -23.0
_PAUSE_MS = 200
"""Silence between stretches that are no neighbours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentClarity:
    """How clearly the vocals of a segment are heard.

    ``clearance_db`` is the level of the speech over the background under it. ``leftover_db`` is the level, over the
    speech, of the background left in the vocals; minus infinity if there is no background. ``probability`` is None if
    the recogniser gives none.
    """

    index: int
    interval: Interval
    probability: float | None
    clearance_db: float
    leftover_db: float

    @property
    def is_usable(self) -> bool:
        """Whether the segment may be part of a reference."""
        certain = self.probability is None or self.probability >= _LEAST_PROBABILITY
        return certain and self.clearance_db >= _LEAST_CLEARANCE_DB

    @property
    def cleanness_db(self) -> float:
        """How clean the segment is; higher is better."""
        doubt = 0.0 if self.probability is None else 1.0 - self.probability
        return min(self.clearance_db, _CLEAR_DB) - max(0.0, self.leftover_db + _INAUDIBLE_DB) - _DOUBT_DB * doubt


def voice_references(
    transcript: Transcript,
    stems: Stems,
    speakers: Collection[str | None],
    *,
    rate_hz: int,
    ctx: StageContext,
) -> dict[str | None, VoiceReference]:
    """Return the reference, mono at ``rate_hz``, of each of these speakers who says enough."""
    references: dict[str | None, VoiceReference] = {}
    for speaker in speakers:
        segments = [segment for segment in transcript.segments if segment.speaker == speaker]
        stretches = reference_stretches(list(_clarities(segments, stems, ctx)))
        if stretches:
            references[speaker] = VoiceReference(
                fingerprint=fingerprint(
                    "voice", version=REFERENCE_VERSION, vocals=stems.vocals.sha256, stretches=stretches
                ),
                sound=ctx.sounds.resample(_joined(stretches, stems, ctx), rate_hz),
            )
    return references


def reference_inputs(transcript: Transcript, stems: Stems, speakers: Sequence[str | None]) -> tuple[object, ...]:
    """Return the inputs of these speakers' references, beside vocals and segments' times, for a fingerprint."""
    if not speakers:
        return ()
    probabilities = [(segment.speaker, segment.probability) for segment in transcript.segments]
    return (REFERENCE_VERSION, stems.background.sha256, speakers, probabilities)


def reference_stretches(segments: Sequence[SegmentClarity]) -> tuple[Interval, ...]:
    """Return the stretches of a reference, ``LEAST_MS`` to ``MOST_MS`` in all, in order; empty if there is less.

    ``segments`` are those of one speaker, in order.
    """
    runs = list(_runs([segment for segment in segments if segment.is_usable]))
    stretches: list[Interval] = []
    room_ms = MOST_MS
    while runs and MOST_MS - room_ms < ENOUGH_MS:
        best, _ = max(runs, key=lambda run: run[1])
        stretches.append(_cut(best, room_ms))
        room_ms -= stretches[-1].duration_ms
        runs = [run for run in runs if not run[0].overlap_ms(best)]
    return tuple(sorted(stretches)) if MOST_MS - room_ms >= LEAST_MS else ()


def _runs(segments: Sequence[SegmentClarity]) -> Iterator[tuple[Interval, float]]:
    """Yield each segment alone and with the neighbours after it, up to ``MOST_MS``: interval and value in dB."""
    for first in range(len(segments)):
        for last in range(first, len(segments)):
            run = segments[first : last + 1]
            interval = Interval(start_ms=run[0].interval.start_ms, end_ms=run[-1].interval.end_ms)
            if last > first and (interval.duration_ms > MOST_MS or not _are_neighbours(run[-2], run[-1])):
                break
            yield _cut(interval, MOST_MS), _value_db(run, min(interval.duration_ms, MOST_MS))


def _are_neighbours(left: SegmentClarity, right: SegmentClarity) -> bool:
    """Return whether no other segment lies between two segments, and the pause is short."""
    return right.index == left.index + 1 and right.interval.start_ms - left.interval.end_ms <= _MAX_GAP_MS


def _value_db(run: Sequence[SegmentClarity], length_ms: int) -> float:
    speech_ms = sum(segment.interval.duration_ms for segment in run)
    clean_db = sum(segment.cleanness_db * segment.interval.duration_ms for segment in run) / max(1, speech_ms)
    further_ms = max(0, length_ms - ENOUGH_MS)
    return clean_db + (_SECOND_DB * (length_ms - further_ms) + _FURTHER_SECOND_DB * further_ms) / 1000


def _cut(interval: Interval, room_ms: int) -> Interval:
    return Interval(start_ms=interval.start_ms, end_ms=min(interval.end_ms, interval.start_ms + room_ms))


def _clarities(segments: Sequence[TranscriptSegment], stems: Stems, ctx: StageContext) -> Iterator[SegmentClarity]:
    """Yield the clarity of each segment whose vocals contain speech."""
    vocals_path, background_path = ctx.workspace.open(stems.vocals), ctx.workspace.open(stems.background)
    for segment in segments:
        vocals = ctx.sounds.read(vocals_path, segment.interval).mono()
        background = ctx.sounds.read(background_path, segment.interval).mono()
        level_dbfs = active_speech_level_dbfs(vocals)
        if level_dbfs is None:
            continue
        clearance_db = level_dbfs - rms_dbfs(background)
        left_db = leakage_db(vocals, background)
        yield SegmentClarity(
            index=segment.index,
            interval=segment.interval,
            probability=segment.probability,
            clearance_db=clearance_db,
            leftover_db=-math.inf if left_db is None else left_db - clearance_db,
        )


def _joined(stretches: Sequence[Interval], stems: Stems, ctx: StageContext) -> Sound:
    """Return stretches of the vocals as one mono sound at 48 kHz, with short pauses between, at an ordinary level."""
    path = ctx.workspace.open(stems.vocals)
    pause = silence(SAMPLE_RATE_HZ * _PAUSE_MS // 1000, 1, SAMPLE_RATE_HZ).samples
    samples = [block for stretch in stretches for block in (pause, ctx.sounds.read(path, stretch).mono().samples)]
    sound = Sound(samples=np.concatenate(samples[1:]), rate_hz=SAMPLE_RATE_HZ)
    return apply_gain_db(sound, level_gain_db(sound, _LEVEL_DBFS))
