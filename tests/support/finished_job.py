"""The values of a finished job with one dubbed and one silent segment."""

from __future__ import annotations

from dub_assets.core.media import Loudness, MediaInfo, MediaObject, SoundTrack
from dub_assets.core.provenance import Provenance, StageFigures
from dub_assets.core.request import DubRequest
from dub_assets.core.timing import Interval
from dub_assets.stages.final_video.values import FinalVideo, ProgrammeGain, SubtitleFiles
from dub_assets.stages.products import Products
from dub_assets.stages.quality.values import DubFigures, LineQuality, Quality
from dub_assets.stages.segment_mixes.values import GainChange, Gains, SegmentClips, SegmentMix, SegmentMixes
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript, TranscriptSegment
from dub_assets.stages.translation.values import TranslatedLine, Translation
from dub_assets.stages.tts_segments.values import SynthesisedSpeech, TtsSegment, TtsSegments

REQUEST = DubRequest(
    job_id="job.1",
    project_id="p1",
    input_key="projects/p1/inputs/talk.mp4",
    source_language="auto",
    target_language="en",
    result_key="projects/p1/outputs/videos/job.1.mp4",
    metadata_key="projects/p1/outputs/metadata/job.1.json",
    segment_prefix="projects/p1/interim/job.1/segments",
    segment_clips=True,
    callback_url="https://api.example/jobs/{job_id}/callback",
)
FIRST, SECOND = Interval(start_ms=500, end_ms=2500), Interval(start_ms=4000, end_ms=4800)
PROVENANCE = Provenance(
    fingerprint="f",
    engines=(),
    figures=StageFigures(wall_s=1.0, cpu_s=1.0, real_time_factor=0.1, peak_memory_mib=1.0),
)


def media(name: str) -> MediaObject:
    return MediaObject(key=f"{REQUEST.segment_prefix}/{name}", size_bytes=1, sha256="0" * 64)


def products() -> Products:
    return Products(
        stems=_stems(),
        transcript=Transcript(
            language="ko",
            language_probability=0.98765,
            duration_ms=6000,
            segments=(
                TranscriptSegment(index=0, interval=FIRST, text="안녕하세요", words=(), probability=0.91234),
                TranscriptSegment(index=1, interval=SECOND, text="음", words=(), probability=None),
            ),
            provenance=PROVENANCE,
        ),
        translation=Translation(
            source_language="ko",
            target_language="en",
            lines=(TranslatedLine(index=0, passage=0, text="Hello"),),
            provenance=PROVENANCE,
        ),
        tts=TtsSegments(language="en", segments=(_line(),), provenance=PROVENANCE),
        mixes=SegmentMixes(segments=(_mix(),), provenance=PROVENANCE),
    )


def final_video() -> FinalVideo:
    return FinalVideo(
        video=media("x.mp4"),
        mix=media("x.flac"),
        source_subtitles=SubtitleFiles(srt=media("ko.srt"), vtt=media("ko.vtt")),
        target_subtitles=SubtitleFiles(srt=media("en.srt"), vtt=media("en.vtt")),
        gain=ProgrammeGain(source_lufs=-20.2, target_lufs=-20.2, speech_db=0.0, programme_db=0.0, mark="f"),
        loudness=Loudness(integrated_lufs=-20.0, true_peak_dbtp=-1.5),
        provenance=PROVENANCE,
    )


def quality() -> Quality:
    return Quality(
        lines=(
            LineQuality(index=0, issues=(), level_dbfs=-25.0),
            LineQuality(index=1, issues=(), level_dbfs=None),
        ),
        figures=DubFigures(
            unspoken_ms=0,
            text_language="en",
            agreement=1.0,
            leftover_db=-20.0,
            sound_lag_ms=0.0,
            length_difference_ms=0,
        ),
        checks=(),
        provenance=PROVENANCE,
    )


def _stems() -> Stems:
    track = SoundTrack(index=0, codec="aac", channels=2, rate_hz=48_000, language=None, default=True)
    return Stems(
        info=MediaInfo(container="mp4", size_bytes=1, duration_ms=6000, picture=None, tracks=(track,), track=track),
        source=media("talk.mp4"),
        original=media("original.flac"),
        vocals=media("vocals.flac"),
        background=media("background.flac"),
        speech=(FIRST, SECOND),
        provenance=PROVENANCE,
    )


def _line() -> TtsSegment:
    speech = SynthesisedSpeech(
        text="Hello", voice="anna", speed=1.0, duration_ms=2000, media=media("speech.wav"), fingerprint="f"
    )
    return TtsSegment(
        index=0,
        segment=FIRST,
        slot=Interval(start_ms=500, end_ms=3920),
        placed=FIRST,
        ordinary_ms=2000,
        rendering=0,
        rung="full",
        stretch=1.0,
        gain_db=-1.5,
        issues=(),
        speech=speech,
        clip=media("0000_tts.wav"),
        fingerprint="f",
    )


def _mix() -> SegmentMix:
    clips = SegmentClips(
        source=media("0000_source.wav"),
        bgm=media("0000_bgm.wav"),
        mix=media("0000_mix.wav"),
        video=media("0000_video.mp4"),
    )
    return SegmentMix(
        index=0,
        window=FIRST,
        gains=Gains(background=1.0, speech=1.0),
        clips=clips,
        edited=GainChange(),
        fingerprint="f",
    )
