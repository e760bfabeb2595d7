"""``segment_mixes``: how every segment is mixed, and the clips that editors work with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.media import MediaObject, PictureCut
from dub_assets.core.ports import StageContext
from dub_assets.core.provenance import Provenance
from dub_assets.core.signal.limiter import limit_true_peak
from dub_assets.core.signal.mixing import mix, to_stereo
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import SAMPLE_RATE_HZ
from dub_assets.stages.segment_mixes.options import MixOptions
from dub_assets.stages.segment_mixes.values import GainChange, Gains, SegmentClips, SegmentMix, SegmentMixes
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.tts_segments.values import TtsSegment, TtsSegments

STAGE = "segment_mixes"
STAGE_VERSION = 1
"""Version of this stage's code: part of the fingerprint, and Dagster's code version."""
_THREADS = 2

_FULL_SCALE_DBTP = 0.0
"""Clips are limited only where they would clip: their gains are exact, and editors judge levels themselves."""


def mix_segments(
    stems: Stems,
    tts: TtsSegments,
    *,
    changes: Mapping[int, GainChange],
    options: MixOptions,
    ctx: StageContext,
    previous: SegmentMixes | None,
    only: Collection[int] | None = None,
) -> SegmentMixes:
    """Mix every segment with the options' gains and what editors changed of them, earlier or now.

    ``only`` names the segments to mix anew, whether they changed or not. All others keep their gains, and their mixes
    too unless their speech has changed or moved.
    """
    mixer = _SegmentMixer(
        stems=stems,
        usual=Gains(background=options.background_gain, speech=options.speech_gain),
        before={segment.index: segment for segment in previous.segments} if previous else {},
        changes=changes,
        only=only,
        ctx=ctx,
    )
    segments: list[SegmentMix] = []
    with ctx.meter.measure() as measurement, ThreadPoolExecutor(max_workers=_THREADS) as pool:
        for segment in pool.map(mixer.mixed, tts.segments):
            segments.append(segment)
            ctx.progress.report(STAGE, len(segments), len(tts.segments))
    mark = fingerprint(STAGE, version=STAGE_VERSION, segments=[segment.fingerprint for segment in segments])
    if previous is not None and previous.segments == tuple(segments):
        return previous
    return SegmentMixes(
        segments=tuple(segments),
        provenance=Provenance(
            fingerprint=mark, engines=(), figures=measurement.figures(media_ms=stems.info.duration_ms)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _SegmentMixer:
    """Mixes one segment after the other: ``usual`` are the options' gains, ``before`` the mixes there were."""

    stems: Stems
    usual: Gains
    before: Mapping[int, SegmentMix]
    changes: Mapping[int, GainChange]
    only: Collection[int] | None
    ctx: StageContext

    def mixed(self, segment: TtsSegment) -> SegmentMix:
        """The mix of a segment: the one there was where nothing asks for another."""
        earlier = self.before.get(segment.index)
        edited = (earlier.edited if earlier else GainChange()).then(self.changes.get(segment.index, GainChange()))
        others = self.only is not None and segment.index not in self.only
        gains = earlier.gains if earlier and others else edited.applied_to(self.usual)
        if earlier and (self.only is None or others) and self.is_as_before(earlier, segment, gains):
            return earlier
        return self.mix(segment, gains, edited)

    def is_as_before(self, earlier: SegmentMix, segment: TtsSegment, gains: Gains) -> bool:
        """Whether mixing the segment would give what it was before, and its clips are all there."""
        clips_are_there = self.ctx.keys.request.segment_clips == (earlier.clips is not None)
        return clips_are_there and earlier.fingerprint == self.fingerprint(segment, gains)

    def fingerprint(self, segment: TtsSegment, gains: Gains) -> str:
        """Over everything that can change this segment's mix and clips."""
        return fingerprint(
            "segment_mix",
            version=STAGE_VERSION,
            clips=self.ctx.keys.request.segment_clips,
            stems=[self.stems.original.sha256, self.stems.background.sha256, self.stems.source.sha256],
            speech=segment.clip,
            window=segment.window,
            segment=segment.segment,
            gains=gains,
        )

    def mix(self, segment: TtsSegment, gains: Gains, edited: GainChange) -> SegmentMix:
        """The mix of a segment, with its clips where the job asks for them."""
        clips = self._clips(segment, gains) if self.ctx.keys.request.segment_clips else None
        return SegmentMix(
            index=segment.index,
            window=segment.window,
            edited=edited,
            gains=gains,
            clips=clips,
            fingerprint=self.fingerprint(segment, gains),
        )

    def _clips(self, segment: TtsSegment, gains: Gains) -> SegmentClips:
        background = self._stretch_of(self.stems.background, segment)
        speech = self.ctx.sounds.read(self.ctx.workspace.open(segment.clip))
        mixed = mix(background, to_stereo(speech), gains.background, gains.speech)
        return SegmentClips(
            source=self._write(segment, "source", self._stretch_of(self.stems.vocals, segment)),
            bgm=self._write(segment, "bgm", background),
            mix=self._write(segment, "mix", mixed),
            video=self._cut_picture(segment),
        )

    def _stretch_of(self, stem: MediaObject, segment: TtsSegment) -> Sound:
        return to_stereo(self.ctx.sounds.read(self.ctx.workspace.open(stem), segment.window))

    def _write(self, segment: TtsSegment, part: str, sound: Sound) -> MediaObject:
        key = self.ctx.keys.clip(segment.index, part)
        path = self.ctx.workspace.new(key)
        (limited,) = limit_true_peak([sound], _FULL_SCALE_DBTP)
        with self.ctx.sounds.writer(path, channels=sound.channels, rate_hz=SAMPLE_RATE_HZ) as file:
            file.write(limited)
        return self.ctx.workspace.seal(key)

    def _cut_picture(self, segment: TtsSegment) -> MediaObject | None:
        if self.stems.info.picture is None:
            return None
        key = self.ctx.keys.clip(segment.index, "video")
        source = self.ctx.workspace.open(self.stems.source)
        self.ctx.media.cut_picture(PictureCut(source=source, interval=segment.window), self.ctx.workspace.new(key))
        return self.ctx.workspace.seal(key)
