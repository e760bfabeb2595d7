"""What voices are cloned from: some seconds of each speaker, cut out of the vocals."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.ports import StageContext
from dub_assets.core.signal.leakage import leakage_db
from dub_assets.core.signal.level import active_speech_level_dbfs, apply_gain_db, rms_dbfs
from dub_assets.core.signal.sound import Sound, silence
from dub_assets.core.speech import VoiceReference
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript, TranscriptSegment
from dub_assets.stages.tts_segments.fit_speech import level_gain_db
from dub_assets.stages.tts_segments.voice_reference import HeardSegment, reference_stretches

_VERSION = 1

_LEVEL_DBFS = -23.0
_PAUSE_MS = 200
"""Between stretches that are no neighbours."""


def voice_references(
    transcript: Transcript,
    stems: Stems,
    speakers: Collection[str | None],
    *,
    rate_hz: int,
    ctx: StageContext,
) -> dict[str | None, VoiceReference]:
    """The reference of each of these speakers, mono at ``rate_hz``; those who say too little have none."""
    references: dict[str | None, VoiceReference] = {}
    for speaker in speakers:
        segments = [segment for segment in transcript.segments if segment.speaker == speaker]
        stretches = reference_stretches(list(_heard(segments, stems, ctx)))
        if stretches:
            references[speaker] = VoiceReference(
                fingerprint=fingerprint("voice", version=_VERSION, vocals=stems.vocals.sha256, stretches=stretches),
                sound=ctx.sounds.resample(_joined(stretches, stems, ctx), rate_hz),
            )
    return references


def made_from(transcript: Transcript, stems: Stems, speakers: Sequence[str | None]) -> tuple[object, ...]:
    """What decides about the references of these speakers beside vocals and segments' times, for a fingerprint."""
    if not speakers:
        return ()
    heard = [(segment.speaker, segment.probability) for segment in transcript.segments]
    return (_VERSION, stems.background.sha256, speakers, heard)


def _heard(segments: Sequence[TranscriptSegment], stems: Stems, ctx: StageContext) -> Iterator[HeardSegment]:
    """The segments in whose vocals someone is heard."""
    vocals_path, background_path = ctx.workspace.open(stems.vocals), ctx.workspace.open(stems.background)
    for segment in segments:
        vocals = ctx.sounds.read(vocals_path, segment.interval).mono()
        background = ctx.sounds.read(background_path, segment.interval).mono()
        level_dbfs = active_speech_level_dbfs(vocals)
        if level_dbfs is None:
            continue
        clearance_db = level_dbfs - rms_dbfs(background)
        left_db = leakage_db(vocals, background)
        yield HeardSegment(
            index=segment.index,
            interval=segment.interval,
            probability=segment.probability,
            clearance_db=clearance_db,
            leftover_db=-math.inf if left_db is None else left_db - clearance_db,
        )


def _joined(stretches: Sequence[Interval], stems: Stems, ctx: StageContext) -> Sound:
    """Stretches of the vocals as one mono sound at 48 kHz, short pauses between, at an ordinary level."""
    path = ctx.workspace.open(stems.vocals)
    pause = silence(SAMPLE_RATE_HZ * _PAUSE_MS // 1000, 1, SAMPLE_RATE_HZ).samples
    pieces = [piece for stretch in stretches for piece in (pause, ctx.sounds.read(path, stretch).mono().samples)]
    sound = Sound(samples=np.concatenate(pieces[1:]), rate_hz=SAMPLE_RATE_HZ)
    return apply_gain_db(sound, level_gain_db(sound, _LEVEL_DBFS))
