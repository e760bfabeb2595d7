"""``stems``: the programme's sound, separated into vocals and background."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from dub_assets.core.batches import prefetched
from dub_assets.core.engine_use import releasing
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.media import MediaInfo, MediaObject
from dub_assets.core.ports import Engines, Separator, SpeechDetectors, StageContext
from dub_assets.core.provenance import Provenance
from dub_assets.core.signal.mixing import gate
from dub_assets.core.signal.sound import Samples, Sound
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval
from dub_assets.core.track_choice import DEFAULT_TRACK, TrackChoice
from dub_assets.stages.stems.speech import VocalLevels, find_speech
from dub_assets.stages.stems.values import Stems, vocal_intervals

STAGE = "stems"
STAGE_VERSION = 2
"""Version of this stage's code: part of the fingerprint, and Dagster's code version."""

_FADE_MS = 50
"""Length of the fade between the separated background and the untouched original."""

_ROUNDING_FRAMES = 480
"""Frames that a sound may lose when it is resampled to another rate and back."""


def separate(
    source: MediaObject,
    *,
    engines: Engines,
    ctx: StageContext,
    previous: Stems | None,
) -> Stems:
    """Probe the video, extract its sound, and separate vocals from background.

    What the separator takes for vocals outside speech (laughter, applause) goes back to the background. The sound is
    processed in blocks, so memory does not grow with the programme. Raises InputError for an unusable file.
    """
    separator, detectors = engines.separator(), engines.speech_detectors()
    stage_fingerprint = stems_fingerprint(source, engines=engines, ctx=ctx, previous=previous)
    if previous is not None and previous.provenance.fingerprint == stage_fingerprint:
        return previous
    with ctx.meter.measure() as measurement, releasing(engines, separator):
        path = ctx.workspace.open(source)
        info = ctx.media.probe(path, _track_choice(ctx))
        extracted = ctx.media.extract_sound(path, info, ctx.workspace.new(ctx.keys.stem("original")))
        original = ctx.workspace.seal(ctx.keys.stem("original"))
        speech, loud_vocals = _write_stems(original, info, separator, detectors, ctx)
    return Stems(
        source=source,
        info=info,
        original=original,
        vocals=ctx.workspace.seal(ctx.keys.stem("vocals")),
        background=ctx.workspace.seal(ctx.keys.stem("background")),
        speech=tuple(speech),
        loud_vocals=tuple(loud_vocals),
        provenance=Provenance(
            fingerprint=stage_fingerprint,
            engines=(separator.identity, *detectors.identities),
            figures=measurement.figures(media_ms=info.duration_ms),
        ),
        extracted=extracted,
    )


def stems_fingerprint(source: MediaObject, *, engines: Engines, ctx: StageContext, previous: Stems | None) -> str:
    """Return the fingerprint of the stems of a video; it is probed unless the previous stems are of the same one.

    The track is part of it if it is not the one that is chosen without a request. Raises InputError like ``separate``.
    """
    choice = _track_choice(ctx)
    if previous is not None and previous.source.sha256 == source.sha256:
        tracks = previous.info.tracks
    else:
        tracks = ctx.media.probe(ctx.workspace.open(source), choice).tracks
    track = choice.of(tracks)
    return fingerprint(
        STAGE,
        version=STAGE_VERSION,
        source=source.sha256,
        separator=engines.separator().identity,
        detectors=engines.speech_detectors().identities,
        **({} if track == DEFAULT_TRACK.of(tracks) else {"track": track.index}),
    )


def _track_choice(ctx: StageContext) -> TrackChoice:
    request = ctx.keys.request
    return TrackChoice(wanted=request.audio_track, language=request.source_language)


def copy_stems(stems: Stems, source: MediaObject, ctx: StageContext) -> Stems:
    """Return the stems of another job, made from the same content as ``source``, with this job's copies of their media.

    Raises ObjectMissingError, ObjectCorruptError.
    """

    def copied(media: MediaObject, name: str) -> MediaObject:
        return ctx.workspace.copy(media, ctx.keys.stem(name))

    return replace(
        stems,
        source=source,
        original=copied(stems.original, "original"),
        vocals=copied(stems.vocals, "vocals"),
        background=copied(stems.background, "background"),
    )


def _write_stems(
    original: MediaObject,
    info: MediaInfo,
    separator: Separator,
    detectors: SpeechDetectors,
    ctx: StageContext,
) -> tuple[list[Interval], list[Interval]]:
    """Write vocals and background; return the intervals with speech, and those with loud vocals."""
    estimate = ctx.workspace.new(ctx.keys.stem("vocals_estimate"))
    _estimate_vocals(ctx.workspace.open(original), estimate, info, separator, ctx)
    speech = find_speech(ctx.workspace.open(original), estimate, detectors, ctx)
    levels = VocalLevels()
    _write_gated(ctx.workspace.open(original), estimate, vocal_intervals(speech, info.duration_ms), levels, ctx)
    estimate.unlink()
    return speech, levels.loud()


def _estimate_vocals(original: Path, estimate: Path, info: MediaInfo, separator: Separator, ctx: StageContext) -> None:
    rate_hz = separator.capabilities.sample_rate_hz
    channels = ctx.sounds.channels(original)
    done = 0
    ctx.progress.report(STAGE, 0, info.duration_ms // 1000)
    with ctx.sounds.writer(estimate, channels=channels, rate_hz=rate_hz) as vocals_file:
        for _, vocals in prefetched(separator.separate(ctx.sounds.blocks(original, rate_hz=rate_hz))):
            vocals_file.write(vocals)
            done += vocals.frames
            ctx.progress.report(STAGE, done // rate_hz, info.duration_ms // 1000)


def _write_gated(original: Path, estimate: Path, kept: list[Interval], levels: VocalLevels, ctx: StageContext) -> None:
    """Write the estimated vocals inside the ``kept`` intervals as vocals, and everything else as background."""
    channels = ctx.sounds.channels(original)
    vocals_path = ctx.workspace.new(ctx.keys.stem("vocals"))
    background_path = ctx.workspace.new(ctx.keys.stem("background"))
    with (
        ctx.sounds.writer(vocals_path, channels=channels, rate_hz=SAMPLE_RATE_HZ) as vocals_file,
        ctx.sounds.writer(background_path, channels=channels, rate_hz=SAMPLE_RATE_HZ) as background_file,
    ):
        for mixture, vocals in prefetched(_gated(original, estimate, kept, levels, ctx)):
            vocals_file.write(vocals)
            background_file.write(Sound(samples=mixture.samples - vocals.samples, rate_hz=SAMPLE_RATE_HZ))


def _gated(
    original: Path, estimate: Path, kept: list[Interval], levels: VocalLevels, ctx: StageContext
) -> Iterator[tuple[Sound, Sound]]:
    """Yield blocks of the original and of the vocals, which are silent outside the ``kept`` intervals."""
    frame = 0
    estimates = _BlockReader(ctx.sounds.blocks(estimate, rate_hz=SAMPLE_RATE_HZ))
    for mixture in ctx.sounds.blocks(original):
        open_ = gate(kept, ramp_ms=_FADE_MS, start_frame=frame, frames=mixture.frames)
        frame += mixture.frames
        vocals = estimates.read(mixture.frames, mixture.channels)
        levels.add(mixture.samples, vocals)
        yield mixture, Sound(samples=vocals * open_[:, None], rate_hz=SAMPLE_RATE_HZ)


class _BlockReader:
    """Reads a sequence of blocks in other lengths: blocks resampled from another rate begin and end elsewhere."""

    def __init__(self, blocks: Iterator[Sound]) -> None:
        self._blocks = blocks
        self._rest: list[Samples] = []

    def read(self, frames: int, channels: int) -> Samples:
        """Return the next frames, with silence where rounding cut the end.

        Raises RuntimeError if more is missing than rounding explains: an engine's error, which would shift all speech.
        """
        while sum(map(len, self._rest)) < frames:
            block = next(self._blocks, None)
            if block is None and frames - sum(map(len, self._rest)) > _ROUNDING_FRAMES:
                raise RuntimeError("the separator returned less sound than it was given")
            if block is None:
                self._rest.append(np.zeros((frames, channels), dtype=np.float32))
            else:
                self._rest.append(block.samples)
        joined = np.concatenate(self._rest)
        self._rest = [joined[frames:]]
        return joined[:frames]
