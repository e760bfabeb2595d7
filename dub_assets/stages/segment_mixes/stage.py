"""``segment_mixes``: the gains of each segment, and the clips that editors work with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.marking import CLIP_NOTICE
from dub_assets.core.media import MediaObject, PictureCut
from dub_assets.core.ports import StageContext
from dub_assets.core.provenance import Provenance
from dub_assets.core.signal.limiter import limit_true_peak
from dub_assets.core.signal.mixing import mix, to_stereo
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval
from dub_assets.stages.segment_mixes.background import kept_speech, restore_original
from dub_assets.stages.segment_mixes.options import MixOptions
from dub_assets.stages.segment_mixes.values import GainChange, Gains, SegmentClips, SegmentMix, SegmentMixes
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.tts_segments.consent import voice_consents
from dub_assets.stages.tts_segments.values import TtsSegment, TtsSegments

STAGE = "segment_mixes"
STAGE_VERSION = 1
"""Version of this stage's code: part of the fingerprint, and Dagster's code version."""
_THREADS = 2

_FULL_SCALE_DBTP = 0.0
"""Clips are limited only where they would exceed full scale: gains are exact, and editors judge levels themselves."""


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
    """Mix every segment with the options' gains and with editors' changes, earlier ones and ``changes``.

    ``only`` names segments that are mixed again in any case. All others then keep their gains, and their mixes unless
    their speech has changed or moved. Raises ConsentMissingError if a cloned voice may not be used any more.
    """
    voice_consents(tts.segments, ctx)
    mixer = _SegmentMixer(
        stems=stems,
        job_gains=Gains(background=options.background_gain, speech=options.speech_gain),
        earlier={segment.index: segment for segment in previous.segments} if previous else {},
        changes=changes,
        only=only,
        kept=kept_speech(stems, (segment.segment for segment in tts.segments)),
        ctx=ctx,
    )
    segments: list[SegmentMix] = []
    with ctx.meter.measure() as measurement, ThreadPoolExecutor(max_workers=_THREADS) as pool:
        for segment in pool.map(mixer.mix_or_keep, tts.segments):
            segments.append(segment)
            ctx.progress.report(STAGE, len(segments), len(tts.segments))
    if previous is not None and previous.segments == tuple(segments):
        return previous
    return SegmentMixes(
        segments=tuple(segments),
        provenance=Provenance(
            fingerprint=fingerprint(
                STAGE, version=STAGE_VERSION, segments=[segment.fingerprint for segment in segments]
            ),
            engines=(),
            figures=measurement.figures(media_ms=stems.info.duration_ms),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _SegmentMixer:
    """Mixes segments.

    ``job_gains`` are those of the options, ``earlier`` the mixes of the previous run by segment. ``kept`` are the
    intervals in which the original's speech stays.
    """

    stems: Stems
    job_gains: Gains
    earlier: Mapping[int, SegmentMix]
    changes: Mapping[int, GainChange]
    only: Collection[int] | None
    kept: Sequence[Interval]
    ctx: StageContext

    def mix_or_keep(self, segment: TtsSegment) -> SegmentMix:
        """Return the mix of a segment: the earlier one if nothing has changed and ``only`` does not name it."""
        earlier = self.earlier.get(segment.index)
        edited = (earlier.edited if earlier else GainChange()).then(self.changes.get(segment.index, GainChange()))
        is_selected = self.only is not None and segment.index in self.only
        keeps_gains = self.only is not None and not is_selected
        gains = earlier.gains if earlier and keeps_gains else edited.applied_to(self.job_gains)
        if earlier and not is_selected and self._is_current(earlier, segment, gains):
            return earlier
        clips = self._clips(segment, gains) if self.ctx.keys.request.segment_clips else None
        return SegmentMix(
            index=segment.index,
            window=segment.window,
            edited=edited,
            gains=gains,
            clips=clips,
            fingerprint=self._fingerprint(segment, gains),
        )

    def _is_current(self, earlier: SegmentMix, segment: TtsSegment, gains: Gains) -> bool:
        """Return whether a new mix would be the same as the earlier one, and no clips are missing."""
        has_clips = self.ctx.keys.request.segment_clips == (earlier.clips is not None)
        return has_clips and earlier.fingerprint == self._fingerprint(segment, gains)

    def _fingerprint(self, segment: TtsSegment, gains: Gains) -> str:
        kept = [interval for interval in self.kept if interval.overlap_ms(segment.window)]
        return fingerprint(
            "segment_mix",
            version=STAGE_VERSION,
            clips=self.ctx.keys.request.segment_clips,
            stems=[self.stems.original.sha256, self.stems.background.sha256, self.stems.source.sha256],
            speech=segment.clip,
            window=segment.window,
            segment=segment.segment,
            gains=gains,
            **({"kept": kept} if kept else {}),
        )

    def _clips(self, segment: TtsSegment, gains: Gains) -> SegmentClips:
        background = self._background(segment)
        speech = self.ctx.sounds.read(self.ctx.workspace.open(segment.clip))
        mixed = mix(background, to_stereo(speech), gains.background, gains.speech)
        return SegmentClips(
            source=self._write(segment, "source", self._excerpt(self.stems.vocals, segment)),
            bgm=self._write(segment, "bgm", background),
            mix=self._write(segment, "mix", mixed),
            video=self._cut_picture(segment),
        )

    def _background(self, segment: TtsSegment) -> Sound:
        """Return the background of a segment, with the speech in it that no line replaces."""
        samples = self.ctx.sounds.read(self.ctx.workspace.open(self.stems.background), segment.window).samples
        restore_original(samples, segment.window.start_frame, self.kept, self.stems, self.ctx)
        return to_stereo(Sound(samples=samples, rate_hz=SAMPLE_RATE_HZ))

    def _excerpt(self, stem: MediaObject, segment: TtsSegment) -> Sound:
        return to_stereo(self.ctx.sounds.read(self.ctx.workspace.open(stem), segment.window))

    def _write(self, segment: TtsSegment, part: str, sound: Sound) -> MediaObject:
        key = self.ctx.keys.clip(segment.index, part)
        path = self.ctx.workspace.new(key)
        (limited,) = limit_true_peak([sound], _FULL_SCALE_DBTP)
        comment = CLIP_NOTICE if part == "mix" else None
        with self.ctx.sounds.writer(path, channels=sound.channels, rate_hz=SAMPLE_RATE_HZ, comment=comment) as file:
            file.write(limited)
        return self.ctx.workspace.seal(key)

    def _cut_picture(self, segment: TtsSegment) -> MediaObject | None:
        picture = self.stems.info.picture
        if picture is None:
            return None
        key = self.ctx.keys.clip(segment.index, "video")
        source = self.ctx.workspace.open(self.stems.source)
        cut = PictureCut(
            source=source,
            interval=segment.window,
            picture=picture,
            held_ms=self.stems.info.held_ms,
            clock_jumps=self.stems.info.clock_jumps,
            late_streams=self.stems.info.late_streams,
        )
        self.ctx.media.cut_picture(cut, self.ctx.workspace.new(key))
        return self.ctx.workspace.seal(key)
